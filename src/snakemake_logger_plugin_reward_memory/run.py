"""The lines of one run. Imports no Snakemake, so that tests can play a run."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Expected seconds of a rule's job before one is measured, on two CPU cores; scaled by the pace of the run.
EXPECTED = {
    "bootstrap_policy": 120,
    "train_policy": 90,
    "evaluate_policy": 15,
    "embed_rollouts": 15,
    "fit_reward_model": 10,
    "sample_rollouts": 10,
    "count_prompt_tokens": 10,
}
OTHERS = 4
#: Prefix of the log line with a job's result, see `reward_memory.jobs.job.Job.result`.
RESULT = "result: "
#: That line is searched in this many bytes at the end of the log.
END = 4000
#: Rows of the table of averages that is printed at the end.
ROWS = 12


@dataclass
class OneJob:
    """A job as Snakemake describes it: rule and wildcards, log and files."""

    rule: str
    wildcards: str
    log: str | None
    outputs: list[str]
    inputs: list[str]

    @property
    def name(self) -> str:
        return f"{self.rule} {self.wildcards}".strip()


@dataclass
class Run:
    """Counts jobs and seconds; every method returns the lines to print. `clock` gives seconds."""

    clock: Callable[[], float]
    jobs: dict[int, OneJob] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    running: dict[int, float] = field(default_factory=dict)
    last: int | None = None
    total: int = 0
    done: int = 0
    failed: set[int] = field(default_factory=set)
    begun: float = 0.0

    def begins(self, stats: Mapping[str, int]) -> list[str]:
        """stats  rule -> number of jobs, and `total`."""
        self.left = Counter({rule: int(count) for rule, count in stats.items() if rule != "total"})
        self.total, self.begun = sum(self.left.values()), self.clock()
        parts = [f"{count} {rule}" for rule, count in self.left.most_common()]
        return [f"{self.total} jobs: {', '.join(parts)}", f"About {_span(self.time_left(1))} of work on one core."]

    def learns(self, info: Mapping[str, Any]) -> list[str]:
        """Store a job's details, which Snakemake sends when the job starts."""
        wildcards = info.get("wildcards") or {}
        self.jobs[info["jobid"]] = OneJob(
            rule=info["rule_name"],
            wildcards=" ".join(str(value) for value in dict(wildcards.items()).values()),
            log=next(iter(info.get("log") or []), None),
            outputs=[str(path) for path in info.get("output") or []],
            inputs=[str(path) for path in info.get("input") or []],
        )
        return []

    def starts(self, numbers: Iterable[int]) -> list[str]:
        self.running |= dict.fromkeys(numbers, self.clock())
        return []

    def finishes(self, number: int) -> list[str]:
        took = self._took(number)
        job = self.jobs.get(number)
        self.done, self.last = self.done + 1, number
        if job is None:
            return []
        self.seconds[job.rule].append(took)
        self.left[job.rule] -= 1
        left = self.time_left()
        ahead = f"[{self.done}/{self.total}" + (f", {_span(left)} left] " if self.done < self.total else "] ")
        result = _result(job.log)
        return [f"{ahead}{job.name}: {_span(took)}" + (f", {result}" if result else "")]

    def fails(self, number: int) -> list[str]:
        """The job itself has printed the reason, in one sentence on the same terminal."""
        self.failed.add(number)  # Snakemake may report a failure twice
        took = self._took(number)
        job = self.jobs.get(number)
        return [] if job is None else [f"FAILED {job.name} after {_span(took)}; log: {job.log}"]

    def ended(self) -> list[str]:
        """The last lines: how long it took, the results, and the averages of a table of accuracies."""
        if not self.total or not (self.done or self.failed):
            return []
        total, self.total = self.total, 0  # Snakemake closes its handlers more than once
        took = f"{self.done} of {total} jobs done in {_span(self.clock() - self.begun)}"
        if self.done < total:
            after = " once the reason above is gone" if self.failed else ""
            return [f"{took}, {len(self.failed)} failed. The same command runs what is left{after}."]
        # a target such as `all` has no outputs: its inputs are the results, tables first
        requested = [path for job in self.jobs.values() if not job.outputs for path in job.inputs]
        used = {path for job in self.jobs.values() if job.outputs for path in job.inputs}
        written = {path for job in self.jobs.values() for path in job.outputs if path.endswith(".csv")}
        tables = [path for path in requested if path.endswith(".csv")] or sorted(written - used)
        lines = [f"{took}. Results: {', '.join((tables or self.jobs[self.last].outputs)[:4])}"]
        return lines + next((found for path in tables if (found := averages(Path(path)))), [])

    def _took(self, number: int) -> float:
        now = self.clock()
        return now - self.running.pop(number, now)

    def time_left(self, cores: int | None = None) -> float:
        """Seconds until the end, from the jobs that are left and the average number that ran in parallel."""
        measured = sum(sum(taken) for taken in self.seconds.values())
        expected = sum(EXPECTED.get(rule, OTHERS) * len(taken) for rule, taken in self.seconds.items())
        pace = measured / expected if expected else 1.0
        work = 0.0
        for rule, count in self.left.items():
            taken = self.seconds.get(rule)
            each = sum(taken) / len(taken) if taken else EXPECTED.get(rule, OTHERS) * pace
            work += each * count
        now = self.clock()
        spent = sum(now - started for started in self.running.values())
        elapsed = max(now - self.begun, 1e-9)
        parallel = cores or max((measured + spent) / elapsed, 1.0)
        return max(work - spent, 0.0) / parallel


def averages(table: Path) -> list[str]:
    """The sample-weighted averages of a table of accuracies, aligned; no lines for another table."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("benchmark") == "average (sample-weighted)"]
    if not rows or not {"policy", "method", "label_ratio", "accuracy", "ci_low", "ci_high"} <= rows[0].keys():
        return []
    lines = [["policy", "method", "labels", "accuracy, %", "95 % interval"]]
    for row in rows[:ROWS]:
        low, high = (f"{float(row[name]):.1f}" for name in ("ci_low", "ci_high"))
        cells = [row["policy"], row["method"], f"{row['label_ratio']} %", f"{float(row['accuracy']):.1f}"]
        lines.append([*cells, f"{low} to {high}"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    more = [f"and {len(rows) - ROWS} more"] if len(rows) > ROWS else []
    return ["", *text, *more]


def _result(log: str | None) -> str | None:
    """The last result in a job's log."""
    if log is None or not Path(log).exists():
        return None
    with Path(log).open("rb") as file:
        file.seek(max(Path(log).stat().st_size - END, 0))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return next((line.removeprefix(RESULT) for line in reversed(lines) if line.startswith(RESULT)), None)


def _span(seconds: float) -> str:
    """Seconds in readable form: 12 s, 4 min 10 s, 3 h 5 min."""
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s"
    return f"{total // 3600} h {total % 3600 // 60} min"
