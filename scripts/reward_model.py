"""Fit a reward model on the rewards that its label ratio reveals."""

from pathlib import Path

from reward_memory import schemas
from reward_memory.devices import check_driver
from reward_memory.graph_memory.fitting import GRAPH_DEFAULTS
from reward_memory.graph_memory.predictor import save
from reward_memory.graph_memory.predictors import fit
from reward_memory.graph_memory.rollouts import assemble
from reward_memory.progress import Progress
from reward_memory.randomness import derive
from reward_memory.runtime import job


def rollouts(queries: list[str], responses: list[str], embeddings: str, rewards: str, fidelity: list[str]):
    """What a reward model sees of one split."""
    parts = [(schemas.read_all(queries, schemas.QUERIES), schemas.read_all(responses, schemas.RESPONSES), embeddings)]
    return assemble(parts, schemas.read(rewards, schemas.VERDICTS), fidelity)


with job(snakemake, lasting="reward_model") as run:
    check_driver(run.gpus)
    settings, given = dict(run.params.settings), run.input
    seeds = [derive("reward model", run.seed, number) for number in range(settings.pop("runs"))]
    progress = Progress("epochs", len(seeds) * settings.get("epochs", GRAPH_DEFAULTS["epochs"]))
    fidelity, valid = settings["fidelity"], None
    if given.valid_queries:
        valid = rollouts(
            given.valid_queries, given.valid_responses, given.valid_embeddings[0], given.valid_verdicts[0], fidelity
        )
    model = fit(
        settings.pop("predictor"),
        rollouts(given.queries, given.responses, given.embeddings, given.rewards, fidelity),
        valid=valid,
        seeds=seeds,
        device=run.device,
        report=progress.advance,
        **settings,
    )
    save(model, Path(run.output.model).parent)
