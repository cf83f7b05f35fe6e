"""Train the graph reward model on labeled rollouts; selection stays inside the label budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from reward_memory.errors import InputError
from reward_memory.seeds import derive
from reward_memory.settings import PredictedRewards
from reward_memory.settings import RewardModel as Settings
from reward_memory.settings.checking import validated

from ..folds import hold_out, label_counts, labeled_only
from ..registration import register
from ..rollouts import Rollouts
from .memory import Memory, nearest
from .network import Batch, GraphNetwork
from .reward_model import RewardModel, restore


def _loss(rewards: np.ndarray, logits: np.ndarray) -> float:
    return -float(np.mean(np.logaddexp(0, logits) - rewards * logits))


def _auc(rewards: np.ndarray, logits: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(rewards, logits))


def _f1(rewards: np.ndarray, logits: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(rewards, logits > 0, zero_division=0))


def _specificity(rewards: np.ndarray, logits: np.ndarray) -> float:
    return -float(np.mean(logits[rewards == 0] > 0))


#: Larger is better.
CRITERIA: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "auc": _auc,
    "f1": _f1,
    "loss": _loss,
    "fpr": _specificity,
}


#: Keys of the section reward_model that choose, repeat or use a network; KEYS are those that define one.
_OTHER = {"predictor", "runs", "top_k", "encoder_dtype", "variants", *PredictedRewards.model_fields}
KEYS = tuple(key for key in Settings.model_fields if key not in _OTHER)


def configure(settings: Mapping[str, Any]) -> Settings:
    """Validate the section reward_model of a network. InputError names an unknown key or an impossible value."""
    section = validated(Settings, settings, "reward_model")
    if wrong := section.mistake():
        raise InputError(f"reward_model: {wrong}")
    if section.thinking_neighbors and "empty-relation" in section.fidelity:
        raise InputError(
            "reward_model: thinking_neighbors: does not go with empty-relation; set it to 0 or drop empty-relation."
        )
    return section


@register(
    "graph",
    "graph-homogeneous",
    "graph-no-thinking",
    "mlp",
    model=RewardModel,
    settings=KEYS,
    network=True,
)
def fit_network(name: str, labeled: Rollouts, *, seeds: Sequence[int], **settings) -> RewardModel:
    """Fit a network for the registry; arguments as for `fit_on_top`."""
    if "same-seed" in settings.get("fidelity", ()):
        seeds = [seeds[0]] * len(seeds)
    return fit(labeled, predictor=name, seeds=seeds, **settings)


def fit(rollouts: Rollouts, **settings) -> RewardModel:
    """Return the model of `fit_on_top` without an offset."""
    return fit_on_top(rollouts, None, **settings)[0]


def fit_on_top(
    rollouts: Rollouts,
    offset: np.ndarray | None,
    *,
    predictor: str = "graph",
    valid: Rollouts | None = None,
    seeds: Sequence[int] = (0,),
    device: str = "cpu",
    report: Callable[[int, str], None] | None = None,
    **overrides,
) -> tuple[RewardModel, np.ndarray]:
    """Train one network per seed on the labeled queries and freeze the one that is best on the held-out fold.

    rollouts   only queries whose rewards were revealed are read; others may be present
    offset     (r,) logits that the network's are added to, in training and selection
    predictor  graph, or one of its ablations (`network.LAYERS`)
    valid      rollouts of the valid queries with all their rewards, only for `selection: valid`
    seeds      for initialization and dropout; the fold depends only on the first, so that the models are comparable
    overrides  settings, by KEYS
    report     called with (epochs done since the last call, a note); epochs * len(seeds) in total

    Returns the model, and the (h,) logits of the held-out responses, without offset, as used in selection.

    A held-out query attends to the training fold exactly as a new one does. The weights kept are those of the best
    check, not the last. The frozen memory holds all labeled queries. On a CPU the result depends only on the
    arguments, byte for byte. The settings `selection: valid` and `fidelity` change this, as published.

    InputError if fewer than two queries are labeled, or `selection: valid` has no valid queries. FloatingPointError if
    training diverges.
    """
    settings = configure({"predictor": predictor, **overrides})
    labeled = labeled_only(rollouts)
    offsets = np.zeros(len(rollouts.group)) if offset is None else offset
    offsets = offsets[rollouts.labeled[rollouts.group]].astype(np.float32)
    held = hold_out(labeled, settings.holdout, seeds[0])
    if settings.selection == "valid":
        parts = [(labeled, offsets), (_graded(valid), np.zeros(len(valid.group), np.float32))]
    else:
        parts = [(labeled.take(part), offsets[part[labeled.group]]) for part in (~held, held)]
    runs = [_train(*parts, settings, int(seed), device, report) for seed in seeds]
    scores = [run["score"] for run in runs]
    best = runs[int(np.argmax(scores))]
    network = restore(settings, best.pop("weights")).serve(settings.fidelity)
    logits = best["logits"]
    for run in runs:
        run.pop("weights", None)
        run.pop("logits")
    memory = Memory.of(network, Batch.of(labeled, device), settings.num_neighbors)
    selected = {"selection_queries": len(parts[1][0].query_ids), "seed": best["seed"], "runs": runs}
    metrics = label_counts(labeled) | selected
    config = settings.model_dump(include={"predictor", *KEYS}) | {"encoder_dtype": rollouts.dtype}
    return RewardModel(network, memory, config, metrics), logits


def build(settings: Settings, seed: int) -> GraphNetwork:
    """Build the untrained network of a predictor on the CPU; torch's global generator is left unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("graph", seed, "weights"))
        network = GraphNetwork.of(settings)
    # both implementations start from the same weights
    return restore(settings, network.state_dict()) if settings.implementation == "reference" else network


def _graded(valid: Rollouts | None) -> Rollouts:
    if valid is None or not valid.labeled.any():
        raise InputError("reward_model: selection: valid needs graded responses to valid queries; there are none.")
    return valid.take(valid.labeled)


def _train(
    training: tuple[Rollouts, np.ndarray],
    selection: tuple[Rollouts, np.ndarray],
    settings: Settings,
    seed: int,
    device: str,
    report: Callable | None,
) -> dict:
    """Train one network; training, selection: rollouts and the offsets of their logits."""
    network = build(settings, seed).to(device)
    draws = torch.Generator(device).manual_seed(derive("graph", seed, "dropout"))
    batch, held = Batch.of(training[0], device), Batch.of(selection[0], device)
    rewards, offset = (torch.as_tensor(array, device=device) for array in (training[0].rewards, training[1]))
    # the embeddings are unit vectors already
    neighbors = nearest(batch.query, batch.query, settings.num_neighbors, exclude_self=True)
    recalled = nearest(held.query, batch.query, settings.num_neighbors)
    transductive = "query-edges" in settings.fidelity and settings.selection == "valid"
    if transductive:
        # published: the valid queries are in the graph and send to the labeled ones along its edges
        batch, neighbors = batch.joined(held), torch.cat([neighbors, recalled])

    @torch.no_grad()
    def evaluate() -> np.ndarray:
        if transductive:
            logits = network(batch, neighbors)[len(rewards) :]
        else:
            logits = network(held, recalled, Memory.of(network, batch, settings.num_neighbors).keys)
        return logits.cpu().numpy().astype(np.float64)

    truth = selection[0].rewards
    epochs_by, runs_by = (
        _loss if truth.min() == truth.max() else CRITERIA[name]  # other criteria need both classes
        for name in (settings.criterion, settings.run_criterion or settings.criterion)
    )
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    best, looks = {"score": -math.inf, "epoch": 0}, []
    for epoch in range(1, settings.epochs + 1):
        optimizer.zero_grad(set_to_none=True)
        logits = network(batch, neighbors, generator=draws)[: len(rewards)]
        loss = F.binary_cross_entropy_with_logits(logits + offset, rewards)
        loss.backward()
        optimizer.step()
        if report is not None:
            report(1, f"seed {seed}, loss {loss.item():.3f}")
        if epoch % settings.check_every and epoch != settings.epochs:
            continue
        selection_logits = evaluate()
        if not np.isfinite(selection_logits).all():
            raise FloatingPointError(f"the reward model diverged at epoch {epoch}; lower reward_model: learning_rate.")
        score = epochs_by(truth, selection_logits + selection[1])
        looks.append([epoch, round(loss.item(), 6), round(score, 6)])
        better = score > best["score"]
        if better or "last-weights" in settings.fidelity:
            weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
            kept = {"weights": weights, "logits": selection_logits, "kept_epoch": epoch}
        if better:
            best = {"score": score, "epoch": epoch}
        elif epoch - best["epoch"] >= settings.patience:
            if report is not None and epoch < settings.epochs:
                report(settings.epochs - epoch, f"seed {seed} stopped at epoch {epoch}")
            break
    return best | kept | {"score": runs_by(truth, kept["logits"] + selection[1]), "seed": seed, "looks": looks}
