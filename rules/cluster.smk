# What a call does first, wherever it runs its jobs: see docs/cluster.md.
from reward_memory import alone, left_over


onstart:
    check_finished()
    # no other call runs in this folder: Snakemake locks it
    alone.end_orphans(Path(RESULTS) / "state" / alone.FOLDER, logger.warning)
    try:
        left_over.cancel(Path.cwd())
    except InputError as error:
        raise WorkflowError(str(error)) from None
