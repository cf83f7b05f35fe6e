"""Checksums of a training run's checkpoints, and the newest intact checkpoint to resume from.

A checkpoint is intact if its files, the log and the responses of all steps up to it, and the error memory at that step
are intact. A run that resumes from an intact checkpoint ends with the results of an uninterrupted run.
"""

import hashlib
import json
import math
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.error_memory import store
from reward_memory.errors import InputError
from reward_memory.settings import Training
from reward_memory.storage.files import digest, write_json, write_text
from reward_memory.storage.policy_files import DamageError, check_length
from reward_memory.storage.records import CHECKSUM, parse

from .history import logged_steps, read_history, select_step, training_log

#: File in a checkpoint's folder: size and digest of each file that a resume relies on.
SUMS = "checksums.json"
TRACKER = "latest_checkpointed_iteration.txt"
STEP = re.compile(r"global_step_([0-9]+)")
RANK = re.compile(r"model_world_size_([0-9]+)_rank_[0-9]+\.pt")


def seal(checkpoints: Path, step: int) -> None:
    """Write the checksums of a checkpoint that verl has saved, including the log and responses since the last one."""
    state, folder = checkpoints.parent, checkpoints / f"global_step_{step}"
    before = max((one for one in _saved(checkpoints) if one < step), default=0)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != SUMS]
    files += [path for path in state.glob("metrics.*.jsonl") if path.is_file()]
    files += [path for each in range(before + 1, step + 1) if (path := responses_of(state, each)).is_file()]
    sums = {str(path.relative_to(state)): [path.stat().st_size, _digest(path)] for path in sorted(files)}
    write_json(folder / SUMS, {"files": sums, CHECKSUM: digest(sums)})


def responses_of(state: Path, step: int) -> Path:
    """Path of the file with the responses of a step."""
    return state / f"responses/step_{step:06d}.parquet"


def newest_intact(state: Path, training: Training, sizes: dict[str, int], memory: bool) -> int:
    """Make verl resume from the newest intact checkpoint; return its step, 0 to start from the beginning.

    sizes     validation queries per benchmark, as for `read_history`
    memory    whether the run has an error memory

    Prints one message that names each damaged file. A run that has done all its steps stays done if the checkpoint that
    becomes the policy is intact; otherwise it resumes from an earlier one.
    """
    checkpoints, problems = state / "checkpoints", _cleared(state)
    training_log(state, sizes)
    latest = _tracked(checkpoints, problems)
    # newest attempt only: an attempt that started over has already reported this and has a new log
    if not _saved(checkpoints) and max(logged_steps(state, newest=True), default=0) >= training.save_freq:
        problems.append(f"{checkpoints} has no checkpoint, although the log mentions one")
    reach, why = _reach(state, min(latest, training.steps))
    if why is None and latest >= training.steps:
        selected = _selected(state, training, sizes)
        why = _damaged(state, selected, resumes=False)
        if why is None:
            _track(checkpoints, latest)
            _print(problems, "is done")
            return latest
        reach = selected - 1
    problems.append(why)
    for step in sorted((one for one in _saved(checkpoints) if one <= reach), reverse=True):
        why = _damaged(state, step, resumes=True)
        if why is None and memory:
            why = store.open_error(state / "error_memory", step)
        if why is None:
            break
        problems.append(why)
    else:
        step = 0
        shutil.rmtree(state / "error_memory", ignore_errors=True)
    _track(checkpoints, step)
    _make_room(state, step)
    shutil.rmtree(state / "datasets", ignore_errors=True)  # the trainer's copy of its inputs
    _print(problems, f"resumes after step {step}" if step else "starts over")
    return step


def _print(problems: list[str | None], what: str) -> None:
    """Print one message with everything that is damaged and what the training does."""
    if sentences := [why for why in dict.fromkeys(problems) if why]:
        print(f"training: {'; '.join(sentences)}; the training {what}.", file=sys.stderr, flush=True)


def incomplete_reason(state: Path, training: Training, sizes: dict[str, int]) -> str | None:
    """Say why a run that has done all its steps has no complete result, naming a file; None if it has one."""
    _, why = _reach(state, training.steps)
    if why is None:
        why = _damaged(state, _selected(state, training, sizes), resumes=False)
    return why


def _selected(state: Path, training: Training, sizes: dict[str, int]) -> int:
    """Step whose checkpoint becomes the policy, even if that checkpoint no longer exists."""
    steps, every = training.steps, training.save_freq
    saved = {*range(every, steps + 1, every), steps} | {step for step in _saved(state / "checkpoints") if step <= steps}
    return select_step(read_history(state, sizes), sorted(saved), training.selection)


def _saved(checkpoints: Path) -> list[int]:
    """Steps that have a checkpoint folder."""
    names = [STEP.fullmatch(path.name) for path in checkpoints.glob("global_step_*") if path.is_dir()]
    return [int(name[1]) for name in names if name]


def _tracked(checkpoints: Path, problems: list[str]) -> int:
    """Newest step that verl has saved, according to its tracker file, or to the checkpoints if that is unreadable."""
    tracker = checkpoints / TRACKER
    saved = _saved(checkpoints)
    if not os.path.lexists(tracker):
        # checksums are written after the tracker, and deleted when a training starts over
        sealed = [step for step in saved if (checkpoints / f"global_step_{step}" / SUMS).exists()]
        problems += [f"{tracker} is missing"] if sealed else []
        return max(sealed, default=0)
    try:
        text = tracker.read_bytes().strip()
    except OSError as error:
        problems.append(f"{tracker} cannot be read ({error.strerror})")
        text = b""
    if re.fullmatch(rb"[0-9]{1,15}", text) and int(text) in saved:
        data = checkpoints / f"global_step_{int(text)}/data.pt"  # written before the tracker names the step
        problems += [] if os.path.lexists(data) else [f"{data} is missing"]
        return int(text)
    if text.strip(b"\0"):  # verl writes it in place: a kill leaves it empty or full of zeros
        problems.append(f"{tracker} does not name an existing checkpoint")
    return max((step for step in saved if (checkpoints / f"global_step_{step}/data.pt").exists()), default=0)


def _cleared(state: Path) -> list[str]:
    """Delete files and dead links where the trainer needs folders, and return a message about each.

    InputError if the state folder or one directly below it is a dead link, whose disk may not be mounted.
    """
    folders = [state / name for name in ("checkpoints", "responses", "error_memory")]
    for path in (state, *folders):
        if path.is_symlink() and not path.exists():
            raise InputError(
                f"{path}: is a link to {path.readlink()}, which does not exist; mount that disk, or delete the link to "
                "train from the start."
            )
    places = (*folders, *(state / "checkpoints").glob("global_step_*"))
    wrong = [path for path in places if path.is_file() or (path.is_symlink() and not path.exists())]
    for path in wrong:
        path.unlink()
    return [f"{path} is not a folder" for path in wrong]


def _make_room(state: Path, step: int) -> None:
    """Delete folders in the place of files that the trainer writes, and the checksums of checkpoints after `step`."""
    kinds = {".pt", ".safetensors", ".json", ".parquet"}
    for path in [*(state / "checkpoints").glob("global_step_*/**/*"), *(state / "responses").glob("*")]:
        if path.suffix in kinds and path.is_dir():
            shutil.rmtree(path)
    for later in _saved(state / "checkpoints"):
        if later > step:
            (state / f"checkpoints/global_step_{later}" / SUMS).unlink(missing_ok=True)


def _track(checkpoints: Path, step: int) -> None:
    tracker = checkpoints / TRACKER
    if tracker.is_dir() and not tracker.is_symlink():
        shutil.rmtree(tracker)
    if step:
        write_text(tracker, str(step))
    else:
        tracker.unlink(missing_ok=True)


def _reach(state: Path, last: int) -> tuple[int, str | None]:
    """Step up to which log and responses are complete, and what is wrong with the next one; None if that is `last`.

    The text is empty if the log lacks only the last step, after a kill between verl's checkpoint and its log line.
    """
    logged = logged_steps(state)
    for step in range(1, last + 1):
        if step not in logged or math.isnan(logged[step].get("reward/sampled") or 0):
            files = ", ".join(map(str, sorted(state.glob("metrics.*.jsonl")))) or f"{state}/metrics.0000.jsonl"
            return step - 1, "" if step == last else f"{files} lacks step {step}"
        path = responses_of(state, step)
        if why := _not_responses(path, step, logged[step].get("reward/sampled")):
            return step - 1, f"{path} {why}"
    return last, None


def _not_responses(path: Path, step: int, count: float | None) -> str | None:
    if not path.is_file():
        return "is missing"
    try:
        steps = pq.read_table(path, page_checksum_verification=True)["step"].to_pylist()
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return "is not a complete parquet file"
    if not steps or {*steps} != {step}:
        return f"does not hold the responses of step {step}"
    return None if count in (None, len(steps)) else f"holds {len(steps)} of {count:.0f} responses"


def _damaged(state: Path, step: int, *, resumes: bool) -> str | None:
    """Say which file of a checkpoint is damaged; None if it is intact, "" if it is unusable but not damaged.

    resumes  whether the optimizer state is needed too, which old checkpoints no longer have
    """
    folder = state / f"checkpoints/global_step_{step}"
    if not folder.exists():
        return f"{folder} is missing"
    if not (folder / "data.pt").exists():  # verl writes it last
        return f"{folder / 'data.pt'} is missing" if os.path.lexists(folder / SUMS) else ""
    if os.path.lexists(folder / SUMS):
        files = _sums(folder / SUMS, str((folder / "data.pt").relative_to(state)))
        if isinstance(files, str):
            return files
    else:  # from an earlier version, or killed before the checksums were written
        files = {str(path.relative_to(state)): [None, None] for path in folder.rglob("*") if path.is_file()}
        files |= {str((folder / "actor" / name).relative_to(state)): [None, None] for name in _ranks(folder / "actor")}
    deleted = [name for name in files if Path(name).name.startswith("optim_") and not (state / name).exists()]
    if deleted and resumes:
        others = [name for name in files if name not in deleted and not os.path.lexists(state / name)]
        return f"{state / others[0]} is missing" if others else ""
    for name, (size, checksum) in files.items():
        if name not in deleted and (why := _wrong(state / name, size, checksum)):
            return f"{state / name} {why}"
    return None


def _sums(path: Path, required: str) -> dict[str, list] | str:
    """Read the checksums of a checkpoint, or say what is wrong with them.

    required  a file that this checkpoint's checksums always include
    """
    try:
        value = parse(path)
        if value.get(CHECKSUM) != digest(value.get("files")):
            raise ValueError("was changed after it was written")
        files = value["files"]
        if not isinstance(files, dict) or not all(isinstance(one, list) and len(one) == 2 for one in files.values()):
            raise ValueError("holds no checksums")
        if required not in files:
            raise ValueError("holds the checksums of another checkpoint")
    except ValueError as error:
        return f"{path} {error}"
    return files


def _ranks(actor: Path) -> Iterator[str]:
    """Names of all files that the ranks of a sharded training save; the world size is in the names of existing ones."""
    worlds = {name[1] for path in actor.glob("model_*.pt") if (name := RANK.fullmatch(path.name))}
    for world in worlds:
        for rank in range(int(world)):
            for kind in ("model", "extra_state"):
                yield f"{kind}_world_size_{world}_rank_{rank}.pt"


def _wrong(path: Path, size: int | None, checksum: str | None) -> str | None:
    """Say what is wrong with a file of this expected size and digest; without them, check its format only."""
    try:
        actual = path.stat().st_size
        if path.is_dir():
            return "is a folder"
        if size is not None and actual < size:
            return f"is truncated: {actual} of {size} bytes"
        grows = path.suffix == ".jsonl"  # the log: the checksum covers only its beginning
        if size is not None and actual > size and not grows:
            return f"has {actual} bytes, not {size}"
        if checksum is not None and _digest(path, size) != checksum:
            return "was changed after it was written"
        if path.suffix == ".pt" and (size is not None or actual):
            with zipfile.ZipFile(path) as parts:
                return "is damaged" if parts.testzip() else None
        if size is None and path.suffix == ".safetensors":
            check_length(path)
        if size is None and path.suffix == ".json":
            json.loads(path.read_bytes())
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except DamageError:
        return "is truncated"
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        return "is not complete JSON" if path.suffix == ".json" else "is not a complete PyTorch file"
    return None


def _digest(path: Path, size: int | None = None) -> str | None:
    """SHA-256 of a file's first `size` bytes; for a PyTorch file, digest of its own checksums, None if it has none."""
    if path.suffix == ".pt":
        if not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as parts:
            return digest([[part.filename, part.file_size, part.CRC] for part in parts.infolist()])
    total = hashlib.sha256()
    with path.open("rb") as stream:
        left = path.stat().st_size if size is None else size
        while left and (part := stream.read(min(left, 1 << 22))):
            total.update(part)
            left -= len(part)
    return total.hexdigest()
