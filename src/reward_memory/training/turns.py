"""Messages that published behaviors add to a prompt."""

#: Appended to prompts by the behavior empty-turn; the chat template then starts a second assistant turn.
EMPTY_TURN = ({"role": "assistant", "content": ""},)
