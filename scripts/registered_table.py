"""Build a registered table, of this package or of an installed one."""

from reward_memory.jobs.job import job
from reward_memory.report.tables.registration import INPUTS, TABLES
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    table = TABLES.find(run.wildcards.table)
    results = parquet.read_all(run.input.results, INPUTS[table.inputs])
    with atomic_path(run.output[0]) as temporary:
        table.write(results, temporary)
