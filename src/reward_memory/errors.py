"""The one error that a user is meant to read."""


class InputError(Exception):
    """Something the user gave is wrong: one sentence with the file, the key or row, and the mend."""
