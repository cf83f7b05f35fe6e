"""Rollouts supplied by the user: one file of queries and responses, described in docs/import.md."""

from .files import check
from .reading import BAD_ROWS, read, refuse, refuse_one_sided
from .tables import Part, build

__all__ = ["BAD_ROWS", "Part", "build", "check", "read", "refuse", "refuse_one_sided"]
