"""The command line of the sandbox's warm process, and what this machine allows of isolation."""

import functools
import json
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ..pool import StartError, WarmPool
from .inside import calls, confine, landlock
from .replies import read

INSIDE = Path(__file__).parent / "inside"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# a fixed hash seed: the order of a candidate's sets is the same in every run
ENVIRONMENT |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def architecture_fault() -> str:
    """Why no code can run on this processor; "" if it can."""
    machine = platform.machine()
    known = ", ".join(calls.ARCHITECTURE)
    return "" if machine in calls.ARCHITECTURE else f"there is no system call filter for {machine}, only for {known}"


@functools.cache
def bubblewrap_fault() -> str:
    """Why full isolation cannot be had here, found out by trying it once; "" if it can."""
    if shutil.which("bwrap") is None:
        return "is not installed"
    fault = _fault(command(True, 1, 1 << 30))
    return fault and f"cannot isolate a process on this machine ({fault})"


@functools.cache
def reduced_fault(landlock_version: int) -> str:
    """Why not even reduced isolation can be had here; "" if it can."""
    return _fault(command(False, 1, 1 << 30, landlock_version))


def _fault(line: list[str]) -> str:
    pool = WarmPool("the sandbox", lambda: line, ENVIRONMENT, in_flight=1, attempts=1)
    job = {"code": "def f(): return 7", "earlier": [], "setup": "", "calls": [{"name": "f", "args": []}]}
    try:
        (reply,) = pool.run([({"timeout": 30.0}, json.dumps(job).encode)])
        run = read(reply, 1)
        return "" if [call.value for call in run.calls] == [7] else run.error or run.end
    except StartError as error:
        return str(error)
    finally:
        pool.close()


def exposure(landlock_version: int) -> str:
    """What reduced isolation leaves open on this machine, in one sentence."""
    if landlock_version:
        return "It is kept to a folder of its own by Landlock, but can find out which files and processes exist."
    if os.geteuid() == 0 and confine.others_can_read(os.__file__):
        return (
            "This kernel has no Landlock, so it can read every file that all users of this machine may read, and fill "
            "folders in which all may write, such as /tmp."
        )
    return (
        "This kernel has no Landlock, so it can read and change this user's files and read the memory of this user's "
        "programs, expected values included; use it only where that does no harm."
    )


def command(isolated: bool, workers: int, memory: int, landlock_version: int | None = None) -> list[str]:
    """The command line of the runner, inside bubblewrap or bare, there with this version of Landlock (0: without)."""
    settings = {"isolated": isolated, "workers": workers, "slow": 4 + 4 * workers, "memory": memory}
    interpreter = os.path.realpath(sys.executable)
    # -S: no site-packages, so nothing of this environment is importable; -P is implied by -I, which -S needs not
    python = [interpreter, "-S", "-s"]
    if isolated:
        return [*_bubblewrap(interpreter), *python, "/runner/runner.py", json.dumps(settings)]
    settings["landlock"] = landlock.version() if landlock_version is None else landlock_version
    settings["packages"] = _packages()
    folders = ["/lib", "/lib64", "/lib32", *_libraries(interpreter), *settings["packages"]]
    settings["readable"] = list(dict.fromkeys(map(os.path.realpath, folders)))
    settings["hidden"] = list(map(os.path.realpath, _hidden()))
    return [*python, str(INSIDE / "runner.py"), json.dumps(settings)]


def _standard_library() -> str:
    return sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix})


def _libraries(interpreter: str) -> list[str]:
    """What an interpreter needs to run. Not /usr as a whole: container images like to keep the application there."""
    library = _standard_library()
    return ["/usr/lib", "/usr/lib64", "/etc/ld.so.cache", f"{sys.base_prefix}/lib", library, interpreter]


def _hidden() -> Iterator[str]:
    """Folders of installed packages within the libraries."""
    library = _standard_library()
    for packages in (f"{library}/site-packages", f"{library}/dist-packages", "/usr/lib/python3/dist-packages"):
        if Path(packages).is_dir():
            yield packages


def _packages() -> list[str]:
    """The folders of numpy, the one package that programs may import."""
    spec = find_spec("numpy")
    folders = [Path(spec.origin).parents[1] / name for name in ("numpy", "numpy.libs")] if spec and spec.origin else []
    return [str(folder) for folder in folders if folder.is_dir()]


def _bubblewrap(interpreter: str) -> list[str]:
    """An empty root with the interpreter, its libraries and the runner, all read-only.

    The user namespace's capabilities are for the runner, which gives each candidate its own namespaces; a candidate
    loses them before it starts.
    """
    line = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-add", "ALL"]
    line += ["--clearenv", "--new-session", "--hostname", "sandbox"]
    for name, value in ENVIRONMENT.items():
        line += ["--setenv", name, value]
    for folder in ("/lib", "/lib64", "/lib32"):
        if Path(folder).is_symlink():
            line += ["--symlink", os.readlink(folder), folder]
        elif Path(folder).is_dir():
            line += ["--ro-bind", folder, folder]
    for path in _libraries(interpreter):
        line += ["--ro-bind-try", path, path]
    for packages in _hidden():
        line += ["--tmpfs", packages, "--remount-ro", packages]
    for device in ("null", "zero", "random", "urandom"):
        line += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for folder in _packages():
        line += ["--ro-bind", folder, f"/packages/{Path(folder).name}"]
    line += ["--ro-bind", str(INSIDE), "/runner", "--proc", "/proc", "--dir", "/work", "--symlink", "work", "/tmp"]
    return [*line, "--remount-ro", "/", "--chdir", "/"]
