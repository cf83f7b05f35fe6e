"""Run Snakemake and write the jobs that it logs: `python -m reward_memory.cost.listing FILE ARGUMENTS OF SNAKEMAKE...`.

Snakemake logs an event for each job (`JOB_INFO`) with the fields that it prints, so its text need not be parsed.
"""

import json
import logging
import re
import runpy
import sys
from pathlib import Path
from typing import Any

#: The event, too, has a file's flags after its path: results/training/.../policy (update).
_FLAG = re.compile(r" \([a-z ]+\)$")


class Jobs(logging.Handler):
    """Collects the jobs that Snakemake's logger reports, as the fields of `jobs.Job`; the rule `all` is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        event = vars(record)
        if event.get("event") != "job_info" or not event["output"]:
            return
        self.found.append(
            {
                "rule": event["rule_name"],
                "wildcards": dict(event["wildcards"]),
                "inputs": [_FLAG.sub("", path) for path in event["input"]],
                "outputs": [_FLAG.sub("", path) for path in event["output"]],
                "usage": event["benchmark"] and _FLAG.sub("", event["benchmark"]),
                "gpus": _number(event["resources"].get("gpu")),
                "mem_mb": _number(event["resources"].get("mem_mb")),
                "threads": max(1, _number(event["threads"])),
            }
        )


def _number(value: object) -> int:
    """The value, or 0 if it is <TBD> because it depends on the size of missing inputs."""
    return value if isinstance(value, int) else 0


if __name__ == "__main__":
    jobs = Jobs()
    # Snakemake removes the handlers of its own logger, snakemake.logging
    logging.getLogger("snakemake").addHandler(jobs)
    file, *sys.argv[1:] = sys.argv[1:]
    try:
        runpy.run_module("snakemake", run_name="__main__")
    finally:
        Path(file).write_text(json.dumps(jobs.found), encoding="utf-8")
