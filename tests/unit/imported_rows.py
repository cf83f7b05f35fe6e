"""Rows of a file to import, for the tests."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DOMAINS = {"sums": "math", "gsm8k": "math", "support": "qa", "programs": "code"}

MATH = {"benchmark": "sums", "query": "What is 7 + 5?", "ground_truth": "12", "responses": ["7 and 5.\n#### 12", "13"]}
QA = {
    "benchmark": "support",
    "query": "Which is a color?",
    "options": ["red", "dog", "seven"],
    "ground_truth": "A",
    "responses": ["#### A"],
}
CODE = {
    "benchmark": "programs",
    "query": "Write double(n).",
    "tests": ["assert double(2) == 4"],
    "responses": ["Twice it.\n```python\ndef double(n):\n    return 2 * n\n```"],
}


def sums(count: int, reward: bool = False) -> list[dict]:
    """Rows about different sums, each with a right and a wrong response."""
    rows = []
    for number in range(count):
        texts = [f"{number} and 4.\n#### {number + 4}", f"{number} and 5.\n#### {number + 5}"]
        row = {"benchmark": "sums", "query": f"What is {number} + 4?"}
        if reward:
            row["responses"] = [{"text": text, "reward": place == 0} for place, text in enumerate(texts)]
        else:
            row |= {"ground_truth": number + 4, "responses": texts}
        rows.append(row)
    return rows


def write(path: Path, rows: list[dict]) -> Path:
    """The rows as a file of the format that its name tells."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
