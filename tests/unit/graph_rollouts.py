"""Small made-up rollouts for the tests of the graph memory."""

import numpy as np
import pandas as pd

from reward_memory.reward_models.features.signals import NAMES
from reward_memory.reward_models.rollouts import Rollouts


def unit(draw: np.random.Generator, count: int) -> np.ndarray:
    rows = draw.standard_normal((count, 384)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def made_up(sizes: list[int], seed: int = 0, labeled: bool = True) -> Rollouts:
    """Queries with sizes[i] responses each; a response is right if its answer leans towards a fixed direction."""
    draw = np.random.default_rng(seed)
    total, count = sum(sizes), len(sizes)
    answer = unit(draw, total)
    direction = unit(np.random.default_rng(99), 1)[0]
    rewards = (answer @ direction > 0).astype(np.float32)
    answer += 0.5 * np.where(rewards, 1, -1)[:, None].astype(np.float32) * direction
    answer /= np.linalg.norm(answer, axis=1, keepdims=True)
    return Rollouts(
        query_ids=np.array([f"made_up/{seed}/{row}" for row in range(count)]),
        benchmarks=np.array([f"benchmark{row % 3}" for row in range(count)]),
        domains=np.array(["math"] * count),
        texts=np.array([f"question {row} of {seed}?" for row in range(count)]),
        group=np.repeat(np.arange(count), sizes),
        samples=np.concatenate([np.arange(size) for size in sizes]),
        query=unit(draw, count),
        thinking=unit(draw, total),
        answer=answer,
        features=draw.random((total, 3)).astype(np.float32),
        keys=draw.choice(["", "1", "2", "3"], total),
        signals=draw.random((total, len(NAMES))).astype(np.float32),
        rewards=rewards if labeled else np.full(total, np.nan, np.float32),
    )


def frames(count: int, samples: int = 4) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(queries, responses, verdicts) of short sums; every other sample is right."""
    queries, responses, verdicts = [], [], []
    for row in range(count):
        name = {"query_id": f"sums/train/{row}", "benchmark": "sums"}
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"What is {row} + 1?"}]
        queries.append({"id": name["query_id"], "benchmark": "sums", "domain": "math", "messages": messages})
        for sample in range(samples):
            right = (row + sample) % 2 == 0
            answer = f"#### {row + 1 if right else row - 1}"
            thinking = "I add one." if right else "I take one away."
            responses.append(
                name | {"domain": "math", "sample": sample, "text": "", "thinking": thinking, "answer": answer}
            )
            verdicts.append(name | {"sample": sample, "reward": float(right)})
    return pd.DataFrame(queries), pd.DataFrame(responses), pd.DataFrame(verdicts)
