"""Speed of embedding: `python perf/embedding.py` encodes the same rollouts one text at a time and as the workflow does.

Made-up rollouts: 40 queries with 8 responses, thinking of 20 to 120 words, answers that agree as often as not. With the
path of a file of parquet.RESPONSES, its first 320 responses instead. One thread. The last line is one JSON object.
"""

import json
import random
import sys
import time

import numpy as np
import torch

from reward_memory.reward_models.features.embedding import embed, resolve_dtype
from reward_memory.storage import parquet

QUERIES, SAMPLES, ASKED = 40, 8, 2.5
TEXT = "so the train leaves at noon and three more people take it than before which makes twelve in all"


def texts() -> dict[str, list[str]]:
    """kind -> texts in the proportion that rollouts have them."""
    if len(sys.argv) > 1:
        rows = parquet.read(sys.argv[1], parquet.RESPONSES).head(QUERIES * SAMPLES)
        return {"thinking": rows["thinking"].tolist(), "answer": rows["answer"].tolist()}
    draw, words = random.Random(0), TEXT.split()
    thinking, answers = [], []
    for _ in range(QUERIES):
        likely = draw.sample(range(200), 3)
        for _ in range(SAMPLES):
            thinking.append(" ".join(draw.choices(words, k=draw.randint(20, 120))))
            answers.append(f"#### {draw.choice(likely)}")
    return {"thinking": thinking, "answer": answers}


def timed(work) -> tuple[np.ndarray, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def alone(rows: list[str], kind: str) -> np.ndarray:
    return np.concatenate([embed([text], kind, token_budget=1) for text in rows])


def main() -> None:
    torch.set_num_threads(1)
    given = texts()
    embed(["warm"], "thinking")
    embed(["warm"], "thinking", dtype="bfloat16")
    ways = {
        "one text at a time": alone,
        "float32": embed,
        "bfloat16": lambda rows, kind: embed(rows, kind, dtype="bfloat16"),
    }
    count, figures, first = sum(map(len, given.values())), {}, None
    print(f"{'':<22}{'texts/s':>10}{'times':>8}{'least cosine':>14}")
    for name, way in ways.items():
        found, taken = timed(lambda way=way: np.concatenate([way(rows, kind) for kind, rows in given.items()]))
        first = first or (found, taken)
        cosine, times = float((found * first[0]).sum(1).min()), first[1] / taken
        print(f"{name:<22}{count / taken:>10.1f}{times:>8.2f}{cosine:>14.6f}")
        figures[name] = {"texts_per_second": count / taken, "times": times, "least_cosine": cosine}
    default = resolve_dtype("auto", "cpu")
    print(f"the default here is {default}; asked: {ASKED} times, cosine of bfloat16 at least 0.999")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
