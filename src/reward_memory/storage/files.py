"""Atomic writes of files and folders, and digests."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

#: Advice on a damaged file that a job wrote. Rebuilding repeats a complete training, so a backup comes first.
REBUILD_HINT = "restore it, or delete it and run the same command again to rebuild it"


def disk_is_full(error: BaseException, folder: Path) -> bool:
    """Whether an error means that the disk is full, whichever library raised it.

    folder  folder that was written to
    """
    # safetensors and shutil only have the errno in their message; torch only reports a corrupt zip file
    return (
        getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        or os.strerror(errno.ENOSPC) in str(error)
        or (isinstance(error, RuntimeError) and folder.exists() and shutil.disk_usage(folder).free == 0)
    )


def full_disk(path: str | Path) -> InputError:
    """Error for a file that cannot be written because the disk is full."""
    return InputError(f"{path}: no space left on the disk; free some and run the same command again.")


@contextmanager
def _reporting_full_disk(path: Path) -> Iterator[None]:
    """Raise InputError, one sentence, if the disk is full, whichever library raised the error."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if not disk_is_full(error, path.parent):
            raise
        raise full_disk(path) from error


def _publish(file: Path) -> None:
    """Give a file the default permissions of new files; mkstemp and safetensors create private ones."""
    umask = os.umask(0)
    os.umask(umask)
    file.chmod(0o666 & ~umask)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path next to `path` that is renamed to it when the block ends without an error.

    Raise InputError if the disk is full; an earlier file then stays intact.
    """
    path = Path(path)
    with _reporting_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        with _reporting_full_disk(path):
            yield temporary
            _publish(temporary)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder next to `path` that replaces it when the block ends without an error.

    Raise InputError if the disk is full; an earlier folder then stays intact.
    """
    path = Path(path)
    with _reporting_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    try:
        with _reporting_full_disk(path):
            new, old = temporary / "new", temporary / "old"
            new.mkdir()
            yield new
            for file in new.rglob("*"):
                if file.is_file():
                    _publish(file)
            if path.exists():
                path.rename(old)  # a folder cannot be renamed over a non-empty one
            try:
                new.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, atomically."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: str | Path, key: str) -> dict[str, Any]:
    """Read a JSON object that has `key`. Raise InputError that names the file if it is missing or damaged."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the same command again to build it.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {REBUILD_HINT}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not complete JSON; {REBUILD_HINT}.") from error
    if not isinstance(value, dict) or key not in value:
        raise InputError(f"{path}: has no key {key!r}; {REBUILD_HINT}.")
    return value


def digest(value: Any) -> str:
    """Return the first 16 hex digits of the SHA-256 of a JSON-serializable value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_digest(path: str | Path) -> str:
    """Return the hex SHA-256 of a file, or of the sorted names and contents below a folder."""
    path = Path(path)
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    total = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(f"{part.relative_to(path)}\0{file_digest(part)}\0".encode())
    return total.hexdigest()
