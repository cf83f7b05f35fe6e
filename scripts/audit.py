"""Audit the benchmarks of the configuration."""

from pathlib import Path

from reward_memory import schemas
from reward_memory.benchmarks import audit
from reward_memory.provenance import atomic_path
from reward_memory.runtime import job

with job(snakemake) as run:
    sources = {
        name: audit.read(name, source, folder, run.params.partial)
        for name, (source, folder) in run.params.origins.items()
    }
    queries = {
        (Path(path).parent.name, Path(path).stem): schemas.read(path, schemas.QUERIES) for path in run.input.queries
    }
    with atomic_path(run.output[0]) as temporary:
        audit.table(sources, queries).to_csv(temporary, index=False)
