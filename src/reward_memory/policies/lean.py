"""transformers with fewer imports: import this before any of transformers' classes.

Only assisted decoding and the losses of models that detect objects use scikit-learn and scipy there, which nothing here
does. Every Auto class imports both, which takes 2 s of a processor, a quarter of what a short job spends on imports.
transformers also reads which files belong to each installed distribution, 0.4 s, to look two of them up.
"""

from importlib import metadata


class Distributions(dict[str, list[str]]):
    """The distributions of packages, as `metadata.packages_distributions` gives them, read when they are asked for."""

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
