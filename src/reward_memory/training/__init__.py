"""Policy training: everything that touches verl. Importing this package imports none of it."""

#: Tokens that a prompt may have at least where `max_prompt_tokens` is null.
PROMPT_TOKENS = 128
