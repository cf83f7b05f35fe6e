"""SIGKILLs at random moments of a test-size run: `python tests/integration/kills.py --kills 20 --seed 0`.

After each of them the folder is unlocked and the same command runs again. At the end the tables are those of an
undisturbed run, no job ever ran next to its own orphan, and neither processes nor temporary files are left.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import ROOT, Workflow, make

#: As in profiles/default, without its logger.
COMMAND = ("--cores", "2", "--configfile", "kills.yaml", "--rerun-incomplete")
#: What is killed, by the words of its command line; None is the call and all that it started.
TARGETS = {
    "snakemake": None,
    "script": re.compile(r"\.snakemake/scripts/"),
    "trainer": re.compile(r"main_ppo"),
    "raylet": re.compile(r"raylet/raylet"),
    "gcs_server": re.compile(r"gcs/gcs_server"),
    "worker": re.compile(r"^ray::"),
    "tree": None,
}
#: Seconds until a call is killed, and how long it is waited for.
MOMENTS, PATIENCE = (6.0, 40.0), 1800.0
SENTENCE = re.compile(r"(?<=: )training stopped[^\n]*|ending process[^\n]*")


#: What is made once more if a call ends before there were enough kills.
AGAIN = ("training", "evaluation", "tables", "state")
#: What has to be the same in the end.
MADE = ("tables/*.csv", "policies/*/model.safetensors", "training/**/history.csv", "training/**/model.safetensors")


class Watch(threading.Thread):
    """Looks five times a second for two processes that run the same job, told by its log."""

    def __init__(self, folder: Path):
        super().__init__(daemon=True)
        self.folder, self.ended, self.twice = folder, threading.Event(), set()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            seen: dict[str, int] = {}
            for process in jobs(self.folder):
                with suppress(OSError):
                    log = os.readlink(f"/proc/{process.pid}/fd/1")
                    # until it has opened its log, a script writes into that of the call
                    if "/results/logs/" in log and seen.setdefault(log, process.pid) != process.pid:
                        self.twice.add(log)


def jobs(folder: Path) -> list[psutil.Process]:
    """The processes of job scripts in `folder`, without those that they forked."""
    scripts = f"{folder}/.snakemake/scripts/"
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name().startswith("python") and any(part.startswith(scripts) for part in process.cmdline()):
                found[process.pid] = process.ppid(), process
    return [process for parent, process in found.values() if parent not in found]


def of_call(call: subprocess.Popen, target: str) -> list[psutil.Process]:
    """What there is to kill of a running call."""
    with suppress(psutil.Error):
        root = psutil.Process(call.pid)
        if target == "snakemake":
            return [root]
        below = root.children(recursive=True)
        if target == "tree":
            return [root, *below]
        return [one for one in below if TARGETS[target].search(_command(one))]
    return []


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def disturb(
    flow: Workflow,
    wanted: str,
    kills: int,
    draw: random.Random,
    targets: Collection[str] = TARGETS,
    moments: tuple[float, float] = MOMENTS,
) -> None:
    """Make the file `wanted`, or all, with `kills` kills in between; AssertionError if a job ran twice at a time.

    moments  seconds between which a call is killed, once there is something to kill
    """
    watch = Watch(flow.folder)
    watch.start()
    done, log = 0, flow.folder / "said.log"
    for _ in range(5 * kills + 2):
        flow.run("--unlock", *COMMAND)
        with log.open("w") as output:
            call = subprocess.Popen(
                flow.command(wanted, *COMMAND),
                cwd=flow.folder,
                env=flow.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        killed = _kill(flow, call, draw, [*targets], done, moments) if done < kills else 0
        done += killed
        code = call.wait(PATIENCE)
        for said in sorted(set(SENTENCE.findall(log.read_text()))):
            print(f"    {said}", flush=True)
        if code == 0 and done >= kills:
            break
        assert code == 0 or killed, f"the run failed by itself:\n{log.read_text()[-3000:]}"
        if code == 0:  # too early: once more
            for path in [flow.folder / wanted, *(flow.folder / "results" / name for name in AGAIN)]:
                if path.is_dir():
                    shutil.rmtree(path)
    else:
        raise AssertionError(f"only {done} of {kills} kills in {5 * kills + 2} calls")
    watch.ended.set()
    watch.join()
    assert not watch.twice, f"jobs that ran next to their own orphan: {sorted(watch.twice)}"


def _kill(
    flow: Workflow,
    call: subprocess.Popen,
    draw: random.Random,
    targets: list[str],
    number: int,
    moments: tuple[float, float],
) -> int:
    """Kill something of a call at a random moment; 0 if the call ended before."""
    target, moment, start = draw.choice(targets), draw.uniform(*moments), time.monotonic()
    there = None  # since when there is something to kill, and a job runs
    while call.poll() is None:
        found = of_call(call, target)
        if there is None and found and jobs(flow.folder):
            there = time.monotonic()
        if found and there and time.monotonic() - there > moment:
            some = found if target == "tree" else [draw.choice(found)]
            for process in some:
                with suppress(psutil.Error):
                    process.kill()
            running = sorted(_command(job).rsplit(".", 2)[-2] for job in jobs(flow.folder))
            print(f"{number + 1}: {target} after {time.monotonic() - start:.0f} s {running or ''}", flush=True)
            return 1
        time.sleep(0.05)
    return 0


def made(flow: Workflow) -> dict[str, bytes]:
    """The tables, policies and histories of trainings; the table of costs holds times."""
    found = [path for kind in MADE for path in flow.folder.glob(f"results/{kind}")]
    return {str(path.relative_to(flow.folder)): path.read_bytes() for path in found if path.stem != "cost"}


def left(flow: Workflow, temporary: Path) -> list[str]:
    """Processes of the run and files in its temporary folder that are still there."""
    # torch's cache of compiled code is meant to stay, and a killed Snakemake cannot remove its own folder
    others = ("torchinductor_", "snakemake")
    found = [str(path) for path in temporary.iterdir() if not path.name.startswith(others)]
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("KILLS") == str(temporary):
                found.append(_command(process))
    return found


def short_temporary(flow: Workflow) -> Path:
    """Give a workflow a temporary folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="k-", dir="/tmp"))
    flow.environment |= {"TMPDIR": str(folder), "KILLS": str(folder)}
    return folder


def prepared(folder: Path, config: Path) -> Workflow:
    """The project in a folder of its own, with what is run there as kills.yaml."""
    flow = make(folder)
    shutil.copy2(config, folder / "kills.yaml")
    return flow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wanted", default="all", help="what is made")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=[*TARGETS], help="what is killed")
    parser.add_argument("--config", type=Path, default=ROOT / "config/test.yaml")
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="kills-"))  # stays after a failure
    disturbed = prepared(base / "disturbed", given.config)
    undisturbed = prepared(base / "undisturbed", given.config)
    temporary = short_temporary(disturbed)
    start = time.monotonic()
    disturb(disturbed, given.wanted, given.kills, random.Random(given.seed), given.targets)
    print(f"{given.kills} kills: {time.monotonic() - start:.0f} s", flush=True)
    remains = left(disturbed, temporary)
    print(f"left behind: {remains}", flush=True)
    undisturbed.run(given.wanted, *COMMAND)
    one, other = made(undisturbed), made(disturbed)
    assert one.keys() == other.keys()
    differing = [name for name in one if one[name] != other[name]]
    print(f"{len(one)} files, {len(differing)} differ: {differing}", flush=True)
    assert not differing
    assert not remains
    shutil.rmtree(base)


if __name__ == "__main__":
    main()
