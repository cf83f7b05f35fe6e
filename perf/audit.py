"""Seconds and memory of the audit, and of its near duplicates beside MinHash with locality-sensitive hashing.

    python perf/audit.py MIRROR gsm8k math ...

reads these benchmarks from the folder MIRROR. The second part needs `pip install datasketch`, which the project itself
does not use.
"""

import importlib.util
import resource
import sys
import time
from pathlib import Path

from reward_memory.data import audit
from reward_memory.data.duplicates.near_duplicates import SHINGLE, THRESHOLD, near_duplicates
from reward_memory.data.duplicates.words import words

PERMUTATIONS = 128


def main(folder: Path, names: list[str]) -> None:
    start = time.process_time()
    sources = {name: audit.read(name, "mirror", folder, partial=True) for name in names}
    show("reading", start)
    start = time.process_time()
    audit.table(sources, {})
    show("the whole table", start)
    items = [item for source in sources.values() if source.loaded for item in source.loaded.items]
    texts = list(dict.fromkeys(item.messages[-1][1] for item in items))
    print(f"{len(items):,} prompts, {len(texts):,} different ones")
    start = time.process_time()
    pairs, _ = near_duplicates(texts)
    show(f"exact join: {len(pairs):,} pairs", start)
    if importlib.util.find_spec("datasketch"):
        true = set(map(tuple, pairs.tolist()))
        start = time.process_time()
        found = minhash(texts)
        share = len(true & found) / max(len(true), 1)
        show(f"MinHash, {PERMUTATIONS} permutations: {len(found):,} pairs, {share:.0%} of the true ones", start)


def minhash(texts: list[str]) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    index, sketches = MinHashLSH(threshold=float(THRESHOLD), num_perm=PERMUTATIONS), []
    for number, text in enumerate(texts):
        said = words(text)
        runs = range(max(1, len(said) - SHINGLE + 1))
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch({" ".join(said[run : run + SHINGLE]).encode() for run in runs})
        sketches.append(sketch)
        index.insert(number, sketch)
    return {(other, one) for one, sketch in enumerate(sketches) for other in index.query(sketch) if other < one}


def show(what: str, start: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{what}: {time.process_time() - start:.1f} s of CPU, at most {memory} MB so far", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
