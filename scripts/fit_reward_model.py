"""Fit a reward model on the rewards of labeled queries."""

from pathlib import Path

from reward_memory.jobs.gpus import check_driver
from reward_memory.jobs.job import job
from reward_memory.jobs.progress import Progress
from reward_memory.reward_models.base import save
from reward_memory.reward_models.registry import fit
from reward_memory.reward_models.rollouts import assemble
from reward_memory.seeds import derive
from reward_memory.settings import RewardModel
from reward_memory.storage import parquet


def rollouts(queries: str, responses: str, embeddings: str, rewards: str, settings: RewardModel):
    """One split as a reward model sees it."""
    parts = [(parquet.read(queries, parquet.QUERIES), parquet.read(responses, parquet.RESPONSES), embeddings)]
    wanted = settings.answer_features.model_dump()
    return assemble(parts, parquet.read(rewards, parquet.VERDICTS), settings.fidelity, wanted)


with job(snakemake, lasting="fit_reward_model") as run:
    check_driver(run.gpus)
    settings, given = RewardModel.model_validate(run.params.settings), run.input
    seeds = [derive("reward model", run.seed, number) for number in range(settings.runs)]
    progress = Progress("epochs", len(seeds) * settings.epochs)
    valid = None
    if given.valid_queries:
        valid = rollouts(
            given.valid_queries, given.valid_responses, given.valid_embeddings, given.valid_verdicts, settings
        )
    sampled = rollouts(given.queries, given.responses, given.embeddings, given.rewards, settings)
    model = fit(
        settings.predictor,
        sampled,
        valid=valid,
        seeds=seeds,
        device=run.device,
        report=progress.advance,
        **settings.model_dump(exclude={"predictor"}),
    )
    save(model, Path(run.output.model).parent)
