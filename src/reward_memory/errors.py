"""The only error with a message for users."""


class InputError(Exception):
    """An error that the user can fix: one sentence with the file, the key or row, and the fix."""
