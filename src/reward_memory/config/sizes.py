"""Sizes of splits that a benchmark cannot fill, told before its files are fetched and read."""

from reward_memory.data.registry import BENCHMARKS, OWN
from reward_memory.settings import Configuration

#: Every stand-in has more items than this, so that planning need not count them.
_ALWAYS_THERE = 200


def mistake(config: Configuration) -> str | None:
    """More queries than a benchmark has. What only its files tell, such as rows to drop, is left to the job."""
    for name, benchmark in config.benchmarks.items():
        sizes = [benchmark.train or 0, benchmark.valid, benchmark.test]
        if benchmark.source == "import" or (sum(sizes) <= _ALWAYS_THERE and benchmark.source == "generated"):
            continue
        if benchmark.source == "generated":
            have, what = (_generated(name), "generated ones exist") if name not in OWN else (None, "")
        else:
            have, what = _released(config, name), "are in its release"
        if have is not None and sum(sizes) > have:
            return (
                f"benchmarks: {name}: train, valid and test ask for {sum(sizes)} queries in all, and {have} {what}; "
                "lower them."
            )
    return None


def _generated(name: str) -> int:
    from reward_memory.data import generated

    return generated.limit(name)


def _released(config: Configuration, name: str) -> int | None:
    """Rows of all splits of the whole release; None if the files may be others."""
    if config.data.partial or not BENCHMARKS[name].rows:
        return None
    return sum(BENCHMARKS[name].rows.values())
