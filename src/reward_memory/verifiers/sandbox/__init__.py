"""Running a policy's code where it can do no harm, and bringing its return values back as plain data.

Full isolation is bubblewrap: one warm container without network, home, checkout or secrets, and in it, for every
candidate, a process namespace, a mount namespace with an empty folder, resource limits, no capabilities and a system
call filter. Reduced isolation keeps what needs no namespaces: limits, filter, an empty folder, a scrubbed environment,
and the user nobody where the caller is root and the interpreter is not kept from nobody.
"""

import functools
import json
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...errors import InputError
from ..pool import Reply, StartError, WarmPool

INSIDE = Path(__file__).parent / "inside"
ISOLATIONS = ("bubblewrap", "reduced")
MENDS = "install the package bubblewrap, or set `sandbox: reduced` in the config to run code with less isolation"


@dataclass(frozen=True, slots=True)
class Call:
    """What came of one call: its encoded return value (see inside/values.py), or the error that it raised."""

    value: object
    error: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one candidate.

    end      "ended", "timeout", "output" (wrote too much) or "lost" (the sandbox itself died with it, twice)
    error    why the code could not be loaded, "" if it could
    calls    in order; fewer than asked for if the candidate ended early
    """

    end: str
    seconds: float
    error: str
    calls: tuple[Call, ...]


class Sandbox:
    """A warm pool of confined processes, started on the first job; safe from any thread.

    isolation  "bubblewrap" or "reduced" (bubblewrap where it works)
    workers    candidates that start at a time; those older than 0.3 s make room for others at a lower priority
    timeout    seconds for a candidate with all its calls, those not counted in which it waits for a core
    memory     bytes of address space a process
    """

    def __init__(self, isolation: str, workers: int, timeout: float, memory: int = 1 << 30):
        if isolation not in ISOLATIONS:
            raise InputError(f"sandbox: {isolation!r} is not one of {', '.join(ISOLATIONS)}.")
        self.isolation, self.workers, self.timeout, self.memory = isolation, workers, timeout, memory
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # a fixed hash seed: the order of a candidate's sets is the same in every run
        environment |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self.pool = WarmPool("the sandbox", self._command, environment, in_flight=16 + 8 * workers)

    def run(self, jobs: list[dict]) -> list[Run]:
        """Run candidates; a job is {"code", "earlier", "setup", "calls"} as in inside/runner.py, and may name a longer
        "timeout" in seconds.

        InputError if full isolation is asked for and cannot be had.
        """
        timeouts = [max(self.timeout, job.get("timeout", 0.0)) for job in jobs]
        timed = zip(timeouts, jobs, strict=True)
        replies = self.pool.run([({"timeout": timeout}, functools.partial(_payload, job)) for timeout, job in timed])
        return [_read(reply) for reply in replies]

    def _command(self) -> list[str]:
        isolated = self.isolation == "bubblewrap" or not bubblewrap_fault()
        if self.isolation == "bubblewrap" and (fault := bubblewrap_fault()):
            raise InputError(f"sandbox: bubblewrap {fault}; {MENDS}.")
        if not isolated:
            _warn(bubblewrap_fault())
        return command(isolated, self.workers, self.memory)

    def close(self) -> None:
        self.pool.close()


def _payload(job: dict) -> bytes:
    return json.dumps(job).encode()


@functools.cache
def _warn(fault: str) -> None:
    print(
        f"WARNING: sandbox: bubblewrap {fault}. Code written by the policy runs with REDUCED ISOLATION: it can read "
        "the files that this user's programs can read. Use it only where that does no harm.",
        file=sys.stderr,
        flush=True,
    )


@functools.cache
def bubblewrap_fault() -> str:
    """Why full isolation cannot be had here, found out by trying it once; "" if it can."""
    if shutil.which("bwrap") is None:
        return "is not installed"
    line = command(True, 1, 1 << 30)
    pool = WarmPool("bubblewrap", lambda: line, {"PATH": "/usr/bin:/bin"}, in_flight=1, attempts=1)
    try:
        job = {"code": "def f(): return 7", "earlier": [], "setup": "", "calls": [{"name": "f", "args": []}]}
        (reply,) = pool.run([({"timeout": 30.0}, lambda: _payload(job))])
        run = _read(reply)
        if [call.value for call in run.calls] == [7]:
            return ""
        return f"cannot isolate a process on this machine ({run.error or run.end})"
    except StartError as error:
        return f"cannot isolate a process on this machine ({error})"
    finally:
        pool.close()


def command(isolated: bool, workers: int, memory: int) -> list[str]:
    """The command line of the runner, inside bubblewrap or bare."""
    settings = {
        "isolated": isolated,
        "workers": workers,
        "slow": 4 + 4 * workers,
        "memory": memory,
        "packages": ["/packages"] if isolated else [],
    }
    interpreter = os.path.realpath(sys.executable)
    # -S: no site-packages, so nothing of this environment is importable; -P is implied by -I, which -S needs not
    python = [interpreter, "-S", "-s"]
    if not isolated:
        return [*python, str(INSIDE / "runner.py"), json.dumps(settings)]
    return [*_bubblewrap(interpreter), *python, "/runner/runner.py", json.dumps(settings)]


def _bubblewrap(interpreter: str) -> list[str]:
    """An empty root with the interpreter, its libraries and the runner, all read-only.

    Not /usr as a whole: container images like to keep the application under it. The user namespace's capabilities
    are for the runner, which gives each candidate its own namespaces; a candidate loses them before it starts.
    """
    line = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-add", "ALL"]
    line += ["--clearenv", "--new-session", "--hostname", "sandbox"]
    for name, value in (("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("PYTHONHASHSEED", "0")):
        line += ["--setenv", name, value]
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"):
        line += ["--setenv", name, "1"]
    for folder in ("/lib", "/lib64", "/lib32"):
        if Path(folder).is_symlink():
            line += ["--symlink", os.readlink(folder), folder]
        elif Path(folder).is_dir():
            line += ["--ro-bind", folder, folder]
    library = sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix})
    for path in ("/usr/lib", "/usr/lib64", "/etc/ld.so.cache", f"{sys.base_prefix}/lib", library, interpreter):
        line += ["--ro-bind-try", path, path]
    for packages in (f"{library}/site-packages", f"{library}/dist-packages", "/usr/lib/python3/dist-packages"):
        if Path(packages).is_dir():
            line += ["--tmpfs", packages, "--remount-ro", packages]
    for device in ("null", "zero", "random", "urandom"):
        line += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for name in ("numpy", "numpy.libs"):
        spec = find_spec("numpy")
        folder = Path(spec.origin).parents[1] / name if spec and spec.origin else None
        if folder is not None and folder.is_dir():
            line += ["--ro-bind", str(folder), f"/packages/{name}"]
    line += ["--ro-bind", str(INSIDE), "/runner", "--proc", "/proc", "--dir", "/work", "--symlink", "work", "/tmp"]
    return [*line, "--remount-ro", "/", "--chdir", "/"]


def _read(reply: Reply) -> Run:
    """The lines of a candidate. They are the candidate's to forge: anything unexpected ends the reading."""
    error, calls = "ended before its code was loaded", []
    for number, line in enumerate(reply.payload.split(b"\n")[:-1]):
        try:
            fields = json.loads(line)
            if number == 0 and fields[0] in ("load", "wall"):
                error = str(fields[1])
            elif fields[:2] == [number - 1, "value"]:
                calls.append(Call(fields[2], None))
            elif fields[:2] == [number - 1, "raised"]:
                calls.append(Call(None, str(fields[2])))
            else:
                break
        except (ValueError, RecursionError, IndexError, TypeError, KeyError):
            break
    return Run(reply.end, reply.seconds, error, tuple(calls))
