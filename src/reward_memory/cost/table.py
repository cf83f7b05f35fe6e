"""The table of costs: a row a policy, method and rule, and sums; estimated beside measured."""

from collections.abc import Collection, Sequence

import pandas as pd

from reward_memory.storage.records import survey

from . import usage
from .jobs import Job
from .model import Model
from .schedule import critical_path, simulate

#: Of `rule` and `policy` and `method` in rows that are sums of others; what no single one of them caused.
TOTAL, ALL, SHARED = "total", "all", "-"
_PAIRS = [
    *("gpu_hours", "job_hours", "elapsed_hours", "sampled_tokens", "trained_tokens", "disk_gb"),
]
COLUMNS = [
    *("policy", "method", "rule", "jobs", "finished"),
    *(f"{name}_{kind}" for name in _PAIRS for kind in ("estimated", "measured")),
    *(
        "critical_path_hours_estimated",
        "cpu_hours_measured",
        "peak_disk_gb_estimated",
        "gpu_hours_left",
        "job_hours_left",
    ),
    *("device", "estimate"),
]
HOUR, GB = 3600.0, 1e9


def cost_table(
    jobs: Sequence[Job],
    model: Model,
    done: Collection[tuple] | None = None,
    limits: dict[str, int] | None = None,
) -> pd.DataFrame:
    """One row a policy, method and rule (COLUMNS), then sums of each policy's methods and of everything.

    jobs    of the configuration, finished or not
    done    keys of the jobs that are finished; None looks for their outputs
    limits  of the profile, see schedule.LIMITS

    Hours and gigabytes (10^9 bytes). Estimated figures are about all jobs, measured ones about the finished ones, and
    those that end with `left` are the estimates of the others. Of everything, in the last row alone: `elapsed`,
    estimated within the limits and measured as the time in which any job ran; `critical_path`, which no number of
    devices beats; `peak_disk`, with the checkpoints of what runs at a time. What is not known is empty.
    """
    if done is None:
        done = {job.key for job in jobs if usage.finished(job)}
    records, _ = survey(model.config["results"])  # the workflow itself names a damaged one
    held = {(one.rule, frozenset(one.wildcards.items())): one.gpus for one in records}
    rows = [_row(job, model, job.key in done, held) for job in jobs]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "used"])
    parts = [
        _sums(frame, ["policy", "method", "rule"]),
        _sums(frame, ["policy", "method"]).assign(rule=TOTAL),
        _sums(frame, ["rule"]).assign(policy=ALL, method=ALL),
        _sums(frame.assign(policy=ALL, method=ALL, rule=TOTAL), ["policy", "method", "rule"]),
    ]
    table = pd.concat(parts, ignore_index=True)
    last = table.index[-1]
    works, gpus = [model.work(job) for job in jobs], [model.devices(job) for job in jobs]
    schedule = simulate(jobs, works, gpus, limits or {})
    table.loc[last, "elapsed_hours_estimated"] = schedule.seconds / HOUR
    table.loc[last, "peak_disk_gb_estimated"] = schedule.peak / GB
    table.loc[last, "critical_path_hours_estimated"] = critical_path(jobs, works) / HOUR
    ran = usage.busy_seconds([used for used in frame["used"] if used is not None])
    table.loc[last, "elapsed_hours_measured"] = ran / HOUR if ran else None
    table["device"], table["estimate"] = model.device.name, model.device.status
    return table[COLUMNS]


def _row(job: Job, model: Model, done: bool, held: dict[tuple, int]) -> dict:
    work, gpus = model.work(job), model.devices(job)
    used = None
    if done and usage.finished(job):
        used = usage.measured(job, held.get((job.rule, frozenset(job.wildcards)), gpus))
    hours = work.seconds * gpus / HOUR
    row = {
        "policy": job.of("policy") or SHARED,
        "method": job.of("method") or SHARED,
        "rule": job.rule,
        "jobs": 1,
        "finished": int(done),
        "gpu_hours_estimated": hours,
        "job_hours_estimated": work.seconds / HOUR,
        "sampled_tokens_estimated": work.sampled,
        "trained_tokens_estimated": work.trained,
        "disk_gb_estimated": work.disk / GB,
        "gpu_hours_left": 0.0 if done else hours,
        "job_hours_left": 0.0 if done else work.seconds / HOUR,
        "used": used,
    }
    if used is not None:
        known = used.seconds is not None
        row |= {
            "gpu_hours_measured": used.seconds * used.gpus / HOUR if known else None,
            "job_hours_measured": used.seconds / HOUR if known else None,
            "cpu_hours_measured": None if used.cpu_seconds is None else used.cpu_seconds / HOUR,
            "sampled_tokens_measured": used.sampled,
            "trained_tokens_measured": used.trained,
            "disk_gb_measured": used.disk / GB,
        }
    return row


def _sums(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sums of a group: a measured figure that no job has is empty, and so is an estimate that one job lacks."""
    names = [name for name in COLUMNS if name not in ("policy", "method", "rule", "device", "estimate")]
    groups = frame.assign(**{name: pd.to_numeric(frame[name]) for name in names}).groupby(by, sort=False)
    out = groups[names].sum(min_count=1)
    for name in names:
        if not name.endswith("_measured"):
            out.loc[groups[name].count() < groups.size(), name] = float("nan")
    return out.reset_index()
