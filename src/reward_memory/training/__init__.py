"""Policy training: everything that touches verl. Importing this package does not import verl."""

#: Lower bound of the prompt limit, in tokens, if `max_prompt_tokens` is null.
PROMPT_TOKENS = 128
