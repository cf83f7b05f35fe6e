"""What an engine is to those who sample with it."""

from abc import ABC, abstractmethod
from typing import Self

from reward_memory.settings import Sampling


class Engine(ABC):
    """A policy that can be asked for responses; to be closed, or used in a `with` block."""

    #: Responses that are asked for in one call, and lost with it.
    shard = 512
    #: Calls of `generate` that are served at once.
    concurrency = 1

    @abstractmethod
    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: Sampling) -> list[tuple[str, int, bool]]:
        """(text, tokens, finished) of one response a prompt; `prompts` are chat messages.

        tokens    with the closing end token, if any
        finished  whether there is one
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what the engine took: memory, devices, processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
