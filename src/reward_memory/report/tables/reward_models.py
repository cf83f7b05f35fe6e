"""The table of the reward models: how well each predicts the rewards of queries whose labels it never saw."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import METRICS, measure
from reward_memory.evaluation.statistics import families_of, from_draws

from ..paper_results import published_figure
from .names import OVERALL
from .runs import by_names, by_seed

#: Bootstrap draws for the variance between queries, which has no simple formula because an AUC is not a mean.
RESAMPLES = 1000
#: Columns that name a reward model, which is fitted once per seed.
MODEL = ("policy", "predictor", "label_ratio")
#: Metrics with a published figure, and their names in reference/published_results.csv.
PUBLISHED = {"auc": "gnn_roc_auc", "accuracy": "gnn_accuracy", "precision": "gnn_precision", "recall": "gnn_recall"}
#: The published figures are of this reward model, the one of the method memreward, and of this split.
PUBLISHED_MODEL, PUBLISHED_METHOD, PUBLISHED_SPLIT = "graph", "memreward", "valid"
COLUMNS = [
    *("policy", "predictor", "label_ratio", "split", "benchmark", "metric"),
    *(
        "seeds",
        "queries",
        "responses",
        "base_rate",
        "mean",
        "sd",
        "ci_low",
        "ci_high",
        "published",
        "published_confidence",
        "interval_covers",
    ),
]


def each_model(
    predictions: pd.DataFrame,
    policies: Iterable[str],
    predictors: Iterable[str],
    ratios: Iterable[int],
    redrawn: bool = False,
) -> Iterator[tuple[dict, list[pd.DataFrame]]]:
    """(policy, predictor and label ratio, its predictions of each seed) of every reward model.

    predictions  parquet.PREDICTIONS of all models, in any order
    redrawn      whether each seed draws its own labeled queries and so is measured on different ones

    InputError if a model is missing, or its seeds share the labels but cover different responses.
    """
    keys = ["split", "query_id", "sample", "reward"]
    for model, rows in by_names(predictions, MODEL, product(policies, predictors, ratios)):
        tables = [table.reset_index(drop=True) for table in by_seed(rows)]
        for table in tables:
            if not redrawn and not table[keys].equals(tables[0][keys]):
                label = f"{model['policy']}, {model['predictor']}, {model['label_ratio']} % labels"
                raise InputError(
                    f"{label}, seed {table['seed'][0]}: predictions are for different responses than with seed "
                    f"{tables[0]['seed'][0]}; delete them and run again."
                )
        yield model, tables


def published_quality(figures: pd.DataFrame) -> pd.DataFrame:
    """The published figures of reward models, with `members`: the benchmarks that each figure covers.

    figures  reference/published_results.csv
    """
    selected = figures[figures["table"] == "gnn_quality"]
    names = set(selected["benchmark"]) - {OVERALL}
    members = {name: frozenset({name}) for name in names} | {OVERALL: frozenset(names)}
    return selected.assign(members=selected["benchmark"].map(members))


def rows(
    tables: Sequence[pd.DataFrame], model: dict, published: pd.DataFrame, sources: Mapping[str, str]
) -> list[dict]:
    """Rows of one reward model: split x (all benchmarks, each benchmark) x metric.

    tables     one per seed: parquet.PREDICTIONS
    model      policy, predictor, label_ratio
    published  from `published_quality`; its figures are for `graph` on valid, of the same policy and label ratio
    sources    benchmark -> where its queries come from
    """
    out = []
    for split in dict.fromkeys(tables[0]["split"]):
        inside = [table[table["split"] == split] for table in tables]
        for benchmark in [OVERALL, *dict.fromkeys(pd.concat(inside)["benchmark"])]:
            parts = [one if benchmark == OVERALL else one[one["benchmark"] == benchmark] for one in inside]
            place = model | {"split": split, "benchmark": benchmark}
            names = set(pd.concat(parts)["benchmark"])
            for row in metric_rows(parts):
                out.append(place | row | _beside(published, place, row["metric"], names, sources))
    return out


def metric_rows(tables: Sequence[pd.DataFrame]) -> list[dict]:
    """Mean and standard deviation over seeds; intervals from a bootstrap over queries, and Student's t over seeds."""
    draws = resampled(tables)
    measured = [_measured(table, group, draws.weights) for table, group in zip(tables, draws.groups, strict=True)]
    counts = draws.counts | {"base_rate": measured[0]["base_rate"][0]}
    return [
        {"metric": metric} | counts | estimated(np.stack([one[metric] for one in measured]), draws.families)
        for metric in METRICS
    ]


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each query counts: once, then in each draw of the bootstrap.

    groups    one per seed: (r,) the query of each response
    weights   (1 + RESAMPLES, q); queries of one template are drawn together
    families  number of templates, plus queries without one
    counts    seeds, queries of all seeds, responses of one seed
    """

    groups: list[np.ndarray]
    weights: np.ndarray
    families: int
    counts: dict[str, int]


def resampled(tables: Sequence[pd.DataFrame]) -> Draws:
    """The draws for one reward model's predictions (parquet.PREDICTIONS, one per seed)."""
    # of all seeds: if each draws its own labels, they are measured on slightly different queries
    known = pd.concat(tables).drop_duplicates("query_id")
    family, names = pd.factorize(families_of(known))
    queries, families = pd.Index(known["query_id"]), len(names)
    draws = np.random.default_rng(0).multinomial(families, np.full(families, 1 / families), RESAMPLES)
    return Draws(
        groups=[queries.get_indexer(table["query_id"]) for table in tables],
        weights=np.concatenate([np.ones((1, families), np.int64), draws])[:, family],
        families=families,
        counts={"seeds": len(tables), "queries": len(queries), "responses": len(tables[0])},
    )


def estimated(values: np.ndarray, families: int) -> dict[str, float | str]:
    """Mean, deviation and interval of a measure from its (seeds, 1 + RESAMPLES) values with `resampled` weights."""
    found = from_draws(values[:, 0], values[:, 1:], families)
    numbers = {"mean": found.mean, "sd": found.seed_sd, "ci_low": found.low, "ci_high": found.high}
    return numbers | {"interval_covers": found.covers}


def _measured(table: pd.DataFrame, group: np.ndarray, weights: np.ndarray) -> dict:
    truth, probability = table["reward"].to_numpy(), table["probability"].to_numpy()
    # in parts: an array of weights for all responses and draws would be large
    parts = [measure(truth, probability, group, part) for part in np.array_split(weights, 1 + len(weights) // 100)]
    return {name: np.concatenate([part[name] for part in parts]) for name in ("base_rate", *METRICS)}


def _beside(
    published: pd.DataFrame, place: dict, metric: str, benchmarks: Collection[str], sources: Mapping[str, str]
) -> dict[str, float | str | None]:
    """The published figure of one measure, and its confidence."""
    same = (place["predictor"], place["split"]) == (PUBLISHED_MODEL, PUBLISHED_SPLIT)
    selected = published[published["metric"] == (PUBLISHED.get(metric) if same else None)]
    figure = published_figure(selected, place | {"method": PUBLISHED_METHOD}, place["benchmark"], benchmarks, sources)
    return {name: figure[name] for name in ("published", "published_confidence")}
