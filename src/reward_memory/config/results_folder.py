"""The folder of all results: how the configuration may spell it, and where it may lie."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reward_memory.settings import Configuration

#: Characters that mean something in Snakemake's patterns and paths, in a shell's or in a URL.
_SPECIAL = '{}<>*?[]|$\\"'
#: Folders of a checkout that hold the workflow itself; those that begin with a dot are taken to, too.
SOURCES = (
    *("config", "docs", "envs", "perf", "profiles", "reference", "report", "rules", "schemas", "scripts", "src"),
    "tests",
)
#: The key of the folder with the releases.
MIRROR = "data: mirror"
#: Options of Snakemake without a value, and with one.
_ALONE = ("-n", "--dry-run", "-k", "--keep-going", "-F", "--forceall", "--rerun-incomplete")
_ONE_VALUE = ("-c", "--cores", "-j", "--jobs")
_SYSTEM = ("/dev", "/proc", "/sys", "/boot", "/etc", "/usr", "/bin", "/sbin", "/lib")


def expanded(path: str) -> str:
    """`path` with the home folder for a leading ~, which neither Snakemake nor Python's `open` reads as that."""
    return os.path.expanduser(path)


def normal(path: str) -> str:
    """One spelling of a folder, as Snakemake compares paths by their letters: results for ./results and results/."""
    return os.path.normpath(expanded(path))


def mistake(path: str) -> str | None:
    """What is wrong about the name of the folder; None if nothing is."""
    if bad := next((sign for sign in path if sign in _SPECIAL or not sign.isprintable()), None):
        return f"results: {path!r} holds {bad!r}, which has a meaning of its own in paths; choose a name without it."
    if path != path.strip():
        return f"results: {path!r} begins or ends with a space; leave it out."
    if "://" in path:
        return f"results: {path!r} is an address; give a folder of this machine."
    if path.startswith("-"):
        return f"results: {path!r} begins with a dash, so that targets look like options; choose another name."
    if expanded(path).startswith("~"):
        return f"results: {path!r} names the home folder of a user who does not exist; write the folder out."
    return None


def misplaced(path: str, checkout: Path) -> str | None:
    """What is wrong about the place of the folder, as the disk is now; None if nothing is.

    checkout  the folder of the workflow's Snakefile
    """
    try:
        folder, checkout = Path(path).resolve(), checkout.resolve()
        present = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"results: {path} cannot be a folder ({reason}); choose another name."
    for place in (Path(path).absolute(), *Path(path).absolute().parents):
        if place.is_symlink() and not place.exists():
            return (
                f"results: {path}: {place} is a link to {place.readlink()}, which is not there; mount that disk, or "
                "choose another folder."
            )
    for held, what in ((Path.cwd(), "the folder that Snakemake runs in"), (checkout, "the workflow itself")):
        if folder == held or folder in held.parents:
            return f"results: {path} is or holds {what}; choose a folder of its own, such as results."
    if folder.is_relative_to(checkout):
        first = folder.relative_to(checkout).parts[0]
        if first in SOURCES or first.startswith("."):
            return f"results: {path} lies in {first}, a folder of the workflow itself; choose another, such as results."
    here = folder.relative_to(Path.cwd()).parts if folder.is_relative_to(Path.cwd()) else ()
    if here and here[0].startswith("."):
        return f"results: {path} lies in {here[0]}, which other programs keep; choose another, such as results."
    if folder == Path.home() or any(folder.is_relative_to(place) for place in _SYSTEM):
        return f"results: {path} is no folder for results of one workflow; choose another, such as results."
    if not present.is_dir():
        return f"results: {path}: {present} is a file; choose another folder."
    if present != folder and not os.access(present, os.W_OK | os.X_OK):
        return f"results: {path} cannot be made, since {present} is not writable; choose another folder."
    return None


def mixed(path: str, brought: Mapping[str, str]) -> str | None:
    """A folder of the user's that results would be written into, or that is put among them; None if there is none.

    brought  key of the configuration -> the folder that it names
    """
    folder = Path(path).absolute()
    for key, name in brought.items():
        other = Path(os.path.abspath(name))
        # a mirror may be a folder of many things, of which each benchmark reads its own
        inside = folder.is_relative_to(other) and key != MIRROR
        if inside or other in (folder, folder / "raw"):
            return f"results: {path} would be mixed with the files of {key}, {name}; choose a folder of its own."
    return None


def unnamed(config: Configuration) -> str | None:
    """A path of the user's that is not there since a variable in it is not filled in, or that is no folder of releases.

    None if there is none. Other faults of policies and of rollouts to import are told by those who read them.
    """
    found = {f"policies: {name}: path": one.path for name, one in config.policies.items()}
    found |= {MIRROR: config.data.mirror, "rollouts: import": config.rollouts.import_}
    for key, path in found.items():
        if path and not os.path.lexists(path) and ("$" in path or "%(" in path or "{{" in path):
            return f"{key}: {path} is not there, and variables are not filled in here; write the path out."
    mirror = config.data.mirror
    used = any(one.source == "mirror" for one in config.benchmarks.values())
    if used and mirror and not os.path.isdir(mirror):
        wrong = "is a file" if os.path.exists(mirror) else "is not there"
        return f"{MIRROR}: {mirror} {wrong}; give the folder that holds a folder for each benchmark."
    return None


def unexpanded(arguments: Sequence[str]) -> str | None:
    """What is wrong about a target that begins with ~ where the shell has left it; None if there is none."""
    for argument in arguments:
        if argument.startswith("~/") and not Path(argument).exists():
            return f"{argument}: ~ is not the home folder in a target; write {expanded(argument)}."
    return None


def no_target(arguments: Sequence[str]) -> str | None:
    """What is wrong about a configuration in the place of a target: Snakemake would find it there and do nothing.

    Arguments of options that this does not know are passed over.
    """
    values = 0  # that the last option takes
    for argument in arguments:
        if argument.startswith("-"):
            alone = argument in _ALONE or "=" in argument or (argument[:2] in ("-c", "-j") and argument[2:])
            values = 0 if alone else 1 if argument in _ONE_VALUE else len(arguments)
        elif values:
            values -= 1
        elif argument.endswith((".yaml", ".yml")):
            return f"{argument}: is no target but a configuration; write --configfile {argument}."
    return None
