"""The warm process for symbolic answers: math-verify in children that can be killed from outside.

Run as a file. Exchanges the frames of sandbox/inside/runner.py; a job's payload is that of math.Question, the reply's
{"equal", "extracted"}. A child that does not answer in time, whatever it is stuck in, is killed and replaced by a fork,
which takes milliseconds.
"""

import functools
import gc
import itertools
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from pathlib import Path

# run as a file: this package comes before an installed copy, and after the standard library
sys.path.insert(
    next((place for place, entry in enumerate(sys.path) if entry.endswith("-packages")), len(sys.path)),
    str(Path(__file__).resolve().parents[2]),
)

from reward_memory.verifiers.equality import equal, parse_formula, rounded_places

MEMORY = 4 << 30
PATIENCE = 10
TICKS = os.sysconf("SC_CLK_TCK")
WARMING = (
    ("\\frac{1}{2}", "0.5"),
    ("x^2 + 2x = \\sqrt{3}", "3 \\cdot x^{2} - 2"),
    ("(1, 2\\pi]", "[3, \\infty)"),
    ("\\{1, 2\\}", "x \\in (-1, 2) \\cup [3, 4]"),
    ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\sin(x) + \\log_2 8"),
    ("1 \\le x < 2", "x = 1, y = 2"),
)


def judge(job: dict) -> tuple[bool, str | None]:
    """Whether a reading of the answer equals the truth, and what was read. `job` is math.Question's payload."""
    truth = job["truth"]
    gold = _parse(truth, job["truth_is_text"])
    extracted = None
    for source, is_text in job["readings"]:
        found = _parse(source, is_text)
        if not found:
            continue
        extracted = extracted or str(found[-1])[:500]
        places = rounded_places(source, truth)
        for one, other in itertools.product(gold, found):
            if isinstance(one, str) or isinstance(other, str):
                same = one == other and one != ""
            else:
                same = equal(one, other, places, job["percent"], job["tolerance"])
            if same:
                return True, str(found[-1])
    return False, extracted


@functools.lru_cache(maxsize=256)  # the responses of a query share its truth
def _parse(source: str, is_text: bool) -> list:
    """The readings of a source: one formula, or what math-verify finds in running text."""
    if not is_text:
        formula = parse_formula(source)
        return [] if formula is None else [formula]
    from math_verify import parse

    return parse(source, parsing_timeout=None)


def speed_up_parser() -> None:
    """Let ANTLR predict without full context first, which is several times faster. If that succeeds, full context would
    give the same tree; if not, the text is parsed again as before. A release with other internals is left unchanged.
    """
    from antlr4.atn.PredictionMode import PredictionMode
    from latex2sympy2_extended import latex2sympy2

    reader = getattr(latex2sympy2, "_Latex2Sympy", None)
    if reader is None or not hasattr(reader, "create_parser"):
        return
    create, parse = reader.create_parser, reader.parse

    def create_with_mode(self, source):
        parser = create(self, source)
        parser._interp.predictionMode = self.mode
        return parser

    def parse_twice(self, source):
        self.mode = PredictionMode.SLL
        try:
            return parse(self, source)
        except Exception:
            self.mode = PredictionMode.LL
            return parse(self, source)

    reader.create_parser, reader.parse = create_with_mode, parse_twice


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process; 0 if the kernel does not report them."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except (OSError, IndexError, ValueError):
        return 0.0


class Child:
    """A fork of this process that serves one job at a time."""

    def __init__(self):
        theirs_in, self.sending = os.pipe()
        self.receiving, theirs_out = os.pipe()
        self.job, self.timeout, self.start, self.answer = None, 0.0, 0.0, bytearray()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(theirs_in, 3)
                os.dup2(theirs_out, 4)
                os.closerange(5, 1 << 16)
                _serve(3, 4)
            finally:
                os._exit(0)
        os.close(theirs_in)
        os.close(theirs_out)

    def give(self, number: int, timeout: float, payload: bytes) -> None:
        self.job, self.start = number, time.monotonic()
        self.timeout, self.answer = timeout, bytearray()
        self.computed = cpu_seconds(self.pid)
        block = memoryview(struct.pack(">I", len(payload)) + payload)
        while block:
            block = block[os.write(self.sending, block) :]

    def overdue(self) -> bool:
        """Whether the job used up its CPU time (as in sandbox/inside/runner.py) or PATIENCE times as many seconds."""
        age = time.monotonic() - self.start
        if age < self.timeout:
            return False
        return cpu_seconds(self.pid) - self.computed >= self.timeout or age >= PATIENCE * self.timeout

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.sending)
        os.close(self.receiving)


def _serve(source: int, target: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with os.fdopen(source, "rb") as stream:
        while len(size := stream.read(4)) == 4:
            job = json.loads(stream.read(int.from_bytes(size, "big")))
            try:
                correct, extracted = judge(job)
            except Exception as error:
                correct, extracted = False, f"{type(error).__name__}"
            os.write(target, json.dumps({"equal": correct, "extracted": (extracted or "")[:500]}).encode() + b"\n")


def main(workers: int) -> None:
    import logging

    import math_verify  # noqa: F401 - loaded here, so that each fork has it

    logging.disable(logging.CRITICAL)
    speed_up_parser()
    for truth, answer in WARMING:  # fills the parser's tables, which every child inherits
        judge({"truth": truth, "truth_is_text": False, "readings": [(answer, False)], "percent": False, "tolerance": 0})
    gc.collect()
    gc.freeze()
    source, target = sys.stdin.fileno(), os.fdopen(os.dup(1), "wb")
    _report(target, {"id": None, "end": "ready", "seconds": 0.0}, b"")
    children = [Child() for _ in range(workers)]
    waiting, pending = [], bytearray()
    os.set_blocking(source, False)
    while True:
        for child in children:
            if child.job is None and waiting:
                frame = waiting.pop(0)
                length = int.from_bytes(frame[:4], "big")
                header = json.loads(frame[4 : 4 + length])
                child.give(header["id"], header["timeout"], frame[4 + length :])
        busy = [child for child in children if child.job is not None]
        ready, _, _ = select.select([source, *(child.receiving for child in busy)], [], [], 0.1 if busy else None)
        if source in ready and not _receive(source, pending, waiting):
            break
        for place, child in enumerate(children):
            if child.job is None:
                continue
            ended = False
            if child.receiving in ready:
                block = os.read(child.receiving, 1 << 16)
                child.answer += block
                ended = not block
            if child.answer.endswith(b"\n"):
                _reply(target, child, "ended")
            elif ended or child.overdue():
                _reply(target, child, "output" if ended else "timeout")
                child.end()
                children[place] = Child()
    for child in children:
        child.end()


def _receive(source: int, pending: bytearray, waiting: list) -> bool:
    while True:
        try:
            block = os.read(source, 1 << 18)
        except BlockingIOError:
            return True
        if not block:
            return False
        pending += block
        while len(pending) >= 4 and len(pending) >= 4 + (length := int.from_bytes(pending[:4], "big")):
            if length == 0:
                return False
            waiting.append(bytes(pending[4 : 4 + length]))
            del pending[: 4 + length]


def _reply(target, child: Child, end: str) -> None:
    header = {"id": child.job, "end": end, "seconds": time.monotonic() - child.start}
    _report(target, header, bytes(child.answer) if end == "ended" else b"")
    child.job = None


def _report(target, header: dict, payload: bytes) -> None:
    head = json.dumps(header).encode()
    body = struct.pack(">I", len(head)) + head + payload
    target.write(struct.pack(">I", len(body)) + body)
    target.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
