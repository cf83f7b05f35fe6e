"""Read UTF-8 text line by line, with or without a byte order mark; name other encodings and formats in errors."""

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from reward_memory.errors import InputError

#: First bytes -> kind of file. The marks of UTF-32 come first, since one of them begins like a mark of UTF-16.
_FOREIGN = {
    **dict.fromkeys((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "UTF-32 text, not UTF-8 text; save it as UTF-8"),
    **dict.fromkeys((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "UTF-16 text, not UTF-8 text; save it as UTF-8"),
    b"\x1f\x8b": "compressed with gzip, not UTF-8 text; add .gz to its name",
    b"\x28\xb5\x2f\xfd": "compressed with zstd, not UTF-8 text; unpack it",
    b"BZh": "compressed with bzip2, not UTF-8 text; unpack it",
    b"\xfd7zXZ": "compressed with xz, not UTF-8 text; unpack it",
    b"PK\x03\x04": "a zip archive, not UTF-8 text; unpack it",
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        "a Python pickle, not UTF-8 text; write it as JSON lines",
    ),
    b"ARROW1": "an Arrow or Feather file; write it as JSON lines or parquet",
    b"ORC": "an ORC file; write it as JSON lines or parquet",
    b"\x89HDF": "an HDF5 file; write it as JSON lines or parquet",
    b"\x93NUMPY": "a NumPy array; write it as JSON lines or parquet",
    b"SQLite format 3": "an SQLite database; write it as JSON lines or parquet",
    b"PAR1": "parquet, not UTF-8 text; rename it to end in .parquet",
    b"version https://git-lfs": "a Git LFS pointer, not the file; run `git lfs pull` in its folder",
    **dict.fromkeys((b"<!DOCTYPE", b"<html"), "a web page, not the file; download the file itself"),
}


#: First names in a zip archive that is an office document.
_OFFICE = (b"[Content_Types].xml", b"docProps/", b"xl/", b"mimetypeapplication")


class NotTextError(ValueError):
    """A line that is not UTF-8; the message is the reason, as part of a sentence."""


def raw_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines of a file with their line ends, without a byte order mark.

    Only \\n ends a line, because U+2028 and U+0085 occur inside JSON strings. InputError if the file has another
    encoding or format than UTF-8 text; the message calls it `name`.
    """
    for number, line in enumerate(file):
        if number == 0 and (kind := _kind(line)):
            if "gzip" in kind and name.endswith(".gz"):
                kind = "compressed with gzip twice; unpack it once"
            raise InputError(f"{name}: is {kind}.")
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def decode_line(line: bytes) -> str:
    """Decode a line. NotTextError says what is wrong with it."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise NotTextError(f"it is not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8") from error


def unreadable(path: Path, error: Exception) -> str | None:
    """Return why a file cannot be read, in words that follow its name; None if it is damaged, not of another format."""
    if isinstance(error, OSError) and error.errno:
        return f"cannot be read ({os.strerror(error.errno)}); give a readable file"
    with path.open("rb") as file:
        first = file.read(64)
    kind = _kind(first)
    if path.suffix == ".gz" and not first.startswith(b"\x1f\x8b"):
        # browsers unpack what they download and keep the name
        plain = "is not compressed with gzip; remove .gz from its name" if first[:1] in (b"{", b"[") else None
        return f"is {kind}" if kind else plain
    readable = kind is None or kind.startswith("parquet") or "zip" in kind
    return None if readable else f"is {kind}"


def _kind(first: bytes) -> str | None:
    if first.startswith(b"PK") and any(part in first for part in _OFFICE):
        return (
            "a file of Excel or another office program, not UTF-8 text; export it from there in the format of its name"
        )
    for mark, kind in _FOREIGN.items():
        if first.startswith(mark):
            return kind
    if b"}\r{" in first:
        return "text with the line endings of old Macs; save it with those of Linux or Windows"
    head = first[:64]
    if len(head) <= 3 or head.count(0) * 3 < len(head):
        return None
    # UTF-16 without a byte order mark: every second byte of English text or JSON is 0
    pairs = 0 in (head[::2].count(0), head[1::2].count(0))
    return _FOREIGN[codecs.BOM_UTF16_LE] if pairs else "binary data, not text; give the file itself"
