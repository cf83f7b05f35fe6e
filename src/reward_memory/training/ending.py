"""How a trainer ended, from its exit status and messages, and what the user should do next.

Only after an interruption does running the same command again help. Everything else would fail in the same way.
"""

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .ray_patience import STARTS

#: Kind -> the trainer's messages for it. If several kinds were seen, the first one here counts.
PATTERNS = {
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
        # Ray's processes exit without a Python error when its server or raylet is gone
        r"|GCS may have been killed|GCS server is dead|local [Rr]aylet (?:is dead|failed)"
    ),
}
#: Kinds that count only before the first step: later the same words have other causes.
AT_START = {"override", "slow start", "start", "checkpoint"}
#: When a process has died, Ray lists possible causes, and memory is always among them.
#: Only the text before that list counts.
GUESS = re.compile(
    r"(?:possible|potential) (?:root )?(?:causes|reasons)|(?:can|could|may|might) (?:have|happen|be)|\be\.g\.",
    re.IGNORECASE,
)
#: Last line of a traceback, which names the error.
ERROR = re.compile(r"^(?:\(.*?\)\s*)?(?:[\w.]+\.)?(?P<error>[A-Z]\w*(?:Error|Exception|Interrupt)\b.*)")
#: Errors that Ray raises because a process has died, not because code has failed.
DEATHS = re.compile(
    r"(?:ActorDied|ActorUnavailable|WorkerCrashed|NodeDied|RayletDied|OwnerDied|ObjectLost|Rpc|RaySystem)Error"
    r"|StorageUnitTimeout"  # from the transfer queue: its storage has died
)
ENDS = "ends.jsonl"


@dataclass
class Ending:
    """What is known about the end of an attempt.

    before, total  steps saved by a checkpoint when it began, and steps of the complete run
    """

    before: int
    total: int
    seen: dict[str, str] = field(default_factory=dict)  # kind -> the first line that said so
    error: str = ""

    def read(self, line: str, stepped: bool) -> None:
        """Process one line of the trainer's output; `stepped`: whether this attempt has finished a step."""
        for kind, pattern in PATTERNS.items():
            text = GUESS.split(line, maxsplit=1)[0] if kind == "memory" else line
            if not (stepped and kind in AT_START) and pattern.search(text):
                self.seen.setdefault(kind, line.strip()[:300])
        if error := ERROR.match(line):
            self.error = error["error"].strip()[:300]

    def kind(self, code: int) -> str:
        """Return a key of PATTERNS, `interrupted` for a signal, or `error`."""
        failed = bool(self.error) and DEATHS.search(self.error) is None
        for kind in PATTERNS:
            resuming, died = kind != "checkpoint" or self.before, kind != "interrupted" or not failed
            if kind in self.seen and resuming and died:
                return kind
        return "interrupted" if code < 0 or DEATHS.match(self.error) else "error"

    def sentence(self, code: int, safe: int, state: Path) -> str:
        """Say what happened and what to do, without promising anything untrue; record the ending in `state`.

        code  exit status, negative for a signal; safe  steps saved by a checkpoint now
        """
        kind = self.kind(code)
        again = _again(state, kind if code >= 0 else f"{kind} by signal", safe)
        where = f"training stopped with exit status {code} after step {safe} of {self.total}: "
        return where + self._why(kind, code, safe, state, again and safe == self.before)

    def _why(self, kind: str, code: int, safe: int, state: Path, again: bool) -> str:
        start = f"resumes from step {safe}" if safe else "starts from the beginning"
        message = self.seen.get(kind, "") if kind in ("override", "start") else self.error
        error = f" ({message.rstrip('.')})" if message else ""
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
                f"Ray did not start within {STARTS[-1]} s, so this machine is too busy. Run the same "
                f"command again when the machine is less busy; it {start}."
            )
        if kind == "start":
            return f"Ray cannot start here{error}; its messages are in this job's log."
        if kind == "checkpoint":
            folder = state / f"checkpoints/global_step_{safe}"
            return f"the checkpoint {folder} cannot be read{error}. Delete this folder to resume from an earlier step."
        if kind == "interrupted" and not again:
            by = f" by {signal.Signals(-code).name}" if code < 0 else " because one of its processes died"
            return f"it was interrupted{by}. Run the same command again; it {start}."
        if kind == "interrupted":
            return (
                f"it was interrupted at the same step as before{error}, so something may end it there each time, such "
                "as too little memory; the trainer's messages are in this job's log."
            )
        what = f"the trainer failed{error}" if code else "the trainer ended too early, without an error"
        return f"{what}. Fix the cause, which this job's log shows; the saved steps are kept."


def _again(state: Path, kind: str, safe: int) -> bool:
    """Whether the previous attempt ended in the same way after the same step; records this one."""
    this, path = {"kind": kind, "safe": safe}, state / ENDS
    last = next(_ends(path), None)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(this) + "\n")
    return last == this


def _ends(path: Path) -> Iterator[dict]:
    """Recorded endings, newest first."""
    for line in reversed(path.read_text(encoding="utf-8").splitlines() if path.exists() else []):
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue  # cut off when a job was killed
