"""Registration of tables over graded responses or predictions, from this package or another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reward_memory.errors import InputError
from reward_memory.plugins import Parts
from reward_memory.storage import parquet

if TYPE_CHECKING:
    import pandas as pd

#: Input of a table -> the input's columns.
INPUTS = {"grades": parquet.GRADED, "predictions": parquet.PREDICTIONS}


@dataclass(frozen=True, slots=True)
class Table:
    """A registered table; `rows` maps results to rows, and all fields are as in `register`."""

    name: str
    rows: Callable[[pd.DataFrame], Iterable[Mapping[str, Any]]]
    columns: tuple[str, ...]
    inputs: str
    suite: str
    digits: int

    def write(self, results: pd.DataFrame, path: Path) -> None:
        """Write the table as CSV. InputError if a row has a column that is not registered, or lacks one."""
        import pandas as pd  # not above: planning waits for the import

        rows = [dict(row) for row in self.rows(results)]
        for row in rows:
            if {*row} != {*self.columns}:
                wrong = sorted({*row} ^ {*self.columns})[0]
                raise InputError(
                    f"table {self.name}: a row has {', '.join(row)}, but register lists {', '.join(self.columns)}; "
                    f"correct {wrong}."
                )
        table = pd.DataFrame(rows, columns=list(self.columns))
        table.to_csv(path, index=False, float_format=f"%.{self.digits}f")


TABLES: Parts[Table] = Parts("tables", "reward_memory.tables", Path(__file__).parent, __package__)


def register(
    name: str, *, columns: Iterable[str], inputs: str = "grades", suite: str = "main", digits: int = 2
) -> Callable:
    """Decorator for the function that makes the rows of `results/tables/NAME.csv`.

    columns  of the table, in their order; each row has all of them
    inputs   one of INPUTS: grades, the graded test responses of all arms, or predictions, of all reward models
    suite    suite of the graded arms; predictions are of suite main
    digits   after the decimal point

    The function gets these results as one pandas table with the columns in INPUTS; its rows are in any order.
    Planning reads `name` from the file without importing it: write it as a string literal. InputError if `inputs` is
    not one of INPUTS, ValueError if the name is taken.
    """
    if inputs not in INPUTS:
        raise InputError(f"table {name}: inputs: {inputs!r} is not one of {', '.join(INPUTS)}.")

    def decorator(rows: Callable[[pd.DataFrame], Iterable[Mapping[str, Any]]]) -> Callable:
        TABLES.add(name, Table(name, rows, tuple(columns), inputs, suite, digits))
        return rows

    return decorator
