# What a call does first, wherever it runs its jobs: see docs/cluster.md.
import inspect

from reward_memory.config import installed
from reward_memory.jobs import locks, slurm

# Snakemake asks for the signature of each of these functions at each job, 43,000 times for config/paper.yaml
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
    # in a container, or on another node, a job has other programs than this process
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
    # Snakemake's default rate, 100 jobs a second, holds none of ours back, and is looked after by timers, one more for
    # each job that ends: every second each weighs all waiting jobs again
    limiter = workflow.scheduler.job_rate_limiter
    if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    # no other call runs in this folder: Snakemake locks it
    locks.end_orphans(Path(RESULTS) / "state" / locks.FOLDER, logger.warning)
    try:
        slurm.cancel(Path.cwd())
    except InputError as error:
        raise WorkflowError(str(error)) from None
