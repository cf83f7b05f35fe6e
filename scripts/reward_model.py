"""Fit a reward model on the rewards that its label ratio reveals."""

from pathlib import Path

import pandas as pd

from reward_memory import schemas
from reward_memory.graph_memory.fitting import fit
from reward_memory.graph_memory.reward_model import save
from reward_memory.graph_memory.rollouts import assemble
from reward_memory.progress import Progress
from reward_memory.randomness import derive
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input.queries], ignore_index=True)
    responses = pd.concat([schemas.read(path, schemas.RESPONSES) for path in run.input.responses], ignore_index=True)
    rewards = schemas.read(run.input.rewards, schemas.VERDICTS)
    settings = dict(run.params.settings)
    del settings["predictor"]
    seeds = [derive("reward model", run.seed, number) for number in range(settings.pop("runs"))]
    progress = Progress("epochs", len(seeds) * settings["epochs"])
    model = fit(
        assemble([(queries, responses, run.input.embeddings)], rewards),
        seeds=seeds,
        device=run.device,
        report=progress.advance,
        **settings,
    )
    save(model, Path(run.output.model).parent)
