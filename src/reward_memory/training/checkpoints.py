"""What a training run keeps for the next attempt: checksums of it, and the newest checkpoint to resume from.

A checkpoint is intact if its own files, the log and the responses of all steps up to its own, and the error memory as
it was then are. A run that resumes from one ends with the results of an undisturbed run.
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

#: In a checkpoint's folder: size and digest of each file that resuming from it relies on.
SUMS = "checksums.json"
TRACKER = "latest_checkpointed_iteration.txt"
STEP = re.compile(r"global_step_([0-9]+)")
RANK = re.compile(r"model_world_size_([0-9]+)_rank_[0-9]+\.pt")


def seal(checkpoints: Path, step: int) -> None:
    """Write the checksums of a checkpoint that verl has saved; the log and responses up to it are part of it."""
    state, folder = checkpoints.parent, checkpoints / f"global_step_{step}"
    before = max((one for one in _saved(checkpoints) if one < step), default=0)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != SUMS]
    files += [path for path in state.glob("metrics.*.jsonl") if path.is_file()]
    files += [path for each in range(before + 1, step + 1) if (path := responses_of(state, each)).is_file()]
    sums = {str(path.relative_to(state)): [path.stat().st_size, _digest(path)] for path in sorted(files)}
    write_json(folder / SUMS, {"files": sums, CHECKSUM: digest(sums)})


def responses_of(state: Path, step: int) -> Path:
    """The file with the responses of a step."""
    return state / f"responses/step_{step:06d}.parquet"


def newest_intact(state: Path, training: Training, sizes: dict[str, int], memory: bool) -> int:
    """Make the newest intact checkpoint the one that verl resumes from; its step, 0 to start from the beginning.

    sizes     validation queries a benchmark, as for `read_history`
    memory    whether the run has an error memory

    Prints a sentence that names each damaged file. A run whose steps are all done stays so if the checkpoint that
    becomes the policy is intact; else it goes back before that one.
    """
    checkpoints, told = state / "checkpoints", _cleared(state)
    training_log(state, sizes)
    latest = _tracked(checkpoints, told)
    # of the newest attempt: one that started over has told of this, and logs anew
    if not _saved(checkpoints) and max(logged_steps(state, newest=True), default=0) >= training.save_freq:
        told.append(f"{checkpoints} holds no checkpoint, though the log tells of one")
    reach, why = _reach(state, min(latest, training.steps))
    if why is None and latest >= training.steps:
        selected = _selected(state, training, sizes)
        why = _damaged(state, selected, resumes=False)
        if why is None:
            _track(checkpoints, latest)
            _print(told, "is done")
            return latest
        reach = selected - 1
    told.append(why)
    for step in sorted((one for one in _saved(checkpoints) if one <= reach), reverse=True):
        why = _damaged(state, step, resumes=True)
        if why is None and memory:
            why = store.fault(state / "error_memory", step)
        if why is None:
            break
        told.append(why)
    else:
        step = 0
        shutil.rmtree(state / "error_memory", ignore_errors=True)
    _track(checkpoints, step)
    _make_room(state, step)
    shutil.rmtree(state / "datasets", ignore_errors=True)  # the trainer's copy of its inputs
    _print(told, f"resumes after step {step}" if step else "starts over")
    return step


def _print(told: list[str | None], what: str) -> None:
    """One sentence about all that is damaged and what the training does."""
    if sentences := [why for why in dict.fromkeys(told) if why]:
        print(f"training: {'; '.join(sentences)}; the training {what}.", file=sys.stderr, flush=True)


def unfit(state: Path, training: Training, sizes: dict[str, int]) -> str | None:
    """Why a run whose steps are all done has no results: a few words that name a file, None if it has."""
    _, why = _reach(state, training.steps)
    if why is None:
        why = _damaged(state, _selected(state, training, sizes), resumes=False)
    return why


def _selected(state: Path, training: Training, sizes: dict[str, int]) -> int:
    """The step that becomes the policy, whether or not its checkpoint is still there."""
    steps, every = training.steps, training.save_freq
    saved = {*range(every, steps + 1, every), steps} | {step for step in _saved(state / "checkpoints") if step <= steps}
    return select_step(read_history(state, sizes), sorted(saved), training.selection)


def _saved(checkpoints: Path) -> list[int]:
    """Steps of the folders in which verl has saved something."""
    names = [STEP.fullmatch(path.name) for path in checkpoints.glob("global_step_*") if path.is_dir()]
    return [int(name[1]) for name in names if name]


def _tracked(checkpoints: Path, found: list[str]) -> int:
    """The newest step that verl says it has saved: what it wrote last, or what is there if that is unreadable."""
    tracker = checkpoints / TRACKER
    saved = _saved(checkpoints)
    if not os.path.lexists(tracker):
        # checksums are written after the tracker, and deleted where a training starts over
        sealed = [step for step in saved if (checkpoints / f"global_step_{step}" / SUMS).exists()]
        found += [f"{tracker} is missing"] if sealed else []
        return max(sealed, default=0)
    try:
        text = tracker.read_bytes().strip()
    except OSError as error:
        found.append(f"{tracker} cannot be read ({error.strerror})")
        text = b""
    if re.fullmatch(rb"[0-9]{1,15}", text) and int(text) in saved:
        data = checkpoints / f"global_step_{int(text)}/data.pt"  # which verl has written before it names the step
        found += [] if os.path.lexists(data) else [f"{data} is missing"]
        return int(text)
    if text.strip(b"\0"):  # verl writes it in place: a kill leaves it empty or zeros
        found.append(f"{tracker} does not name a checkpoint that is there")
    return max((step for step in saved if (checkpoints / f"global_step_{step}/data.pt").exists()), default=0)


def _cleared(state: Path) -> list[str]:
    """Delete files and dead links where folders belong, which the trainer could not write over; a sentence about each.

    InputError for a link to a whole folder that is not there, which may lie on a disk that is not mounted.
    """
    folders = [state / name for name in ("checkpoints", "responses", "error_memory")]
    for path in (state, *folders):
        if path.is_symlink() and not path.exists():
            raise InputError(
                f"{path}: is a link to {path.readlink()}, which is not there; mount that disk, or delete the link to "
                "train from the start."
            )
    held = (*folders, *(state / "checkpoints").glob("global_step_*"))
    wrong = [path for path in held if path.is_file() or (path.is_symlink() and not path.exists())]
    for path in wrong:
        path.unlink()
    return [f"{path} is not a folder" for path in wrong]


def _make_room(state: Path, step: int) -> None:
    """Delete folders where the trainer writes files, and checksums of what it will write again after `step`."""
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
    """The step up to which log and responses are complete, and what is wrong with the next; None after `last`.

    No words for a log that lacks the last step alone: a kill between verl's checkpoint and its log line leaves that.
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
    """Which file of a checkpoint is damaged.

    resumes  whether the optimizer is needed too, which old checkpoints no longer have: no words for that
    """
    folder = state / f"checkpoints/global_step_{step}"
    if not folder.exists():
        return f"{folder} is missing"
    if not (folder / "data.pt").exists():  # which verl writes last
        return f"{folder / 'data.pt'} is missing" if os.path.lexists(folder / SUMS) else ""
    if os.path.lexists(folder / SUMS):
        files = _sums(folder / SUMS, str((folder / "data.pt").relative_to(state)))
        if isinstance(files, str):
            return files
    else:  # of an earlier version, or killed before they were written
        files = {str(path.relative_to(state)): [None, None] for path in folder.rglob("*") if path.is_file()}
        files |= {str((folder / "actor" / name).relative_to(state)): [None, None] for name in _ranks(folder / "actor")}
    gone = [name for name in files if Path(name).name.startswith("optim_") and not (state / name).exists()]
    if gone and resumes:
        others = [name for name in files if name not in gone and not os.path.lexists(state / name)]
        return f"{state / others[0]} is missing" if others else ""
    for name, (size, known) in files.items():
        if name not in gone and (why := _wrong(state / name, size, known)):
            return f"{state / name} {why}"
    return None


def _sums(path: Path, held: str) -> dict[str, list] | str:
    """The checksums of a checkpoint, or what is wrong with them.

    held  the file that those of this checkpoint name in any case
    """
    try:
        value = parse(path)
        if value.get(CHECKSUM) != digest(value.get("files")):
            raise ValueError("was changed after it was written")
        files = value["files"]
        if not isinstance(files, dict) or not all(isinstance(one, list) and len(one) == 2 for one in files.values()):
            raise ValueError("holds no checksums")
        if held not in files:
            raise ValueError("holds the checksums of another checkpoint")
    except ValueError as error:
        return f"{path} {error}"
    return files


def _ranks(actor: Path) -> Iterator[str]:
    """Names of all files that the ranks of a sharded training save, by the size of the world that one of them tells."""
    worlds = {name[1] for path in actor.glob("model_*.pt") if (name := RANK.fullmatch(path.name))}
    for world in worlds:
        for rank in range(int(world)):
            for kind in ("model", "extra_state"):
                yield f"{kind}_world_size_{world}_rank_{rank}.pt"


def _wrong(path: Path, size: int | None, known: str | None) -> str | None:
    """What is wrong with a file of this size and digest; None for either asks what the format itself tells."""
    try:
        there = path.stat().st_size
        if path.is_dir():
            return "is a folder"
        if size is not None and there < size:
            return f"is cut: {there} of {size} bytes"
        grows = path.suffix == ".jsonl"  # the log, of which a checkpoint has seen the beginning
        if size is not None and there > size and not grows:
            return f"has {there} bytes, not {size}"
        if known is not None and _digest(path, size) != known:
            return "was changed after it was written"
        if path.suffix == ".pt" and (size is not None or there):
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
        return "is cut"
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        return "is not complete JSON" if path.suffix == ".json" else "is not a complete file of PyTorch"
    return None


def _digest(path: Path, size: int | None = None) -> str | None:
    """SHA-256 of the first `size` bytes of a file; of a file of PyTorch, that of the checksums that it has itself."""
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
