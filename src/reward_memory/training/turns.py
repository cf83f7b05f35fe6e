"""Messages that published behaviors put around a prompt."""

#: What ends the prompts with the behavior empty-turn: the chat template then adds a second reply.
EMPTY_TURN = ({"role": "assistant", "content": ""},)
