# What a call does first, wherever it runs its jobs: see docs/cluster.md.
from reward_memory.jobs import locks, slurm


onstart:
    gc.enable()
    check_finished()
    # no other call runs in this folder: Snakemake locks it
    locks.end_orphans(Path(RESULTS) / "state" / locks.FOLDER, logger.warning)
    try:
        slurm.cancel(Path.cwd())
    except InputError as error:
        raise WorkflowError(str(error)) from None
