"""transformers with fewer imports: import this module before any class of transformers.

Every Auto class imports scikit-learn and scipy. This takes 2 s of CPU time, a quarter of a short job's imports, and
only assisted decoding and object-detection losses use them, which nothing here needs. transformers also reads the file
list of each installed distribution, 0.4 s, to look up two of them.
"""

from importlib import metadata


class Distributions(dict[str, list[str]]):
    """Package -> its distributions, as from `metadata.packages_distributions`, but looked up lazily."""

    def __init__(self):
        super().__init__()
        self._read = metadata.packages_distributions

    def __missing__(self, package: str) -> list[str]:
        try:
            return [metadata.distribution(package).name]
        except metadata.PackageNotFoundError:  # the distribution has another name
            return self._read()[package]

    def get(self, package: str, default: list[str] | None = None) -> list[str] | None:
        return self._read().get(package, default)


_read, metadata.packages_distributions = metadata.packages_distributions, Distributions
import transformers.utils  # noqa: E402

metadata.packages_distributions = _read
transformers.utils.is_sklearn_available = transformers.utils.is_scipy_available = lambda: False
