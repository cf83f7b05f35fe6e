"""Split a user's file of rollouts into queries, truths, responses and rewards."""

from collections import Counter
from pathlib import Path

from reward_memory.data import imported
from reward_memory.jobs.job import job
from reward_memory.jobs.progress import Progress
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    file = Path(run.input[0])
    queries, bad = imported.read(file, run.params.domains)
    if run.params.bad_rows == "refuse":
        imported.refuse(file, len(queries), bad)
    imported.refuse_one_sided(file, queries)
    rows = len(queries) + len(bad)
    Progress("rows", rows).advance(rows, f"{len(bad)} of them left out")
    for place, part in enumerate(imported.build(queries, run.params.domains, run.params.sizes, run.params.seed)):
        parquet.write(part.queries, run.output.queries[place], parquet.QUERIES)
        parquet.write(part.queries, run.output.truths[place], parquet.TRUTHS)
        parquet.write(part.responses, run.output.responses[place], parquet.RESPONSES)
        parquet.write(part.rewards, run.output.rewards[place], parquet.REWARDS)
    csv_tables.write(bad, run.output.bad_rows)
    usable = Counter(query.benchmark for query in queries)
    csv_tables.write(usable.items(), run.output.usable_rows, ["benchmark", "rows"])
