"""Interface of the sampling engines."""

from abc import ABC, abstractmethod
from typing import Self

from reward_memory.settings import Sampling


class Engine(ABC):
    """A loaded policy that samples responses; close it, or use it in a `with` block."""

    #: Responses per call of `generate`; if a call fails, all of them are lost.
    shard = 512
    #: Calls of `generate` that can run in parallel.
    concurrency = 1

    @abstractmethod
    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: Sampling) -> list[tuple[str, int, bool]]:
        """Return (text, tokens, finished) of one response per prompt; `prompts` are chat messages.

        tokens    their number, with the closing end token, if any
        finished  whether there is one
        """

    @abstractmethod
    def close(self) -> None:
        """Release the memory, devices and processes of the engine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
