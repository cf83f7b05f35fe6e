"""Audit the benchmarks of the configuration."""

from pathlib import Path

from reward_memory.data import audit
from reward_memory.jobs.job import job
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    sources = {
        name: audit.read(name, source, folder, run.params.partial)
        for name, (source, folder) in run.params.origins.items()
    }
    queries = {
        (Path(path).parent.name, Path(path).stem): parquet.read(path, parquet.QUERIES) for path in run.input.queries
    }
    csv_tables.write(audit.table(sources, queries), run.output[0])
