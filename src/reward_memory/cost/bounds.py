"""Joint needs of many jobs, without a schedule: hours, and the peak use of the disk."""

from collections.abc import Sequence
from graphlib import TopologicalSorter

import pandas as pd

from .jobs import Job


def critical_path(jobs: Sequence[Job], seconds: Sequence[float]) -> float:
    """Seconds of the longest chain of dependent jobs, a lower bound for any number of devices."""
    makers = {path: place for place, job in enumerate(jobs) for path in job.outputs}
    before = {place: {makers[path] for path in job.inputs if path in makers} for place, job in enumerate(jobs)}
    ends: dict[int, float] = {}
    for place in TopologicalSorter(before).static_order():
        ends[place] = seconds[place] + max((ends[one] for one in before[place]), default=0.0)
    return max(ends.values(), default=0.0)


def busy(seconds: pd.Series, requests: pd.DataFrame, limits: dict[str, int]) -> float:
    """Seconds for which the jobs keep the scarcest of `limits` busy.

    requests  what each job holds: gpu, mem_mb, cores; a job that requests more than there is gets all, as in Snakemake
    limits    of a profile: what parallel jobs may hold together; a missing name means no limit
    """
    shares = [(seconds * requests[name].clip(upper=limit)).sum() / limit for name, limit in limits.items() if limit]
    return max(shares, default=0.0)


def fitting_together(amounts: pd.Series, requests: pd.DataFrame, limits: dict[str, int]) -> float:
    """The sum of `amounts` of jobs that fit into `limits` together, chosen largest first: not a strict bound."""
    total, free = 0.0, dict(limits)
    for place in amounts[amounts > 0].sort_values(ascending=False).index:
        held = {name: min(requests.at[place, name], limits[name]) for name in limits}
        if all(held[name] <= free[name] for name in limits):
            free = {name: free[name] - held[name] for name in limits}
            total += amounts[place]
    return total
