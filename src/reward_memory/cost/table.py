"""The cost table: one row per policy, method and rule, and sums; estimates next to measurements."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

import pandas as pd

from reward_memory.storage.records import survey

from .bounds import busy, critical_path, fitting_together
from .jobs import Job
from .model import Model
from .usage import GB, HOUR, busy_hours, measured

#: Values of `rule`, and of `policy` and `method`, in rows that are sums; value for jobs that several of them share.
TOTAL, ALL, SHARED = "total", "all", "-"
_NAMES = ["policy", "method", "rule"]
_PAIRS = ["gpu_hours", "job_hours", "elapsed_hours", "sampled_tokens", "trained_tokens", "disk_gb"]
_OTHERS = ["critical_path_hours_estimated", "cpu_hours_measured", "peak_disk_gb_estimated"]
_LEFT = ["gpu_hours_left", "job_hours_left"]
_SUMS = [
    "jobs",
    "finished",
    *(f"{name}_{kind}" for name in _PAIRS for kind in ("estimated", "measured")),
    *_OTHERS,
    *_LEFT,
]
COLUMNS = [*_NAMES, *_SUMS, "device", "estimate"]


def cost_table(
    jobs: Sequence[Job],
    model: Model,
    done: Collection[str] | None = None,
    limits: dict[str, int] | None = None,
) -> pd.DataFrame:
    """One row per policy, method and rule (COLUMNS), then sums per policy and method, and of everything.

    jobs    of the configuration, finished or not
    done    keys of the jobs that are finished; None looks for their outputs
    limits  of the profile, see `bounds.busy`

    Hours and gigabytes (10^9 bytes). Estimated columns cover all jobs, measured ones the finished jobs, and those that
    end with `left` are estimates for the others. Only the last row, about everything, has: `elapsed`, estimated within
    the limits and measured as the time in which any job ran; `critical_path`, a lower bound for any number of devices;
    `peak_disk`, including the checkpoints of parallel jobs. Unknown values are empty.
    """
    if done is None:
        done = {job.key for job in jobs if job.finished}
    works = pd.DataFrame([asdict(model.work(job)) for job in jobs])
    rows = _rows(jobs, works, model, done)
    table = pd.concat(
        [
            _sums(rows),
            _sums(rows.assign(rule=TOTAL)),
            _sums(rows.assign(policy=ALL, method=ALL)),
            _sums(rows.assign(policy=ALL, method=ALL, rule=TOTAL)),
        ],
        ignore_index=True,
    )
    for name, value in _together(jobs, works.fillna(0.0), rows, limits or {}).items():
        table.loc[table.index[-1], name] = value
    table["device"], table["estimate"] = model.device.name, model.device.status
    return table


def _rows(jobs: Sequence[Job], works: pd.DataFrame, model: Model, done: Collection[str]) -> pd.DataFrame:
    """One row per job: _NAMES, _SUMS, `gpus` and, if it is finished, its end `ended` (Unix time)."""
    records, _ = survey(model.config.results)  # the workflow itself reports damaged ones
    had = {tuple(record.outputs): record.gpus for record in records}
    rows = pd.DataFrame(
        {
            "policy": job.of("policy") or SHARED,
            "method": job.of("method") or SHARED,
            "rule": job.rule,
            "jobs": 1,
            "finished": int(job.key in done),
            "gpus": model.gpus(job),
        }
        | (measured(job, had.get(tuple(job.outputs), model.gpus(job))) if job.key in done and job.finished else {})
        for job in jobs
    ).reindex(columns=[*_NAMES, *_SUMS, "gpus", "ended"])
    rows["job_hours_estimated"] = works["seconds"] / HOUR
    rows["gpu_hours_estimated"] = rows["job_hours_estimated"] * rows["gpus"]
    rows["disk_gb_estimated"] = works["disk"] / GB
    for name in ("sampled", "trained"):
        rows[f"{name}_tokens_estimated"] = works[name]
    for name in ("gpu_hours", "job_hours"):
        rows[f"{name}_left"] = rows[f"{name}_estimated"].where(rows["finished"] == 0, 0.0)
    return rows


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums by name: a measurement is empty if no job has it, an estimate if any job lacks it."""
    groups = rows.groupby(_NAMES, sort=False)[_SUMS]
    sums, complete = groups.sum(min_count=1), groups.count().eq(groups.size(), axis=0)
    return sums.where(complete | sums.columns.str.endswith("_measured")).reset_index()


def _together(
    jobs: Sequence[Job], works: pd.DataFrame, rows: pd.DataFrame, limits: dict[str, int]
) -> dict[str, float | None]:
    """Figures of all jobs together that are not sums."""
    requests = pd.DataFrame(
        {"gpu": rows["gpus"], "mem_mb": [job.mem_mb for job in jobs], "cores": [job.threads for job in jobs]}
    )
    chain = critical_path(jobs, works["seconds"])
    ran = rows[["ended", "job_hours_measured"]].dropna()
    return {
        "critical_path_hours_estimated": chain / HOUR,
        "elapsed_hours_estimated": max(chain, busy(works["seconds"], requests, limits)) / HOUR,
        "elapsed_hours_measured": busy_hours(ran.itertuples(index=False)) or None,
        "peak_disk_gb_estimated": (works["disk"].sum() + fitting_together(works["scratch"], requests, limits)) / GB,
    }
