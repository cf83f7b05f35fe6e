"""Fit a reward model on the rewards that its label ratio reveals."""

from pathlib import Path

from reward_memory import schemas
from reward_memory.graph_memory.fitting import GRAPH_DEFAULTS
from reward_memory.graph_memory.predictor import save
from reward_memory.graph_memory.predictors import fit
from reward_memory.graph_memory.rollouts import assemble
from reward_memory.progress import Progress
from reward_memory.randomness import derive
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    responses = schemas.read_all(run.input.responses, schemas.RESPONSES)
    rewards = schemas.read(run.input.rewards, schemas.VERDICTS)
    settings = {"runs": 1, "epochs": GRAPH_DEFAULTS["epochs"]} | dict(run.params.settings or {})
    settings.pop("predictor", None)
    seeds = [derive("reward model", run.seed, number) for number in range(settings.pop("runs"))]
    progress = Progress("epochs", len(seeds) * settings["epochs"])
    model = fit(
        run.wildcards.predictor,
        assemble([(queries, responses, run.input.embeddings)], rewards),
        seeds=seeds,
        device=run.device,
        report=progress.advance,
        **settings,
    )
    save(model, Path(run.output.model).parent)
