"""Estimate what the configuration costs, and put beside it what its finished jobs took."""

from pathlib import Path

from reward_memory import cost
from reward_memory.jobs.job import job
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given, lent = run.params, snakemake.resources
    limits = {"gpu": lent.lent_gpu, "mem_mb": lent.lent_mem_mb, "cores": lent.lent_cores}
    jobs = cost.configured(given.snakefile, given.config)
    model = cost.Model(given.config, Path(given.reference), limits["gpu"])
    with atomic_path(run.output[0]) as temporary:
        cost.cost_table(jobs, model, limits=limits).to_csv(temporary, index=False, float_format="%.6g")
