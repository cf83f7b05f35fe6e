"""Write and read the workflow's CSV tables."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from reward_memory.errors import InputError

from .files import REBUILD_HINT, atomic_path


def read(path: str | Path, numbers: Iterable[str] = (), columns: Iterable[str] = (), **options: Any) -> pd.DataFrame:
    """Read a table.

    numbers  required columns that hold numbers
    columns  other required columns
    options  options of pandas.read_csv

    Raise InputError that names the file if it is missing or damaged, or lacks such a column.
    """
    try:
        table = pd.read_csv(path, **options)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the same command again to build it.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {REBUILD_HINT}.") from error
    except ValueError as error:  # pandas raises it for empty, truncated and binary files
        raise InputError(f"{path}: is not a complete table; {REBUILD_HINT}.") from error
    (first, *others) = table.columns
    if not others and re.search("[;\t]", str(first)):
        raise InputError(f"{path}: was saved by another program, with separators other than commas; {REBUILD_HINT}.")
    for name in columns:
        if name not in table:
            raise InputError(f"{path}: has no column {name!r}; {REBUILD_HINT}.")
    for name in numbers:
        if name not in table:
            raise InputError(f"{path}: has no column {name!r}; {REBUILD_HINT}.")
        if table[name].notna().any() and not pd.api.types.is_numeric_dtype(table[name]):
            raise InputError(f"{path}: column {name!r} does not hold numbers; {REBUILD_HINT}.")
    return table


def write(
    rows: pd.DataFrame | Iterable[Mapping[str, Any] | tuple],
    path: str | Path,
    columns: Iterable[str] | None = None,
    form: str | None = None,
) -> None:
    """Write a table atomically; `form` is the format of floats, such as %.2f."""
    with atomic_path(path) as temporary:
        pd.DataFrame(rows, columns=None if columns is None else pd.Index(columns)).to_csv(
            temporary, index=False, float_format=form
        )
