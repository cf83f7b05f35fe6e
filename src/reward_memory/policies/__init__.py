"""Policies: the tiny one that the workflow bootstraps, models imported from GGUF, and what a policy folder holds."""

from typing import Any

from .snapshots import check, import_gguf

__all__ = ["bootstrap", "check", "import_gguf"]


def __getattr__(name: str) -> Any:
    # `pretraining` needs torch, which takes seconds to import; checking a folder does not.
    if name == "bootstrap":
        from .pretraining import bootstrap

        return bootstrap
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
