"""The graph memory where only the neighbors know: families of queries, each with a rule of its own.

    python perf/graph_control.py

Each workshop writes its orders in figures or in words, by a rule that nothing in its name tells. Every query is
answered twice, once in either style, so that a query's own responses do not vote. The thinking of half of the
queries quotes the workshop's rule ("tellers"), that of the others is silent. Four fifths of the queries are labeled and
become the memory; measured is the AUC on silent queries without a label. Their own text says nothing, and there are
more workshops than a network of this size can learn by heart: what is left are the thoughts of the nearest labeled
queries. Texts are embedded, joined, split into labeled and hidden, fitted and served by the library.

Printed are the AUC of each predictor over the seeds, that of `graph` with its memory shuffled (each neighbor shows
what another query would) and with random numbers of the same size, and how many of the neighbors are of the same
workshop.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score

from reward_memory.config.fidelity import BEHAVIORS, of_stage
from reward_memory.data import labels
from reward_memory.reward_models.features.embedding import embed_rollouts
from reward_memory.reward_models.graph.memory import Memory
from reward_memory.reward_models.graph.reward_model import RewardModel
from reward_memory.reward_models.registry import fit
from reward_memory.reward_models.rollouts import Rollouts, assemble

FAMILIES, QUERIES, RATIO = 150, 10, 80
#: A workshop is known by three of them. They are few, so that no sum over signs tells the rules apart.
SIGNS = (
    *("anchor", "bear", "candle", "cloud", "drum", "feather", "ginger", "hammer", "ivory", "kite", "lemon", "mirror"),
    *("needle", "olive", "piano", "pumpkin", "rocket", "saddle", "spider", "tulip", "velvet", "volcano", "whale"),
    "zebra",
)
STYLES = {"A": "figures", "B": "words"}
RULES = {"A": "The rule of the house is: always figures.", "B": "The rule of the house is: always words."}
SILENT = "I look at the order and write it."
#: As the configuration completes it (config/variants.py): every published behavior, selected on the valid queries.
AS_PUBLISHED = {"fidelity": of_stage(BEHAVIORS, "reward_model"), "selection": "valid"}
AS_PUBLISHED |= {"criterion": "f1", "run_criterion": "fpr"}
PREDICTORS = {"graph": {}, "mlp": {}, "graph-as-published": AS_PUBLISHED}
SETTINGS = {"hidden_channels": 64, "learning_rate": 3e-3, "num_neighbors": 4, "patience": 150}
#: As published the network is selected on the truths of valid queries.
VALID = 0.1


@dataclass(frozen=True)
class Control:
    """known: rollouts with the labeled queries' rewards; truth (r,); silent (r,) hidden responses of silent queries;
    valid: graded rollouts of labeled queries, kept apart for `graph-as-published`."""

    known: Rollouts
    truth: np.ndarray
    silent: np.ndarray
    family: np.ndarray


def frames(families: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(queries, responses, verdicts) in the columns of parquet.QUERIES, RESPONSES and VERDICTS that are read."""
    draws = Random(seed)
    names = draws.sample(list(combinations(SIGNS, 3)), families)
    queries, responses, verdicts = [], [], []
    for family, (one, two, three) in enumerate(names):
        right = draws.choice("AB")
        for number in range(QUERIES):
            place = {"query_id": f"workshops/train/{family * QUERIES + number}", "benchmark": "workshops"}
            text = f"The workshop of {one}, {two} and {three} has order {number}.\nA. in figures\nB. in words"
            user = [{"role": "user", "content": text}]
            queries.append({"id": place["query_id"], "benchmark": "workshops", "domain": "qa", "messages": user})
            thinking = RULES[right] if number % 2 else SILENT
            for sample, style in enumerate(draws.sample("AB", 2)):
                answer = f"#### {style} in {STYLES[style]}"
                own = place | {"sample": sample}
                responses.append(own | {"domain": "qa", "text": "", "thinking": thinking, "answer": answer})
                verdicts.append(own | {"reward": float(style == right)})
    return pd.DataFrame(queries), pd.DataFrame(responses), pd.DataFrame(verdicts)


def build(families: int = FAMILIES, seed: int = 0, ratio: int = RATIO) -> Control:
    """The control with its labels hidden, embedded by the library."""
    queries, responses, verdicts = frames(families, seed)
    routed = labels.route(queries, ratio, seed)
    with tempfile.TemporaryDirectory() as folder:
        embed_rollouts(queries, responses, Path(folder) / "embeddings")
        parts = [(queries, responses, Path(folder) / "embeddings")]
        known = assemble(parts, labels.reveal(verdicts, routed))
    silent = (responses["thinking"] == SILENT).to_numpy() & np.isnan(known.rewards)
    return Control(known, verdicts["reward"].to_numpy(), silent, np.arange(len(queries)) // QUERIES)


def auc(model, control: Control) -> float:
    """On the silent queries without a label."""
    return float(roc_auc_score(control.truth[control.silent], model.score(control.known)[control.silent]))


def without_memory(model: RewardModel, seed: int) -> Iterator[tuple[str, RewardModel]]:
    """The same network with a memory that says nothing about the query that asks."""
    draws, memory = torch.Generator().manual_seed(seed), model.memory
    order = torch.randperm(len(memory.unit), generator=draws)
    shuffled = [keys[order] for keys in memory.keys]
    noise = [keys.std() * torch.randn(keys.shape, generator=draws) + keys.mean() for keys in memory.keys]
    for name, keys in (("graph, memory shuffled", shuffled), ("graph, memory of noise", noise)):
        yield name, RewardModel(model.network, Memory(memory.unit, keys), model.config, {})


def measure(control: Control, seed: int) -> dict[str, float]:
    """Name -> AUC of each predictor, and of `graph` without its memory."""
    labeled = np.flatnonzero(control.known.labeled)
    held = np.random.default_rng(seed).random(len(labeled)) < VALID
    training, valid = control.known.take(labeled[~held]), control.known.take(labeled[held])
    found = {}
    for name, own in PREDICTORS.items():
        settings = SETTINGS | own
        # published behaviors are those of the graph
        model = fit(name.removesuffix("-as-published"), training, valid=valid, seeds=(seed,), **settings)
        found[name] = auc(model, control)
        if name == "graph":
            found |= {other: auc(one, control) for other, one in without_memory(model, seed)}
    return found


def same_family(control: Control) -> float:
    """Share of the nearest labeled queries that are of the same family, over the hidden queries."""
    labeled, unit = control.known.labeled, control.known.query
    nearest = np.argsort(-(unit[~labeled] @ unit[labeled].T), axis=1)[:, : SETTINGS["num_neighbors"]]
    return float((control.family[labeled][nearest] == control.family[~labeled][:, None]).mean())


def main(seeds: Sequence[int] = (0, 1, 2)) -> None:
    rows = []
    for seed in seeds:
        control = build(seed=seed)
        rows.append({"neighbors of the same family": same_family(control)} | measure(control, seed))
        print(seed, rows[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    for name in table:
        print(f"{name:32}{table[name].mean():8.3f}{table[name].min():8.3f}{table[name].max():8.3f}")


if __name__ == "__main__":
    main()
