"""Experiment trackers that verl sends metrics to, in addition to the file that this workflow reads."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reward_memory.errors import InputError

#: verl's logger whose file becomes history.csv; always used.
FILE = "file"


@dataclass(frozen=True, slots=True)
class Trackers:
    """Where one training reports its metrics.

    loggers  verl's names, including FILE
    folder   of the trackers' files, absolute
    suite    the group of the run
    name     of the run: policy, method, label ratio and seed
    """

    loggers: tuple[str, ...] = (FILE,)
    folder: Path = Path("/")
    suite: str = ""
    name: str = ""

    @classmethod
    def of(cls, loggers: Sequence[str], folder: Path, names: Mapping[str, str | int]) -> "Trackers":
        """Trackers of a run; `names` are the columns of history.csv that identify it."""
        name = ".".join(str(names[key]) for key in ("policy", "method", "label_ratio", "seed"))
        return cls(tuple(loggers), folder.resolve(), str(names["suite"]), name)

    def environment(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Variables that send the trackers' files below `folder`; those in `given` stay, but for TENSORBOARD_DIR."""
        of_run = self.folder / "tensorboard" / self.suite / self.name
        variables = {
            "tensorboard": {"TENSORBOARD_DIR": str(of_run)},
            "wandb": {"WANDB_DIR": str(self.folder), "WANDB_RUN_GROUP": self.suite},
            "mlflow": {"MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db"},
            "swanlab": {"SWANLAB_LOG_DIR": str(self.folder / "swanlab")},
        }
        requested = {key: value for logger in self.loggers for key, value in variables.get(logger, {}).items()}
        return {key: value for key, value in requested.items() if key == "TENSORBOARD_DIR" or key not in given}

    def prepare(self) -> None:
        """Create the folder for the files; InputError if a tracker is not installed."""
        check(self.loggers)
        if set(self.loggers) - {FILE}:
            self.folder.mkdir(parents=True, exist_ok=True)


#: No tracker, only the file.
UNTRACKED = Trackers()


def check(loggers: Sequence[str]) -> None:
    """Raise InputError if a tracker's package is not installed; verl would report it only after starting Ray."""
    for name in loggers:
        if name != FILE and find_spec(name) is None:
            raise InputError(
                f"training: logger: {name} is not installed; run `pip install {name}`, or leave {name} out of the list."
            )
