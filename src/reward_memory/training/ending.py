"""How a trainer ended, from its exit status and messages, and what a user should do then.

Only an interruption is worth the same command again. Everything else would fail in the same way.
"""

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .ray_patience import STARTS

#: Kind -> what the trainer says then. The first kind that was seen counts.
SAID = {
    "disk": re.compile(r"No space left on device|Disk quota exceeded"),
    "memory": re.compile(
        r"OutOfMemoryError|\bout of memory\b|\bMemoryError\b|can't allocate memory|Cannot allocate memory"
        r"|low on memory|oom[-_ ]kill event",
        re.IGNORECASE,
    ),
    "override": re.compile(
        r"^(?:(?:hydra|omegaconf)\.errors\.|Could not (?:override|append|delete)|Error (?:merging|parsing) override"
        r"|Key '.*' is not in struct|no viable alternative|mismatched input|token recognition error|missing EQUAL)"
    ),
    "slow start": re.compile(
        r"timed out during startup|[Tt]imed out (?:while )?waiting for (?:the )?(?:GCS|file|port)"
        r"|Timed out.*(?:gcs_server|port file)|Failed to get the system config from raylet"
    ),
    "start": re.compile(r"AF_UNIX path|Some Ray subprocesses exited unexpectedly|Failed to start the (?:GCS|raylet)"),
    "checkpoint": re.compile(
        r"PytorchStreamReader failed|failed finding central directory|archive is corrupted|UnpicklingError"
        r"|EOFError: Ran out of input|SafetensorError"
    ),
    "interrupted": re.compile(
        r"\b(?:WorkerCrashedError|NodeDiedError|LocalRayletDiedError|RayletDiedError|OwnerDiedError)\b"
        r"|worker process has (?:died|crashed)|(?:worker|actor) died (?:unexpectedly|or was killed)"
        r"|raylet.*(?:has died|died unexpect)|\bStorageUnitTimeout\b"
        r"|The actor is dead because its (?:worker process|node|owner) has died|Lost connection to GCS|GCS.*unavailable"
        # Ray's own processes end without an error of Python's when its server or its raylet is gone
        r"|GCS may have been killed|GCS server is dead|local [Rr]aylet (?:is dead|failed)"
    ),
}
#: Kinds that say something only as long as no step was made: later the same words have other causes.
AT_START = {"override", "slow start", "start", "checkpoint"}
#: Ray guesses at causes when a process has died, and memory is always among its guesses.
#: What precedes them counts.
GUESS = re.compile(
    r"(?:possible|potential) (?:root )?(?:causes|reasons)|(?:can|could|may|might) (?:have|happen|be)|\be\.g\.",
    re.IGNORECASE,
)
#: The last line of a traceback, which names the error.
ERROR = re.compile(r"^(?:\(.*?\)\s*)?(?:[\w.]+\.)?(?P<error>[A-Z]\w*(?:Error|Exception|Interrupt)\b.*)")
#: Errors that Ray raises where a process has died, and not where code has failed.
DEATHS = re.compile(
    r"(?:ActorDied|ActorUnavailable|WorkerCrashed|NodeDied|RayletDied|OwnerDied|ObjectLost|Rpc|RaySystem)Error"
    r"|StorageUnitTimeout"  # the transfer queue's; its storage has died
)
ENDS = "ends.jsonl"


@dataclass
class Ending:
    """What is known of an attempt.

    before, total  steps that were safe when it began, and all
    """

    before: int
    total: int
    seen: dict[str, str] = field(default_factory=dict)  # kind -> the first line that said so
    error: str = ""

    def read(self, line: str, stepped: bool) -> None:
        """Take in one line of the trainer's output; `stepped` says whether it has finished a step."""
        for kind, said in SAID.items():
            told = GUESS.split(line, maxsplit=1)[0] if kind == "memory" else line
            if not (stepped and kind in AT_START) and said.search(told):
                self.seen.setdefault(kind, line.strip()[:300])
        if found := ERROR.match(line):
            self.error = found["error"].strip()[:300]

    def kind(self, code: int) -> str:
        """One of SAID, or `interrupted` by a signal, or `error`."""
        failed = bool(self.error) and DEATHS.search(self.error) is None
        for kind in SAID:
            resuming, died = kind != "checkpoint" or self.before, kind != "interrupted" or not failed
            if kind in self.seen and resuming and died:
                return kind
        return "interrupted" if code < 0 or DEATHS.match(self.error) else "error"

    def sentence(self, code: int, safe: int, state: Path) -> str:
        """What happened, and what to do, with nothing promised that is not so; remembers the end in `state`.

        code  exit status, negative for a signal; safe  steps that are safe now
        """
        kind = self.kind(code)
        again = _again(state, kind if code >= 0 else f"{kind} by signal", safe)
        where = f"training stopped with exit status {code} after step {safe} of {self.total}: "
        return where + self._why(kind, code, safe, state, again and safe == self.before)

    def _why(self, kind: str, code: int, safe: int, state: Path, again: bool) -> str:
        start = f"resumes from step {safe}" if safe else "starts from the beginning"
        said = self.seen.get(kind, "") if kind in ("override", "start") else self.error
        error = f" ({said.rstrip('.')})" if said else ""
        if kind == "disk":
            return f"the disk is full. Free some space, then run the same command again; it {start}."
        if kind == "memory":
            return (
                f"it ran out of memory{error}. Lower ppo_micro_batch_size_per_gpu or "
                "gpu_memory_utilization in the section training, or "
                "give the rule train_policy more memory in the section resources."
            )
        if kind == "override":
            return f"verl does not accept an override{error}. Correct `verl` in the section training."
        if kind == "slow start":
            return (
                f"Ray did not start, although it had up to {STARTS[-1]} s, so this machine is too busy. Run the same "
                f"command again when less runs on it; it {start}."
            )
        if kind == "start":
            return f"Ray cannot start here{error}; its messages are in this job's log."
        if kind == "checkpoint":
            folder = state / f"checkpoints/global_step_{safe}"
            return f"the checkpoint {folder} cannot be read{error}. Delete this folder to resume from an earlier step."
        if kind == "interrupted" and not again:
            by = f" by {signal.Signals(-code).name}" if code < 0 else ", as one of its processes died"
            return f"it was interrupted{by}. Run the same command again; it {start}."
        if kind == "interrupted":
            return (
                f"it was interrupted at the same step as before{error}, so something there may end it each time, such "
                "as too little memory; the trainer's messages are in this job's log."
            )
        what = f"the trainer failed{error}" if code else "the trainer ended too early, without an error"
        return f"{what}. Correct the cause, which this job's log shows; the steps that are safe are kept."


def _again(state: Path, kind: str, safe: int) -> bool:
    """Whether the attempt before this one ended alike, after the same step; remembers this one."""
    this, path = {"kind": kind, "safe": safe}, state / ENDS
    last = next(_ends(path), None)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(this) + "\n")
    return last == this


def _ends(path: Path) -> Iterator[dict]:
    """The remembered ends, the last first."""
    for line in reversed(path.read_text(encoding="utf-8").splitlines() if path.exists() else []):
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue  # the line that a killed job was writing
