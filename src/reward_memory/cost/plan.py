"""The plan of a configuration before it runs: what is done, what is left, what the rest costs."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from reward_memory.config import loading
from reward_memory.errors import InputError

from . import memory
from .jobs import Job, dry_run, matrix
from .model import Model
from .table import cost_table


@dataclass(frozen=True, slots=True)
class Plan:
    """What `reward-memory plan` tells.

    table    table.COLUMNS; `finished` is what Snakemake would not make again
    left     jobs that Snakemake would run now
    limits   of the profile
    unknown  policies whose size nobody knows before they are downloaded
    memory   what trainings need of a GPU's memory; None where the configuration does not say how much there is
    """

    table: pd.DataFrame
    left: list[Job]
    model: Model
    limits: dict[str, int]
    unknown: list[str]
    memory: str | None = None


def plan(
    snakefile: Path,
    targets: Sequence[str],
    configfiles: Sequence[Path],
    pairs: Sequence[str],
    profile: Path | None,
    limits: dict[str, int],
) -> Plan:
    """What `snakemake TARGETS` with these options would cost.

    pairs    key=value, as of Snakemake's --config
    profile  folder of a workflow profile: its caps and its own resources of rules are taken from it; None is
             Snakemake's default, profiles/default
    limits   name of schedule.LIMITS -> how much there is, before the profile's

    InputError for a wrong configuration or profile.
    """
    home = snakefile.resolve().parent
    configfiles = list(configfiles) or [home / "config.yaml"]
    config = load(configfiles, pairs)
    memory.check(config, home / "reference", _named(configfiles))
    given, options = _profile(profile or home / "profiles/default", profile is not None)
    limits = given | limits
    options = ["--configfile", *map(str, configfiles), *options]
    jobs = matrix(snakefile, targets, options, pairs, config["results"])
    left = jobs
    if Path(config["results"]).is_dir():
        left = dry_run(snakefile, targets, [*options, *(["--config", *pairs] if pairs else [])])
    todo = {job.key for job in left}
    done = {job.key for job in jobs if job.key not in todo}
    model = Model(config, home / "reference", limits.get("gpu"))
    used = {job.of("policy") for job in jobs}
    unknown = [name for name, size in model.sizes.items() if size is None and name in used]
    return Plan(
        cost_table(jobs, model, done, limits), left, model, limits, unknown, memory.summary(config, home / "reference")
    )


def load(configfiles: Sequence[Path], pairs: Sequence[str]) -> dict[str, Any]:
    """The configuration as Snakemake would see it: later files and pairs go before earlier ones.

    InputError for a missing file, what is no mapping, and all that loading.load refuses.
    """
    config: dict[str, Any] = {}
    for path in configfiles:
        config = _merged(config, _mapping(path))
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--config {pair}: should be key=value.")
        config = _merged(config, {key: yaml.safe_load(value)})
    return loading.load(config, _named(configfiles))


def _named(configfiles: Sequence[Path]) -> str:
    return " + ".join(os.path.relpath(path) for path in configfiles)


def _profile(folder: Path, named: bool) -> tuple[dict[str, int], list[str]]:
    """(caps, Snakemake options for the rules' resources) of a workflow profile; the default one may be missing."""
    if not named and not folder.is_dir():
        return {}, []
    settings = _mapping(folder / "config.yaml")
    caps = {name: value for name, value in settings.get("resources", {}).items() if name in ("gpu", "mem_mb")}
    if isinstance(settings.get("cores"), int):
        caps["cores"] = settings["cores"]
    own = settings.get("set-resources", {})
    listed = [f"{rule}:{name}={value}" for rule, asked in own.items() for name, value in asked.items()]
    return caps, ["--set-resources", *listed] if listed else []


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: should hold `key: value` lines.")
    return found


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}
