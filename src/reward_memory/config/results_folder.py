"""Check the results folder: its spelling in the configuration, and its location."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reward_memory.settings import Configuration

#: Characters with a special meaning in Snakemake patterns and paths, in a shell or in a URL.
_SPECIAL = '{}<>*?[]|$\\"'
#: Folders of a checkout that belong to the workflow, as do all whose names begin with a dot.
SOURCES = (
    *("config", "docs", "envs", "perf", "profiles", "reference", "report", "rules", "schemas", "scripts", "src"),
    "tests",
)
#: Key of the folder with released benchmark files.
MIRROR = "data: mirror"
#: Snakemake options without a value, then with one.
_FLAGS = ("-n", "--dry-run", "-k", "--keep-going", "-F", "--forceall", "--rerun-incomplete")
_WITH_VALUE = ("-c", "--cores", "-j", "--jobs")
_SYSTEM = ("/dev", "/proc", "/sys", "/boot", "/etc", "/usr", "/bin", "/sbin", "/lib")


def expanded(path: str) -> str:
    """Expand a leading ~ to the home folder; neither Snakemake nor Python's `open` does."""
    return os.path.expanduser(path)


def normal(path: str) -> str:
    """Normalize a path, because Snakemake compares paths as strings: ./results and results/ become results."""
    return os.path.normpath(expanded(path))


def mistake(path: str) -> str | None:
    """Return what is wrong with the name of the folder, or None."""
    if bad := next((sign for sign in path if sign in _SPECIAL or not sign.isprintable()), None):
        return f"results: {path!r} contains {bad!r}, which has a special meaning in paths; choose a name without it."
    if path != path.strip():
        return f"results: {path!r} begins or ends with a space; leave it out."
    if "://" in path:
        return f"results: {path!r} is a URL; give a folder on this machine."
    if path.startswith("-"):
        return f"results: {path!r} begins with a dash, so that targets look like options; choose another name."
    if expanded(path).startswith("~"):
        return f"results: {path!r} names the home folder of a user who does not exist; write the folder out."
    return None


def bad_location(path: str, checkout: Path) -> str | None:
    """Return what is wrong with the location of the folder on this disk, or None.

    checkout  folder of the workflow's Snakefile
    """
    try:
        folder, checkout = Path(path).resolve(), checkout.resolve()
        nearest = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"results: {path} cannot be a folder ({reason}); choose another name."
    for place in (Path(path).absolute(), *Path(path).absolute().parents):
        if place.is_symlink() and not place.exists():
            return (
                f"results: {path}: {place} is a link to {place.readlink()}, which does not exist; mount that disk, or "
                "choose another folder."
            )
    for occupied, what in ((Path.cwd(), "the folder that Snakemake runs in"), (checkout, "the workflow itself")):
        if folder == occupied or folder in occupied.parents:
            return f"results: {path} is or holds {what}; choose a separate folder, such as results."
    if folder.is_relative_to(checkout):
        first = folder.relative_to(checkout).parts[0]
        if first in SOURCES or first.startswith("."):
            return f"results: {path} lies in {first}, a folder of the workflow itself; choose another, such as results."
    parts = folder.relative_to(Path.cwd()).parts if folder.is_relative_to(Path.cwd()) else ()
    if parts and parts[0].startswith("."):
        return f"results: {path} lies in {parts[0]}, which belongs to other programs; choose another, such as results."
    if folder == Path.home() or any(folder.is_relative_to(place) for place in _SYSTEM):
        return f"results: {path} is the home folder or a system folder; choose another, such as results."
    if not nearest.is_dir():
        return f"results: {path}: {nearest} is a file; choose another folder."
    if nearest != folder and not os.access(nearest, os.W_OK | os.X_OK):
        return f"results: {path} cannot be created, because {nearest} is not writable; choose another folder."
    return None


def overlap(path: str, user_folders: Mapping[str, str]) -> str | None:
    """Return a message if the results folder and a folder of the user overlap, or None.

    user_folders  key of the configuration -> the user's folder that it names
    """
    folder = Path(path).absolute()
    for key, name in user_folders.items():
        other = Path(os.path.abspath(name))
        # results may be inside a mirror, where each benchmark reads only its own folder
        inside = folder.is_relative_to(other) and key != MIRROR
        if inside or other in (folder, folder / "raw"):
            return f"results: {path} would be mixed with the files of {key}, {name}; choose a separate folder."
    return None


def missing_path(config: Configuration) -> str | None:
    """Return a message about a missing path with an unexpanded variable, or a data: mirror that is no folder, or None.

    Other problems with policies and imported rollouts are reported by the code that reads them.
    """
    paths = {f"policies: {name}: path": one.path for name, one in config.policies.items()}
    paths |= {MIRROR: config.data.mirror, "rollouts: import": config.rollouts.import_}
    for key, path in paths.items():
        if path and not os.path.lexists(path) and ("$" in path or "%(" in path or "{{" in path):
            return f"{key}: {path} does not exist, and variables are not expanded here; write the path out."
    mirror = config.data.mirror
    used = any(one.source == "mirror" for one in config.benchmarks.values())
    if used and mirror and not os.path.isdir(mirror):
        wrong = "is a file" if os.path.exists(mirror) else "does not exist"
        return f"{MIRROR}: {mirror} {wrong}; give the folder that has a subfolder for each benchmark."
    return None


def unexpanded(arguments: Sequence[str]) -> str | None:
    """Return a message about a target with a leading ~ that the shell did not expand, or None."""
    for argument in arguments:
        if argument.startswith("~/") and not Path(argument).exists():
            return f"{argument}: ~ is not the home folder in a target; write {expanded(argument)}."
    return None


def no_target(arguments: Sequence[str]) -> str | None:
    """Return a message about a configuration file given as a target, or None: Snakemake would find it and do nothing.

    Arguments after an unknown option are not checked.
    """
    values = 0  # number of values that the last option takes
    for argument in arguments:
        if argument.startswith("-"):
            is_flag = argument in _FLAGS or "=" in argument or (argument[:2] in ("-c", "-j") and argument[2:])
            values = 0 if is_flag else 1 if argument in _WITH_VALUE else len(arguments)
        elif values:
            values -= 1
        elif argument.endswith((".yaml", ".yml")):
            return f"{argument}: is a configuration file, not a target; write --configfile {argument}."
    return None
