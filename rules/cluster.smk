# What a call does first, wherever it runs its jobs: see docs/cluster.md.
from reward_memory import left_over


onstart:
    check_finished()
    try:
        left_over.cancel(Path.cwd())
    except InputError as error:
        raise WorkflowError(str(error)) from None
