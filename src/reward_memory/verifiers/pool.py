"""A warm worker process: started on first use, fed with frames, replaced when it dies."""

import contextlib
import functools
import itertools
import json
import os
import queue
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO

from reward_memory.errors import InputError

#: An empty frame asks the process to end. So does the end of its input, but a fork of the caller may keep that open.
QUIT = struct.pack(">I", 0)
FRAME_BYTES = 16 << 20  # of a reply; the sandbox sends at most half of that
HEADER_BYTES = 1000
UNJUDGED_BYTES = 64 << 20  # of replies that wait for their judge; beyond that, no more are read
ENDS = ("ended", "timeout", "output", "lost")


@dataclass(frozen=True, slots=True)
class Reply:
    """How a job ended, the seconds it took, and what it wrote."""

    end: str  # "ended" | "timeout" | "output" | "lost" (the process died during it)
    seconds: float
    payload: bytes


Job = tuple[dict, Callable[[], bytes]]


class StartError(InputError):
    """The warm process cannot run on this machine."""


class _Process:
    """One run of the process: a pipe each way, and a thread that passes replies to their callers."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]):
        # Popen spawns without copying this process's memory map, so a caller of any size pays the same
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is for the caller, which then closes this
        )
        self.sending, self.lock = threading.Lock(), threading.Lock()
        self.promises: dict[int, Future[Reply]] = {}
        self.unjudged, self.judged = 0, threading.Condition()  # bytes of replies
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
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            self._receive_frames(self.process.stdout)
        with self.lock:
            self.alive = False
            lost, self.promises = self.promises, {}
        with contextlib.suppress(OSError):
            self.process.kill()  # whatever ended the reading, later output is not trusted
        for promise in lost.values():
            promise.set_result(Reply("lost", 0.0, b""))

    def _receive_frames(self, stream: IO[bytes]) -> None:
        """Read until the stream ends or a frame is malformed; ValueError and the like mean malformed, too."""
        while len(size := stream.read(4)) == 4:
            length = int.from_bytes(size, "big")
            if not 4 <= length <= FRAME_BYTES:
                return
            with self.judged:
                self.judged.wait_for(lambda held=length: not self.unjudged or self.unjudged + held <= UNJUDGED_BYTES)
            reply, number = _parse(stream.read(length))
            with self.lock:
                if number is None and not self.ready:
                    self.ready = True
                    continue
                promise = self.promises.pop(number)
            self.weigh(len(reply.payload))
            promise.set_result(reply)

    def weigh(self, size: int) -> None:
        """Count the bytes of a reply that arrived or, if negative, of one that was judged."""
        with self.judged:
            self.unjudged += size
            self.judged.notify_all()

    def _drain_errors(self) -> None:
        while block := self.process.stderr.read1(4096):
            self.complaint = (self.complaint + block)[-2000:]

    def complaint_line(self) -> str:
        """The last line that the process wrote to standard error."""
        self.errors.join(timeout=2)
        lines = self.complaint.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self.process.wait()} and printed nothing"

    def stop(self) -> None:
        """End the process: on request it ends its children itself; if it does not within 5 seconds, kill it."""
        with self.sending, contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(QUIT)
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        with contextlib.suppress(OSError, ValueError):
            self.process.kill()
        self.process.wait()
        for thread, stream in ((self.receiver, self.process.stdout), (self.errors, self.process.stderr)):
            thread.join(timeout=1)  # a stream must not be closed while a thread reads it
            if not thread.is_alive():
                stream.close()


def _parse(body: bytes) -> tuple[Reply, int | None]:
    """Return (reply, number of its job) of a frame. If malformed, ValueError, KeyError, TypeError or RecursionError."""
    length = int.from_bytes(body[:4], "big")
    if length > HEADER_BYTES:
        raise ValueError("the header of a reply is too long")
    head = json.loads(body[4 : 4 + length])
    if head["id"] is None:
        return Reply("ended", 0.0, b""), None
    end, seconds = ENDS[ENDS.index(head["end"])], float(head["seconds"])
    if not 0 <= seconds < 1e9:
        raise ValueError("the seconds of a reply are out of range")
    return Reply(end, seconds, body[4 + length :]), head["id"]


class WarmPool:
    """Runner of jobs in a warm process; thread-safe, also after a fork of the caller, which then starts a new process.

    The process sends a frame with id null when it is ready to serve. If it ends before that, it could not start, and no
    job is to blame.

    what        name of the process, for messages
    command     returns the command line, called at each start
    attempts    2: a job during which the process died is retried once, alone in a process; 1: it is not
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
        self.alone = threading.Lock()
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

    def run(self, jobs: Sequence[Job], judge: Callable[[int, Reply], object] | None = None) -> list:
        """Return `judge(place, reply)` for each job, or the replies without `judge`, in the order of the jobs.

        A job is a header (with "timeout" in seconds) and a function that returns the payload. Payloads are created when
        there is room and replies are judged as they arrive, so that those of a thousand jobs are not in memory at once.
        If the process dies, one job killed it and the others are bystanders: all are retried, one after the other.

        StartError if the process ends before it is ready to serve.
        """
        if self.owner != os.getpid():
            self._renew()
        judge = judge or (lambda place, reply: reply)
        results: list = [None] * len(jobs)
        lost = []
        for place, reply in self._replies(jobs):
            if reply.end == "lost" and self.attempts > 1:
                lost.append(place)
            else:
                results[place] = judge(place, reply)
        if lost:
            self._process()  # raises if it could not start
            for place, reply in self._replies_alone(jobs, lost):
                results[place] = judge(place, reply)
        return results

    def _replies(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Reply]]:
        """Yield (place, reply) as they arrive. Room is released once a reply is judged or no longer wanted."""
        arrivals: queue.SimpleQueue = queue.SimpleQueue()
        abandoned = threading.Event()

        def arrive(place: int, life: _Process, promise: Future[Reply]) -> None:
            arrivals.put((place, life, promise.result()))
            if abandoned.is_set():
                drain()

        def drain() -> None:
            with contextlib.suppress(queue.Empty):
                while True:
                    release_room(*arrivals.get_nowait()[1:])

        def release_room(life: _Process, reply: Reply) -> None:
            life.weigh(-len(reply.payload))
            self.room.release()

        unsent, pending = list(reversed(range(len(jobs)))), 0
        try:
            while unsent or pending:
                # a caller that blocks here holds no room itself, so some other caller has a reply to judge
                while unsent and self.room.acquire(blocking=not pending):
                    place = unsent.pop()
                    life, promise = self._send(*jobs[place])
                    pending += 1
                    promise.add_done_callback(functools.partial(arrive, place, life))
                place, life, reply = arrivals.get()
                pending -= 1
                try:
                    yield place, reply
                finally:
                    release_room(life, reply)
        finally:
            abandoned.set()
            drain()

    def _send(self, header: dict, payload: Callable[[], bytes]) -> tuple[_Process, Future[Reply]]:
        try:
            life = self._process()
            return life, life.submit(next(self.numbers), header, payload())
        except BaseException:
            self.room.release()
            raise

    def _replies_alone(self, jobs: Sequence[Job], places: Sequence[int]) -> Iterator[tuple[int, Reply]]:
        """Yield (place, reply) of jobs that run one after the other in a separate process."""
        with self.alone:
            life = _Process(self.command(), self.environment)
            try:
                for place in places:
                    if not life.alive:
                        life.stop()
                        life = _Process(self.command(), self.environment)
                    header, payload = jobs[place]
                    reply = life.submit(next(self.numbers), header, payload()).result()
                    yield place, reply
                    life.weigh(-len(reply.payload))
            finally:
                life.stop()

    def close(self) -> None:
        if self.owner != os.getpid():
            return
        with self.lock:
            if self.life is not None:
                self.life.stop()
                self.life = None
