"""Speed of embedding: `python perf/embedding.py` encodes the same texts one at a time and as the workflow does.

Made-up responses of 20 to 200 words, a tenth of them repeated, one thread. The last line is one JSON object.
"""

import json
import random
import time

import numpy as np
import torch

from reward_memory.graph_memory import embed

COUNT, ASKED = 600, 2.5
TEXT = "so the train leaves at noon and three more people take it than before which makes twelve in all"


def texts() -> list[str]:
    draw = random.Random(0)
    vocabulary = TEXT.split()
    made = [" ".join(draw.choices(vocabulary, k=draw.randint(20, 200))) for _ in range(COUNT * 9 // 10)]
    made += draw.choices(made, k=COUNT - len(made))
    draw.shuffle(made)
    return made


def timed(work) -> tuple[np.ndarray, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def main() -> None:
    torch.set_num_threads(1)
    rows = texts()
    embed(rows[:8], "thinking")
    alone, slow = timed(lambda: np.concatenate([embed([text], "thinking", token_budget=1) for text in rows]))
    together, fast = timed(lambda: embed(rows, "thinking"))
    half, faster = timed(lambda: embed(rows, "thinking", dtype="bfloat16"))
    print(f"{'':<28}{'texts/s':>10}{'times':>8}{'least cosine':>14}")
    figures = {}
    for name, found, seconds in (
        ("one at a time", alone, slow),
        ("batched", together, fast),
        ("bfloat16", half, faster),
    ):
        cosine = float((found * alone).sum(1).min())
        print(f"{name:<28}{COUNT / seconds:>10.1f}{slow / seconds:>8.2f}{cosine:>14.6f}")
        figures[name] = {"texts_per_second": COUNT / seconds, "times": slow / seconds, "least_cosine": cosine}
    print(f"asked: {ASKED} times, cosine of bfloat16 at least 0.999")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
