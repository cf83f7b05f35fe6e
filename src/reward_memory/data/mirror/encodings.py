"""Text files line by line: UTF-8 with or without a byte order mark; of other encodings and formats, the name."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from reward_memory.errors import InputError

#: First bytes -> what a file that begins so is. The marks of UTF-32 begin like one of UTF-16, so they come first.
_FOREIGN = {
    codecs.BOM_UTF32_LE: "UTF-32 text",
    codecs.BOM_UTF32_BE: "UTF-32 text",
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
    b"\x1f\x8b": "compressed by gzip",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "parquet",
}
_FIXES = {
    "UTF-32 text": "save it as UTF-8",
    "UTF-16 text": "save it as UTF-8",
    "compressed by gzip": "add .gz to its name",
    "a zip archive": "unpack it",
    "parquet": "let its name end in .parquet",
}


class NotTextError(ValueError):
    """A line that is not UTF-8; the message is the reason, as a part of a sentence."""


def raw_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines of a file without a byte order mark, each with its end.

    Lines end at \\n alone: U+2028 and U+0085 occur inside JSON strings. InputError if the file is of another encoding
    or format than UTF-8 text; `name` is what the sentence calls it.
    """
    for number, line in enumerate(file):
        if number == 0:
            kind = _kind(line)
            if kind:
                raise InputError(f"{name}: is {kind}, not UTF-8 text; {_FIXES[kind]}.")
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def decoded(line: bytes) -> str:
    """The text of a line. NotTextError names what is wrong with it."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise NotTextError(f"it is not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8") from error


def _kind(first: bytes) -> str | None:
    for mark, kind in _FOREIGN.items():
        if first.startswith(mark):
            return kind
    # UTF-16 without a mark: every second byte of English and JSON is 0
    head = first[:64]
    return "UTF-16 text" if len(head) > 3 and head.count(0) * 3 >= len(head) else None
