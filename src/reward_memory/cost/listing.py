"""Run Snakemake and write the jobs that it logs: `python -m reward_memory.cost.listing FILE ARGUMENTS OF SNAKEMAKE...`.

Snakemake logs an event of its own for each job (`JOB_INFO`), with the fields that it prints, so nobody reads its text.
"""

import json
import logging
import re
import runpy
import sys
from pathlib import Path
from typing import Any

#: In the event, too, a file's flags stand after its path: results/training/.../policy (update).
_FLAG = re.compile(r" \([a-z ]+\)$")


class Jobs(logging.Handler):
    """Collects the jobs, as the fields of `jobs.Job`, that a logger of Snakemake reports; `all` is none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = vars(record)
        if said.get("event") != "job_info" or not said["output"]:
            return
        self.found.append(
            {
                "rule": said["rule_name"],
                "wildcards": dict(said["wildcards"]),
                "inputs": [_FLAG.sub("", path) for path in said["input"]],
                "outputs": [_FLAG.sub("", path) for path in said["output"]],
                "usage": said["benchmark"] and _FLAG.sub("", said["benchmark"]),
                "gpus": _number(said["resources"].get("gpu")),
                "mem_mb": _number(said["resources"].get("mem_mb")),
                "threads": max(1, _number(said["threads"])),
            }
        )


def _number(value: object) -> int:
    """What depends on the size of inputs that are not there yet has no number: <TBD>."""
    return value if isinstance(value, int) else 0


if __name__ == "__main__":
    jobs = Jobs()
    # Snakemake takes away the handlers of its own logger, snakemake.logging
    logging.getLogger("snakemake").addHandler(jobs)
    file, *sys.argv[1:] = sys.argv[1:]
    try:
        runpy.run_module("snakemake", run_name="__main__")
    finally:
        Path(file).write_text(json.dumps(jobs.found), encoding="utf-8")
