"""Check split sizes against the size of each benchmark, before its files are downloaded and read."""

from reward_memory.data.registry import BENCHMARKS, REGISTERED
from reward_memory.settings import Configuration

#: Every stand-in has more items than this, so planning does not have to count them.
_ALWAYS_AVAILABLE = 200


def mistake(config: Configuration) -> str | None:
    """Return a message if a benchmark has too few queries, or None. The job checks limits that only its files show."""
    for name, benchmark in config.benchmarks.items():
        sizes = [benchmark.train or 0, benchmark.valid, benchmark.test]
        if benchmark.source == "import" or (sum(sizes) <= _ALWAYS_AVAILABLE and benchmark.source == "generated"):
            continue
        if benchmark.source == "generated":
            available, what = (_generated(name), "generated ones exist") if name not in REGISTERED else (None, "")
        else:
            available, what = _released(config, name), "are in its release"
        if available is not None and sum(sizes) > available:
            return (
                f"benchmarks: {name}: train, valid and test request {sum(sizes)} queries in total, but only "
                f"{available} {what}; lower them."
            )
    return None


def _generated(name: str) -> int:
    from reward_memory.data import generated

    return generated.limit(name)


def _released(config: Configuration, name: str) -> int | None:
    """Rows in all splits of the complete release; None if unknown or if the files may be incomplete."""
    if config.data.partial or not BENCHMARKS[name].rows:
        return None
    return sum(BENCHMARKS[name].rows.values())
