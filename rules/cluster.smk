# The onstart hook: checks before the first job, and cleanup after a killed run (docs/cluster.md).
import inspect

from reward_memory.config import installed
from reward_memory.jobs import locks, slurm

# Snakemake computes the signature of each of these functions for each job, 43,000 times for config/paper.yaml
for rule_object in workflow.rules:
    for item in (
        *rule_object.input,
        *rule_object.params,
        *rule_object.resources.values(),
    ):
        if inspect.isfunction(item):
            item.__signature__ = inspect.signature(item)


onstart:
    gc.enable()
    # jobs in a container or on another node have other software than this process
    elsewhere = (
        workflow.deployment_settings.deployment_method or not workflow.local_exec
    )
    jobs = list(workflow.dag.needrun_jobs())
    needed = {job.rule.name for job in jobs}
    with_gpus = {job.rule.name for job in jobs if job.resources.get("gpu")}
    nodes = max([job.resources.get("nodes", 1) for job in jobs], default=1)
    if not elsewhere and (
        wrong := installed.missing(CONFIG, needed, with_gpus, nodes)
    ):
        raise WorkflowError(f"{source}: {wrong}")
    check_finished()
    # Snakemake's default rate of 100 jobs per second never limits ours. But each job that ends adds a timer for it, and
    # every timer evaluates all waiting jobs once per second.
    limiter = workflow.scheduler.job_rate_limiter
    if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    # safe, because Snakemake's lock excludes another run in this folder
    locks.end_orphans(Path(RESULTS) / "state" / locks.FOLDER, logger.warning)
    try:
        slurm.cancel(Path.cwd())
    except InputError as error:
        raise WorkflowError(str(error)) from None
