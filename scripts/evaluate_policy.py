"""Sample and grade the test queries of one suite."""

from reward_memory.evaluation.grading import grade, with_origin
from reward_memory.generation.engine import load, sample_responses
from reward_memory.jobs.job import job
from reward_memory.settings import Sampling
from reward_memory.storage import parquet

with job(snakemake, lasting="evaluate_policy") as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    sampling = Sampling.model_validate(run.params.sampling)
    with load(run.input.policy, sampling, gpus=run.gpus) as engine:
        responses = sample_responses(engine, queries, sampling, run.seed, what="test responses", state=run.state)
    parquet.write(responses, run.output.responses, parquet.RESPONSES)
    graded = with_origin(grade(queries, truths, responses, run.params.grading), queries, responses)
    parquet.write(graded.assign(**run.names), run.output.verdicts, parquet.GRADED)
    run.result(f"{100 * graded['reward'].mean():.1f} % of the responses are correct")
