"""Answer features: the value, whether there is an answer, and whether the query's samples agree on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence

import numpy as np

from reward_memory.settings.reward_model import AnswerFeatures

from .math_answers import extract_cut_number, extract_number
from .signals import answer_key

#: Domain -> answer features that a reward model gets by default, as published.
ANSWER_FEATURES: dict[str, list[str]] = AnswerFeatures().model_dump()
#: Columns of `answer_features`; `value` needs a number, so only mathematics has it.
COLUMNS = ("value", "found", "majority")


def answer_features(
    answers: Sequence[str],
    groups: Sequence[int],
    domains: Sequence[str],
    *,
    thinking: Sequence[str] = (),
    fidelity: Container[str] = (),
    wanted: Mapping[str, Sequence[str]] = ANSWER_FEATURES,
) -> np.ndarray:
    """Three features per response (MemReward, section 3), (n, 3) float32: COLUMNS.

    answers   n answer texts
    groups    n query indices: responses with the same index are samples of one query, any number of them
    domains   n domains: math | qa | code
    thinking  n texts before the answers, only for the behavior cut-number
    fidelity  published behaviors; cut-number and zero-majority affect mathematics
    wanted    domain -> names of the columns that are filled; the others are 0

    value is sign(x) log1p(|x|) / 20 clipped to [-1, 1]. found is 1 if there is an answer: a number in mathematics, an
    `answer_key` elsewhere. majority is 1 if it equals the group's most common answer (the earlier one on a tie).
    """
    if "cut-number" in fidelity:
        texts = [f"{before}\n{answer}" for before, answer in zip(thinking, answers, strict=True)]
        read, digits = extract_cut_number, 2
    else:
        texts, read, digits = answers, extract_number, 6
    # the vote of each response that has an answer
    vote: dict[int, float | str] = {}
    features = np.zeros((len(answers), len(COLUMNS)), np.float32)
    for row, (text, answer, domain) in enumerate(zip(texts, answers, domains, strict=True)):
        if not wanted[domain]:
            continue
        if domain != "math":
            if key := answer_key(answer, domain):
                vote[row] = key
        elif (number := read(text)) is not None:
            vote[row] = round(number, digits)
            features[row, 0] = math.copysign(min(math.log1p(abs(number)) / 20, 1.0), number)
    votes: dict[int, Counter] = {}
    for row, key in vote.items():
        votes.setdefault(groups[row], Counter())[key] += 1
    for row, key in vote.items():
        majority = votes[groups[row]].most_common(1)[0][0]
        features[row, 1:] = 1.0, key == majority and not (majority == 0 and "zero-majority" in fidelity)
    kept = {domain: [name in names for name in COLUMNS] for domain, names in wanted.items()}
    return features * np.array([kept[domain] for domain in domains], np.float32).reshape(features.shape)
