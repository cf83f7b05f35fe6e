"""DAPO's dynamic sampling: groups whose rewards are all equal are replaced by new ones."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from reward_memory.seeds import derive


def degenerate(rewards: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Which groups give GRPO no signal because all of their rewards are equal.

    rewards  (n,)
    group    (n,) int in [0, q), each group at least once
    returns  (q,) bool; false for a group of one response, which GRPO does not compare (as in verl)
    """
    rewards, group = np.asarray(rewards, float), np.asarray(group)
    sizes = np.bincount(group)
    low, high = np.full(len(sizes), np.inf), np.full(len(sizes), -np.inf)
    np.minimum.at(low, group, rewards)
    np.maximum.at(high, group, rewards)
    return (low == high) & (sizes > 1)


class Scored(NamedTuple):
    """Sampled responses and their rewards before any penalty, in the batch's order.

    queries  (n,) query ids
    rewards  (n,) predicted or verified rewards; if soft, 1 where the response counts as correct and else 0
    """

    queries: Sequence[str]
    rewards: np.ndarray


class DynamicSampling:
    """Replacement for a replay buffer's `sample`: samples until a batch is full of groups that are not degenerate.

    verl's algorithm.filter_groups must be off: it reads rewards, which this trainer assigns only to complete batches,
    does not limit refilling, and keeps whichever groups finish first.

    sample   the buffer's original `sample`: waits for `batch_size` groups and takes them out
    submit   requests `batch_size` more as the step's generation batch of that number, from 2
             (PPOTrainer._add_batch_to_generate); the first is already requested
    score    rewards a sampled batch (a transfer_queue.KVBatchMeta)
    discard  removes a list of rows by key (transfer_queue.kv_clear)
    batches  maximum number of generation batches per step
    seed     of the run

    If there are too many groups, which ones stay depends only on (seed, step, batch, query). A query that was already
    kept in the step is not kept again. Samples of the partition "val" pass through unchanged.
    """

    def __init__(
        self,
        sample: Callable[..., tuple[Any, dict]],
        submit: Callable[[int], Any],
        score: Callable[[Any], Scored],
        discard: Callable[[list[str]], Any],
        batches: int,
        seed: int,
    ):
        if batches < 1:
            raise ValueError(f"{batches} generation batches a step are too few")
        self.sample, self.submit, self.score, self.discard = sample, submit, score, discard
        self.batches, self.seed = batches, seed

    def __call__(self, global_steps: int, partition_id: str, batch_size: int, **kwargs) -> tuple[Any, dict]:
        """Return a batch of `batch_size` groups, and verl's metrics.

        Adds filter_groups/batches and the numbers of groups drawn, all_right, all_wrong and surplus (also dropped).

        RuntimeError if `batches` generation batches do not fill it; the kept groups are then discarded.
        """
        sample = {"global_steps": global_steps, "partition_id": partition_id, "batch_size": batch_size, **kwargs}
        if partition_id == "val":
            return self.sample(**sample)
        kept, queries, metrics = [], set(), {}
        counts = dict.fromkeys(("drawn", "all_right", "all_wrong", "surplus"), 0)
        for number in range(1, self.batches + 1):
            if number > 1:
                self.submit(number)
            batch, sampling = self.sample(**sample)
            metrics |= sampling
            rows = self._choose(batch, queries, batch_size, (int(global_steps), number), counts)
            self._discard(set(batch.keys).difference(rows))
            if rows:
                kept.append(batch.select_keys(rows))
            if len(queries) == batch_size:
                counts["batches"] = number
                full = type(batch).concat(kept)
                full.extra_info = {}  # concat leaves None here, and verl writes into it
                return full, metrics | {f"filter_groups/{name}": n for name, n in counts.items()}
        self._discard({key for part in kept for key in part.keys})
        raise RuntimeError(
            f"step {global_steps}: {self.batches} generation batches gave {len(queries)} of the {batch_size} queries "
            f"whose responses differ in reward ({counts['all_right']} of {counts['drawn']} sampled were answered right "
            f"by all responses, {counts['all_wrong']} wrong by all); train on queries that the policy answers right "
            "sometimes, sample more responses a query, or allow more generation batches."
        )

    def _discard(self, keys: set[str]) -> None:
        if keys:
            self.discard(sorted(keys))

    def _choose(
        self, batch: Any, queries: set[str], wanted: int, place: tuple[int, int], counts: dict[str, int]
    ) -> list[str]:
        """Keys of the groups of `batch` to keep; adds their queries to `queries`, and updates `counts`."""
        scored = self.score(batch)
        prompts, group = np.unique([key.rsplit("_", 2)[0] for key in batch.keys], return_inverse=True)
        rewards = np.asarray(scored.rewards, float)
        first = np.unique(group, return_index=True)[1]
        names = [scored.queries[row] for row in first]
        useless = degenerate(rewards, group)
        counts["drawn"] += len(prompts)
        counts["all_right"] += int((useless & (rewards[first] > 0.5)).sum())
        counts["all_wrong"] += int((useless & (rewards[first] <= 0.5)).sum())
        taken = set()
        for at in sorted(np.flatnonzero(~useless), key=lambda at: (derive(self.seed, *place, names[at]), names[at])):
            if len(queries) < wanted and names[at] not in queries:
                queries.add(names[at])
                taken.add(at)
            else:
                counts["surplus"] += 1
        return [key for key, at in zip(batch.keys, group, strict=True) if at in taken]
