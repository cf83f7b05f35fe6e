"""How long Ray may take to start: it gives a node 30 seconds, which a busy machine exceeds."""

import os
import time

#: Environment variable with the seconds.
LIMIT = "REWARD_MEMORY_RAY_START"
#: Seconds of the first attempt and of those after it, which only a start that took too long gets.
STARTS = (60, 180, 420)


def environment(seconds: int) -> dict[str, str]:
    """What gives a trainer's Ray so long: our limit, and two of Ray's own."""
    return {
        LIMIT: str(seconds),
        "RAY_gcs_server_port_wait_time_s": str(seconds),
        "RAY_gcs_server_request_timeout_seconds": str(max(seconds, 60)),
    }


def be_patient() -> None:
    """Have `ray.init` of this process wait for its node as long as the environment says; Ray has 30 s in its code."""
    from ray._private import services

    if hasattr(services.get_node, "patient") or LIMIT not in os.environ:
        return
    look, seconds = services.get_node, float(os.environ[LIMIT])

    def get_node(*args):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return look(*args)
            except RuntimeError:  # the node has not registered yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    get_node.patient = True
    services.get_node = get_node
