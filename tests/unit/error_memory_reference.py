"""MEDS's error memory written down as slowly and plainly as it is specified: one vector at a time, everything kept."""

import math

import hdbscan
import numpy as np


class Reference:
    def __init__(self, **config):
        self.config = {
            "num_neighbors": 3,
            "alpha": 0.1,
            "cap": 2.0,
            "target": "wrong",
            "noise_is_cluster": False,
            "limit": None,
            "method": "hdbscan",
        } | config
        self.history: dict[tuple, list] = {}

    def observe(self, rows: list[tuple]) -> list[int]:
        """rows: (key, right, sample, vector or None) -> the size of each, in order."""
        sizes = [self.size(key, right, vector) for key, right, _, vector in rows]
        for key, right, _, vector in sorted(rows, key=lambda row: row[:3]):
            if vector is not None and self.remembers(right):
                self.history.setdefault((key, right), []).append(vector)
        return sizes

    def remembers(self, right: bool) -> bool:
        return not right or self.config["target"] in ("right", "both")

    def size(self, key, right: bool, vector) -> int:
        past = self.history.get((key, right), [])
        if self.config["limit"] is not None:
            past = past[-self.config["limit"] :]
        if vector is None or not past:
            return 0
        labels = self.labels(past)
        near = sorted(range(len(past)), key=lambda other: -cosine(vector, past[other]))[: self.config["num_neighbors"]]
        votes = [labels[other] for other in near]
        most = max(votes.count(label) for label in votes)
        winner = next(label for label in votes if votes.count(label) == most)
        if winner == -1 and not self.config["noise_is_cluster"]:
            return 0
        return labels.count(winner)

    def labels(self, past: list) -> list[int]:
        if self.config["method"] == "single":
            return [0] * len(past)
        if len(past) == 1:
            return [-1]
        unit = np.array([[x / length(vector) for x in vector] for vector in past])
        return hdbscan.HDBSCAN(2, min_samples=1, approx_min_span_tree=False).fit_predict(unit).tolist()

    def penalized(self, score: float, size: int, right: bool) -> float:
        penalty = self.config["alpha"] * min(math.log(size + 1), self.config["cap"])
        if right and self.config["target"] in ("right", "both"):
            return score / (1 + penalty)
        if not right and self.config["target"] in ("wrong", "both"):
            return score - penalty
        return score


def length(vector) -> float:
    return math.sqrt(sum(float(x) ** 2 for x in vector))


def cosine(one, other) -> float:
    return sum(float(x) * float(y) for x, y in zip(one, other, strict=True)) / (length(one) * length(other))


def group_normalized(scores: list[float], groups: list) -> list[float]:
    result = []
    for score, group in zip(scores, groups, strict=True):
        peers = [s for s, g in zip(scores, groups, strict=True) if g == group]
        if len(peers) == 1:
            result.append(score / (1 + 1e-6))
            continue
        mean = sum(peers) / len(peers)
        variance = sum((s - mean) ** 2 for s in peers) / (len(peers) - 1)
        result.append((score - mean) / (math.sqrt(variance) + 1e-6))
    return result
