"""Where the papers' code differs from what it should do: named behaviors, off unless the configuration enables them.

Found in the authors' public repositories: MemReward at commit 1165b46; the last two are from MEDS, at commit 2e2b040.
`fidelity: as_published` switches on all of them, a list switches on those that it names.
"""

from __future__ import annotations

from dataclasses import dataclass

from reward_memory.errors import InputError


@dataclass(frozen=True, slots=True)
class Behavior:
    """stage: data | grading | reward_model | training; about: what the published code does, in one sentence."""

    stage: str
    about: str


BEHAVIORS = {
    "torn-templates": Behavior("data", "Instances of one template are dealt out to train and test alike."),
    "base-tests": Behavior("data", "HumanEval+ and MBPP+ are graded with their base tests only."),
    "colliding-ids": Behavior("data", "Row numbers restart in every source split; labels are inherited by them."),
    "loose-checks": Behavior("grading", "An answer is its first number, the first box wins, an empty truth matches."),
    "query-edges": Behavior("reward_model", "Messages flow from a new query to the memory, never back."),
    "empty-relation": Behavior("reward_model", "Serving counts an empty relation in the mean of thinking nodes."),
    "cut-number": Behavior("reward_model", "The number of an answer ends before a slash, majorities are of cents."),
    "zero-majority": Behavior("reward_model", "A majority of answers that are 0 counts as none."),
    "uncut-serving": Behavior("reward_model", "Serving encodes whole texts where the memory's were cut."),
    "serving-split": Behavior("reward_model", "Serving splits responses by another rule than the memory's."),
    "groups-of-eight": Behavior("reward_model", "Serving gives every eight responses to the next query."),
    "same-seed": Behavior("reward_model", "All runs that the best is chosen from have one seed."),
    "last-weights": Behavior("reward_model", "Early stopping keeps the last weights, not the best."),
    "valid-selection": Behavior("reward_model", "Epochs and runs are chosen on the truths of the valid queries."),
    "unlabeled-ood": Behavior("training", "Out of domain the label file is not loaded, so no query counts as labeled."),
    "truth-fallback": Behavior("training", "An error of the reward model is hidden: the truth takes its place."),
    "empty-turn": Behavior("training", "MEDS ends every prompt of training and validation with an empty reply."),
    "aime-validation": Behavior("training", "MEDS compares checkpoints on AIME24, which it also tests."),
}


def resolve(fidelity: str | list[str]) -> list[str]:
    """Return the behaviors that `corrected`, `as_published` or a list of names switches on, in order.

    Raise InputError for an unknown name.
    """
    if fidelity in ("corrected", "as_published"):
        return list(BEHAVIORS) if fidelity == "as_published" else []
    names = [fidelity] if isinstance(fidelity, str) else fidelity
    for name in names:
        if name not in BEHAVIORS:
            known = ", ".join(BEHAVIORS)
            raise InputError(f"fidelity: {name!r} is not corrected, as_published or a list of {known}.")
    return [name for name in BEHAVIORS if name in names]


def of_stage(names: list[str], stage: str) -> list[str]:
    """Return those of `names` that belong to one stage."""
    return [name for name in names if BEHAVIORS[name].stage == stage]
