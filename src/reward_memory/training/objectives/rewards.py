"""Rewards of a batch of training responses: verified if the truth is available, else predicted or voted on."""

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

#: Sources of rewards for responses without a truth, as named in `training: unlabeled_rewards`.
PREDICTED, AGREEMENT, TRAPO = "predicted", "agreement", "trapo"


@dataclass(frozen=True, slots=True)
class Sampled:
    """A response in verl's batch.

    messages  of the prompt, as in parquet.QUERIES
    truth     text from `truths.encode_truth`; None if the query is unlabeled
    fallback  the hidden truth, present only with the published behavior truth-fallback
    """

    query: str
    messages: Sequence[dict]
    domain: str
    text: str
    truth: str | None
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Rewards:
    """rewards (n,): 0 or 1, or between them if predicted softly or, for `agreement`, shares of votes;
    probabilities (n,): NaN if the verifiers graded; fallbacks: responses graded by hidden truths after an error.
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
    """Score responses with verifiers, and with a frozen reward model or votes.

    reward_model  folder written by `reward_models.base.save`, None if every row has its truth, or votes reward it
    unlabeled     predicted | majority | agreement | trapo: source of the rewards of responses without a truth
    ties          rule for a tied majority, as for `majority_rewards`; "none" for trapo
    predicted     how predicted probabilities become rewards

    An unlabeled row has no truth, so nothing here can fall back on one; an error of the reward model ends the run.
    Only rows that the behavior truth-fallback has filled can be graded after such an error, as published.
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
        """The frozen reward model, loaded once and only when it is needed; `Refit` replaces it."""
        from reward_memory.reward_models.registry import load

        if self.folder is None:
            raise RuntimeError("a training query has no ground truth and the run has no reward model to predict it")
        return load(self.folder)

    def score(self, rows: Sequence[Sampled]) -> Rewards:
        """Rewards of rows that are sorted by query; raises the reward model's error unless fallbacks replace it."""
        hidden = np.array([row.truth is None for row in rows])
        rewards, probabilities = np.zeros(len(rows)), np.full(len(rows), np.nan)
        fallbacks = 0
        if not hidden.all():
            rewards[~hidden] = self._grade([row for row in rows if row.truth is not None])
        if hidden.any():
            unlabeled = [row for row in rows if row.truth is None]
            scored = self._predicted(unlabeled) if self.unlabeled == PREDICTED else self._voted(unlabeled)
            rewards[hidden], probabilities[hidden], fallbacks = scored.rewards, scored.probabilities, scored.fallbacks
        return Rewards(rewards, probabilities, fallbacks)

    def _predicted(self, rows: Sequence[Sampled]) -> Rewards:
        """Rewards from the reward model; after its error from the verifiers, if every row has a fallback."""
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
        """Rewards from votes among responses that are sorted by query and sample.

        A probability is above one half exactly if a majority gives the reward; for `agreement` it is the reward.
        """
        keys, queries = [answer_key(row.text, row.domain) for row in rows], [row.query for row in rows]
        if self.unlabeled == AGREEMENT:
            rewards = agreement_rewards(keys, queries)
            return Rewards(rewards, rewards)
        rewards = majority_rewards(keys, queries, self.ties)
        return Rewards(rewards, confidence(rewards, vote_shares(keys, queries)))

    def _predict(self, rows: Sequence[Sampled]) -> np.ndarray:
        """(n,) probabilities of responses; those to one query form one group."""
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
