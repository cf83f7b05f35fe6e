"""A warm process beside this one: started on first use, fed with frames, replaced when it dies."""

import contextlib
import itertools
import json
import os
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ..errors import InputError

#: An empty frame asks the process to end. The end of its input does too, but a fork of the caller may hold that open.
QUIT = struct.pack(">I", 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a job ended, the seconds it took, and what it wrote."""

    end: str  # "ended" | "timeout" | "output" | "lost" (the process died with it)
    seconds: float
    payload: bytes


class StartError(InputError):
    """The warm process cannot run on this machine."""


class _Process:
    """One life of the process: a pipe each way and a thread that hands replies to those who wait."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]):
        # Popen spawns without copying this process's memory map, so a caller of any size pays the same
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,  # a Ctrl-C in the terminal is for the caller, who then closes this
        )
        self.sending, self.lock = threading.Lock(), threading.Lock()
        self.promises: dict[int, Future[Reply]] = {}
        self.alive, self.ready = True, False
        self.complaint = b""
        self.errors = threading.Thread(target=self._drain_errors, daemon=True)
        self.receiver = threading.Thread(target=self._receive, daemon=True)
        self.errors.start()
        self.receiver.start()

    def submit(self, number: int, header: dict, payload: bytes) -> Future[Reply]:
        promise: Future[Reply] = Future()
        with self.lock:
            if not self.alive:
                promise.set_result(Reply("lost", 0.0, b""))
                return promise
            self.promises[number] = promise
        head = json.dumps({"id": number, **header}).encode()
        frame = struct.pack(">II", 4 + len(head) + len(payload), len(head)) + head + payload
        with self.sending, contextlib.suppress(OSError, ValueError):  # a dead process is noticed by `_receive`
            self.process.stdin.write(frame)
            self.process.stdin.flush()
        return promise

    def _receive(self) -> None:
        stream = self.process.stdout
        with contextlib.suppress(OSError, ValueError):
            while len(size := stream.read(4)) == 4:
                body = stream.read(int.from_bytes(size, "big"))
                length = int.from_bytes(body[:4], "big")
                head = json.loads(body[4 : 4 + length])
                with self.lock:
                    self.ready = True
                    promise = self.promises.pop(head["id"], None)
                if promise is not None:
                    promise.set_result(Reply(head["end"], head["seconds"], body[4 + length :]))
        with self.lock:
            self.alive = False
            lost, self.promises = self.promises, {}
        for promise in lost.values():
            promise.set_result(Reply("lost", 0.0, b""))

    def _drain_errors(self) -> None:
        for line in self.process.stderr:
            self.complaint = (self.complaint + line)[-2000:]

    def complaint_line(self) -> str:
        """The last line that the process wrote to standard error."""
        self.errors.join(timeout=2)
        lines = self.complaint.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self.process.wait()} and said nothing"

    def stop(self) -> None:
        """End the process: asked to, it ends its children itself; killed, if it does not within seconds."""
        with self.sending, contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(QUIT)
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        with contextlib.suppress(OSError, ValueError):
            self.process.kill()
        self.process.wait()
        for thread, stream in ((self.receiver, self.process.stdout), (self.errors, self.process.stderr)):
            thread.join(timeout=1)  # a stream may not be closed under its reader
            if not thread.is_alive():
                stream.close()


class WarmPool:
    """Jobs for a warm process; safe from any thread, and after a fork of the caller, which gets a process of its own.

    The process sends a frame of id null when it is ready to serve; one that ends before has not been able to start, and
    no job is to blame.

    what        what the process is, for messages
    command     makes the command line, called once a start
    attempts    how often a job is sent again because the process died with it
    """

    def __init__(
        self,
        what: str,
        command: Callable[[], Sequence[str]],
        environment: dict[str, str],
        in_flight: int,
        attempts: int = 2,
    ):
        self.what, self.command, self.environment, self.attempts = what, command, environment, attempts
        self.in_flight = in_flight
        self.numbers = itertools.count()
        self._renew()

    def _renew(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.room = threading.BoundedSemaphore(self.in_flight)
        self.life: _Process | None = None

    def _process(self) -> _Process:
        with self.lock:
            if self.life is not None and not self.life.alive:
                dead, self.life = self.life, None
                dead.stop()
                if not dead.ready:
                    raise StartError(f"{self.what} could not start: {dead.complaint_line()}")
            if self.life is None:
                self.life = _Process(self.command(), self.environment)
            return self.life

    def run(self, jobs: Sequence[tuple[dict, Callable[[], bytes]]]) -> list[Reply]:
        """Replies in the order of the jobs, each a header (with "timeout" in seconds) and a maker of the payload.

        Payloads are made as room for them comes, so that a thousand jobs do not lie in memory at once.

        StartError if the process ends before it is ready to serve.
        """
        if self.owner != os.getpid():
            self._renew()
        replies: list[Reply | None] = [None] * len(jobs)
        left = list(range(len(jobs)))
        for _ in range(self.attempts):
            promises = []
            for place in left:
                header, payload = jobs[place]
                self.room.acquire()
                try:
                    promise = self._process().submit(next(self.numbers), header, payload())
                except BaseException:
                    self.room.release()
                    raise
                promise.add_done_callback(lambda _: self.room.release())
                promises.append((place, promise))
            for place, promise in promises:
                replies[place] = promise.result()
            left = [place for place in left if replies[place].end == "lost"]
            if not left:
                break
            self._process()  # raises if it could not start
        return replies

    def close(self) -> None:
        if self.owner != os.getpid():
            return
        with self.lock:
            if self.life is not None:
                self.life.stop()
                self.life = None
