"""A warm process beside this one: started on first use, fed with frames, replaced when it dies."""

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

#: An empty frame asks the process to end. The end of its input does too, but a fork of the caller may hold that open.
QUIT = struct.pack(">I", 0)
FRAME_BYTES = 16 << 20  # of a reply; the sandbox sends half of it at most
HEADER_BYTES = 1000
UNJUDGED_BYTES = 64 << 20  # of replies that wait for their judge; beyond, the process waits to be read
ENDS = ("ended", "timeout", "output", "lost")


@dataclass(frozen=True, slots=True)
class Reply:
    """How a job ended, the seconds it took, and what it wrote."""

    end: str  # "ended" | "timeout" | "output" | "lost" (the process died with it)
    seconds: float
    payload: bytes


Job = tuple[dict, Callable[[], bytes]]


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
            self.process.kill()  # whatever ended the reading, nothing it sends is believed any more
        for promise in lost.values():
            promise.set_result(Reply("lost", 0.0, b""))

    def _receive_frames(self, stream: IO[bytes]) -> None:
        """Until the end of the stream or a frame that no honest process sends; ValueError and its like are such."""
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
        """Count the bytes of a reply that came, or, negative, of one that was judged."""
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


def _parse(body: bytes) -> tuple[Reply, int | None]:
    """(reply, number of its job) of a frame. ValueError, KeyError, TypeError or RecursionError if it is none."""
    length = int.from_bytes(body[:4], "big")
    if length > HEADER_BYTES:
        raise ValueError("a header of a reply is short")
    head = json.loads(body[4 : 4 + length])
    if head["id"] is None:
        return Reply("ended", 0.0, b""), None
    end, seconds = ENDS[ENDS.index(head["end"])], float(head["seconds"])
    if not 0 <= seconds < 1e9:
        raise ValueError("a reply took some time")
    return Reply(end, seconds, body[4 + length :]), head["id"]


class WarmPool:
    """Jobs for a warm process; safe from any thread, and after a fork of the caller, which gets a process of its own.

    The process sends a frame of id null when it is ready to serve; one that ends before has not been able to start, and
    no job is to blame.

    what        what the process is, for messages
    command     makes the command line, called once a start
    attempts    2: a job with which the process died is sent once more, to a process in which it is alone; 1: it is not
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
        """What `judge` makes of each reply, given its place; the replies without one. In the order of the jobs.

        A job is a header (with "timeout" in seconds) and a maker of the payload. Payloads are made as room for them
        comes and replies are judged as they come, so that those of a thousand jobs do not lie in memory at once. A
        process that died had one killer and many bystanders: all are tried again, one after the other.

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
        """(place, reply) as they come. Room is given back once the reply was judged, or nobody wants it any more."""
        came: queue.SimpleQueue = queue.SimpleQueue()
        left = threading.Event()

        def arrive(place: int, life: _Process, promise: Future[Reply]) -> None:
            came.put((place, life, promise.result()))
            if left.is_set():
                forget()

        def forget() -> None:
            with contextlib.suppress(queue.Empty):
                while True:
                    give_back(*came.get_nowait()[1:])

        def give_back(life: _Process, reply: Reply) -> None:
            life.weigh(-len(reply.payload))
            self.room.release()

        unsent, pending = list(reversed(range(len(jobs)))), 0
        try:
            while unsent or pending:
                # who waits for others' room has none himself, so somebody always has a reply to judge
                while unsent and self.room.acquire(blocking=not pending):
                    place = unsent.pop()
                    life, promise = self._send(*jobs[place])
                    pending += 1
                    promise.add_done_callback(functools.partial(arrive, place, life))
                place, life, reply = came.get()
                pending -= 1
                try:
                    yield place, reply
                finally:
                    give_back(life, reply)
        finally:
            left.set()
            forget()

    def _send(self, header: dict, payload: Callable[[], bytes]) -> tuple[_Process, Future[Reply]]:
        try:
            life = self._process()
            return life, life.submit(next(self.numbers), header, payload())
        except BaseException:
            self.room.release()
            raise

    def _replies_alone(self, jobs: Sequence[Job], places: Sequence[int]) -> Iterator[tuple[int, Reply]]:
        """(place, reply) of jobs that have a process of their own, one at a time."""
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
