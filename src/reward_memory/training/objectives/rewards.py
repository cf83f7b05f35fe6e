"""Rewards of a batch of training responses: verified where the truth is there, predicted or voted on elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from reward_memory.reward_models.features.embedding import query_text
from reward_memory.reward_models.features.signals import answer_key
from reward_memory.verifiers import Grader

from ..truths import decode_truth
from .predicted import FromPrediction
from .votes import agreement_rewards, confidence, majority_rewards, vote_shares

#: Where the rewards of responses without a truth come from, as `training: unlabeled_rewards` names it.
PREDICTED, AGREEMENT, TRAPO = "predicted", "agreement", "trapo"


@dataclass(frozen=True, slots=True)
class Sampled:
    """A response as verl's batch carries it.

    messages  of the prompt, as in parquet.QUERIES
    truth     text of `truths.encode_truth`; None where the query is not labeled
    fallback  the hidden truth, there only with the published behavior truth-fallback
    """

    query: str
    messages: Sequence[dict]
    domain: str
    text: str
    truth: str | None
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Rewards:
    """rewards (n,) 0 or 1, in between with soft predicted rewards and with `agreement`, which are shares of votes;
    probabilities (n,), NaN where the verifiers graded; fallbacks: truths after an error.
    """

    rewards: np.ndarray
    probabilities: np.ndarray
    fallbacks: int = 0


def summary(rewards: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Metrics for verl's log."""
    predicted = ~np.isnan(probabilities)
    metrics = {"reward/mean": float(rewards.mean()), "reward/predicted_share": float(predicted.mean())}
    for name, rows in (("verified", ~predicted), ("predicted", predicted)):
        if rows.any():
            metrics[f"reward/{name}"] = float(rewards[rows].mean())
    return metrics


class Scorer:
    """Verifiers, and a frozen reward model or votes.

    reward_model  folder of `reward_models.base.save`, None where every row carries its truth, or votes reward it
    unlabeled     predicted | majority | agreement | trapo: the rewards of responses without a truth
    ties          of a majority, as for `majority_rewards`; none for trapo
    predicted     what becomes of predicted probabilities

    An unlabeled row carries no truth, so nothing here could fall back on it; an error of the reward model ends the
    run. Only rows that the behavior truth-fallback has filled can be graded after such an error, as published.
    """

    def __init__(
        self,
        grader: Grader,
        reward_model: str | Path | None,
        unlabeled: str = PREDICTED,
        ties: str = "first",
        predicted: FromPrediction | None = None,
    ):
        self.grader, self.folder, self.unlabeled = grader, reward_model, unlabeled
        self.predicted = predicted or FromPrediction()
        self.ties = "none" if unlabeled == TRAPO else ties

    @cached_property
    def reward_model(self):
        """The frozen reward model, loaded once and only when it is needed; a `Refit` puts others in its place."""
        from reward_memory.reward_models.registry import load

        if self.folder is None:
            raise RuntimeError("a training query has no ground truth and the run has no reward model to predict it")
        return load(self.folder)

    def score(self, rows: Sequence[Sampled]) -> Rewards:
        """Rewards of rows that are sorted by query; whatever the reward model raises is passed on."""
        hidden = np.array([row.truth is None for row in rows])
        rewards, probabilities = np.zeros(len(rows)), np.full(len(rows), np.nan)
        fallbacks = 0
        if not hidden.all():
            rewards[~hidden] = self._grade([row for row in rows if row.truth is not None])
        if hidden.any():
            unlabeled = [row for row in rows if row.truth is None]
            found = self._predicted(unlabeled) if self.unlabeled == PREDICTED else self._voted(unlabeled)
            rewards[hidden], probabilities[hidden], fallbacks = found.rewards, found.probabilities, found.fallbacks
        return Rewards(rewards, probabilities, fallbacks)

    def _predicted(self, rows: Sequence[Sampled]) -> Rewards:
        """Rewards of the reward model; of the verifiers after its error where every row has a fallback."""
        try:
            probabilities = self._predict(rows)
        except Exception:
            if any(row.fallback is None for row in rows):
                raise
            return Rewards(np.array(self._grade(rows), float), np.full(len(rows), np.nan), len(rows))
        return Rewards(self.predicted.rewards(probabilities, [row.query for row in rows]), probabilities)

    def _grade(self, rows: Sequence[Sampled]) -> list[bool]:
        truths = [decode_truth(row.fallback if row.truth is None else row.truth) for row in rows]
        return [verdict.correct for verdict in self.grader.grade([row.text for row in rows], truths)]

    def _voted(self, rows: Sequence[Sampled]) -> Rewards:
        """Rewards of responses that are sorted by query and sample.

        A probability is above one half just where a majority gives the reward; for `agreement` it is the reward.
        """
        keys, queries = [answer_key(row.text, row.domain) for row in rows], [row.query for row in rows]
        if self.unlabeled == AGREEMENT:
            rewards = agreement_rewards(keys, queries)
            return Rewards(rewards, rewards)
        rewards = majority_rewards(keys, queries, self.ties)
        return Rewards(rewards, confidence(rewards, vote_shares(keys, queries)))

    def _predict(self, rows: Sequence[Sampled]) -> np.ndarray:
        """(n,) probabilities of responses, all those of a query as one group."""
        groups: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            groups.setdefault(row.query, []).append(number)
        heads = [rows[numbers[0]] for numbers in groups.values()]
        predicted = self.reward_model.predict(
            queries=[query_text(head.messages) for head in heads],
            responses=[
                [self.reward_model.split(rows[number].text, rows[number].domain) for number in numbers]
                for numbers in groups.values()
            ],
            domains=[head.domain for head in heads],
        )
        out = np.empty(len(rows))
        for numbers, values in zip(groups.values(), predicted, strict=True):
            out[numbers] = values
        return out
