"""Build the table of what was dropped from data, prompts and responses."""

from reward_memory.jobs.job import job
from reward_memory.report.tables import dropped
from reward_memory.storage import csv_tables, parquet
from reward_memory.training.prompts import PROMPTS

with job(snakemake) as run:
    rows = [*dropped.of_audit(csv_tables.read(run.input.audit))]
    if run.input.bad_rows:
        usable = csv_tables.read(run.input.usable_rows).set_index("benchmark")["rows"].to_dict()
        queries = parquet.read_all(run.input.queries, parquet.QUERIES)["benchmark"].value_counts()
        drawn = {name: int(queries.get(name, 0)) for name in usable}
        rows += dropped.of_import(csv_tables.read(run.input.bad_rows), usable, drawn)
    for (policy, most), path in zip(run.params.limits, run.input.prompts, strict=True):
        if most is not None:
            rows += dropped.of_prompts(parquet.read(path, PROMPTS), policy, most)
    rows += dropped.response_rows(
        (*place, path) for place, path in zip(run.params.responses, run.input.responses, strict=True)
    )
    csv_tables.write(rows, run.output[0], dropped.DROPPED_COLUMNS)
