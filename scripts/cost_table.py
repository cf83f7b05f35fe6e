"""Estimate what the configuration costs, and put beside it what its finished jobs took."""

from pathlib import Path

from reward_memory import cost
from reward_memory.provenance import atomic_path
from reward_memory.runtime import job

with job(snakemake) as run:
    given, lent = run.params, snakemake.resources
    limits = {"gpu": lent.lent_gpu, "mem_mb": lent.lent_mem_mb, "cores": lent.lent_cores}
    jobs = cost.configured(given.snakefile, given.config)
    model = cost.Model(given.config, Path(given.reference), limits["gpu"])
    with atomic_path(run.output[0]) as temporary:
        cost.cost_table(jobs, model, limits=limits).to_csv(temporary, index=False, float_format="%.6g")
