"""How long Ray may take to start: its default of 30 seconds per node is too short for a busy machine."""

import os
import time

#: Environment variable with the number of seconds.
LIMIT = "REWARD_MEMORY_RAY_START"
#: Seconds for the first attempt and for later ones, which are made only if the start took too long.
STARTS = (60, 180, 420)


def environment(seconds: int) -> dict[str, str]:
    """Environment variables that give a trainer's Ray this much time: our limit, and two of Ray's."""
    return {
        LIMIT: str(seconds),
        "RAY_gcs_server_port_wait_time_s": str(seconds),
        "RAY_gcs_server_request_timeout_seconds": str(max(seconds, 60)),
    }


def extend_node_timeout() -> None:
    """Make `ray.init` in this process wait for its node as long as the environment says; Ray hard-codes 30 s."""
    from ray._private import services

    if hasattr(services.get_node, "patient") or LIMIT not in os.environ:
        return
    original, seconds = services.get_node, float(os.environ[LIMIT])

    def get_node(*args):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return original(*args)
            except RuntimeError:  # the node has not registered yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    get_node.patient = True
    services.get_node = get_node
