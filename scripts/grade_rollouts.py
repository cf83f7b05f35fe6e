"""Grade the rollouts of one suite."""

from reward_memory.evaluation.grading import grade
from reward_memory.evaluation.imported_rewards import fill_verdicts, refuse_all_wrong
from reward_memory.jobs.job import job
from reward_memory.storage import parquet

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    responses = parquet.read_all(run.input.responses, parquet.RESPONSES)
    if run.input.rewards:
        rewards = parquet.read_all(run.input.rewards, parquet.REWARDS)
        verdicts = fill_verdicts(queries, truths, responses, rewards, run.params.grading)
        if run.wildcards.split == "train":
            refuse_all_wrong(verdicts)
    else:
        verdicts = grade(queries, truths, responses, run.params.grading)
    parquet.write(verdicts, run.output[0], parquet.VERDICTS)
    run.result(f"{100 * verdicts['reward'].mean():.1f} % of the responses are correct")
