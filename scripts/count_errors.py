"""Count one training run's repeated errors, cluster sizes of failures, and distinct wrong answers."""

from reward_memory.evaluation.cluster_sizes import cluster_sizes
from reward_memory.evaluation.diversity import REPEATS, repeats
from reward_memory.evaluation.error_spread import SPREADS, spread
from reward_memory.jobs.job import job
from reward_memory.storage import csv_tables, parquet
from reward_memory.training.objectives.predicted import FromPrediction
from reward_memory.training.responses import STEP_RESPONSES

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    # all sampled responses, also those that dynamic sampling dropped
    responses = parquet.read(run.input.responses, STEP_RESPONSES)
    domains = dict(zip(queries["id"], queries["domain"], strict=True))
    cut = FromPrediction.of(run.params.predicted_rewards).cut
    sizes = cluster_sizes(responses, cut)
    csv_tables.write(sizes.assign(**run.names)[[*run.names, *sizes]], run.output.sizes)
    parquet.write(repeats(responses, domains, cut).assign(**run.names), run.output.repeats, REPEATS)
    parquet.write(spread(responses, domains, cut).assign(**run.names), run.output.spread, SPREADS)
