"""How long a set of jobs takes when they run side by side, and what they need of the disk at a time."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from .jobs import Job
from .model import Work

#: Of a profile: what jobs that run at a time may hold together; a missing name is no limit.
LIMITS = ("gpu", "mem_mb", "cores")


def needs(jobs: Sequence[Job]) -> list[list[int]]:
    """For each job the jobs, by their place, that make one of its inputs; jobs that are not listed are finished."""
    makers = {path: place for place, job in enumerate(jobs) for path in job.outputs}
    return [sorted({makers[path] for path in job.inputs if path in makers} - {place}) for place, job in enumerate(jobs)]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When everything is done, in seconds, and the most bytes that were on the disk before."""

    seconds: float
    peak: float


def critical_path(jobs: Sequence[Job], works: Sequence[Work]) -> float:
    """Seconds of the longest chain of jobs that wait for each other: no number of devices is faster."""
    return max(_ways(jobs, works), default=0.0)


def simulate(jobs: Sequence[Job], works: Sequence[Work], gpus: Sequence[int], limits: dict[str, int]) -> Schedule:
    """Run all jobs within `limits`; of those that could start, the one with the longest way to the end does.

    works   what each job costs; where that is not known it takes no time and no disk
    gpus    devices that each job holds
    limits  name of LIMITS -> how much there is; a job that asks for more than that gets all of it, as in Snakemake
    """
    ways, order = _ways(jobs, works), TopologicalSorter(dict(enumerate(needs(jobs))))
    order.prepare()
    asks = [_asks(job, held, limits) for job, held in zip(jobs, gpus, strict=True)]
    free, ready, running = dict(limits), [], []
    now = disk = peak = 0.0
    while order.is_active():
        for place in order.get_ready():
            heapq.heappush(ready, (-ways[place], place))
        held = []
        while ready:
            entry = heapq.heappop(ready)
            place = entry[1]
            if any(free[name] < wanted for name, wanted in asks[place].items()):
                held.append(entry)
                continue
            for name, wanted in asks[place].items():
                free[name] -= wanted
            heapq.heappush(running, (now + _known(works[place].seconds), place))
            disk += _known(works[place].disk) + _known(works[place].scratch)
        peak = max(peak, disk)
        ready = held
        now, place = heapq.heappop(running)
        disk -= _known(works[place].scratch)
        for name, wanted in asks[place].items():
            free[name] += wanted
        order.done(place)
    return Schedule(now, peak)


def _asks(job: Job, gpus: int, limits: dict[str, int]) -> dict[str, int]:
    wanted = {"gpu": gpus, "mem_mb": job.mem_mb, "cores": job.threads}
    return {name: min(wanted[name], limit) for name, limit in limits.items()}


def _ways(jobs: Sequence[Job], works: Sequence[Work]) -> list[float]:
    """For each job the seconds of the longest chain that begins with it."""
    before = needs(jobs)
    longest = [0.0] * len(jobs)  # of what follows, until the job itself is added
    for place in reversed([*TopologicalSorter(dict(enumerate(before))).static_order()]):
        longest[place] += _known(works[place].seconds)
        for source in before[place]:
            longest[source] = max(longest[source], longest[place])
    return longest


def _known(number: float) -> float:
    return 0.0 if math.isnan(number) else number
