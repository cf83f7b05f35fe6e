"""What an engine is to those who sample with it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Sampling:
    """How responses are drawn.

    samples_per_query  responses a query
    temperature        0 is greedy
    top_p              nucleus mass in (0, 1]
    max_new_tokens     cut after this many tokens
    """

    samples_per_query: int
    temperature: float
    max_new_tokens: int
    top_p: float = 1.0


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
