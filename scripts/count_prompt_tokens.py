"""Count the prompts of one policy's training and validation queries, and refuse those that training has no room for."""

from reward_memory.jobs.job import job
from reward_memory.settings import Training
from reward_memory.storage import parquet
from reward_memory.training import prompts
from reward_memory.training.turns import EMPTY_TURN

with job(snakemake) as run:
    queries = {split: parquet.read_all(run.input[split], parquet.QUERIES) for split in ("train", "valid")}
    found = prompts.lengths(run.input.policy, queries, EMPTY_TURN if run.params.empty_turn else ())
    for limits in run.params.limits:
        prompts.check(run.wildcards.policy, found, Training.model_validate(limits), run.params.section)
    parquet.write(found, run.output[0], prompts.PROMPTS)
