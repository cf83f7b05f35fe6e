"""A server on 127.0.0.1 that speaks the endpoints of the Hugging Face hub which a download asks for."""

import hashlib
import io
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub.utils.sha import git_hash

COMMIT = "0123456789abcdef0123456789abcdef01234567"
#: GSM8K's files on the hub.
TRAIN, TEST = "main/train-00000-of-00001.parquet", "main/test-00000-of-00001.parquet"


def parquet_bytes(rows: list[dict]) -> bytes:
    """A parquet file of these rows."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def problems(count: int, start: int = 0) -> list[dict]:
    """Rows in the shape of GSM8K, different ones from different starts."""
    return [
        {"question": f"What is {n} + 1?", "answer": f"One more.\n#### {n + 1}"} for n in range(start, start + count)
    ]


class Request(NamedTuple):
    path: str
    range: str | None
    token: str | None


@dataclass
class Hub:
    """One repository; large files are redirected to `storage`, as the hub does.

    repository, commit, files  what is there; `content` replaces what is sent, not what is listed
    kind                       datasets or models
    gated                      without the token `token` it answers 401, as the hub does
    faults                     path prefix -> answers that come before the true one: (status, headers) or a number of
                               bytes after which the connection is cut
    requests                   all that was asked
    """

    repository: str
    commit: str
    files: dict[str, bytes]
    large: tuple[str, ...] = ()
    storage: str | None = None
    license: str = "mit"
    kind: str = "datasets"
    gated: bool = False
    token: str | None = None
    content: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, deque] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def listing(self) -> dict:
        siblings = []
        for path, data in self.files.items():
            entry = {"rfilename": path, "size": len(data), "blobId": git_hash(data)}
            if path in self.large:
                entry["blobId"] = git_hash(b"pointer to " + path.encode())
                entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 132}
            siblings.append(entry)
        return {"id": self.repository, "sha": self.commit, "siblings": siblings, "cardData": {"license": self.license}}

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if path in request.path]


@contextmanager
def serve(*hubs: Hub) -> Iterator[str]:
    """Serve repositories in a thread; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            path = unquote(urlsplit(self.path).path)
            hub = self.hub = next((hub for hub in hubs if hub.repository in path), hubs[0])
            token = self.headers.get("Authorization")
            hub.requests.append(Request(path, self.headers.get("Range"), token))
            fault = next((queue.popleft() for at, queue in hub.faults.items() if queue and at in path), None)
            if isinstance(fault, tuple):
                self.answer(*fault)
            elif path == f"/api/{hub.kind}/{hub.repository}/revision/{hub.commit}":
                self.answer(200, {"Content-Type": "application/json"}, json.dumps(hub.listing()).encode())
            elif path.startswith("/storage/"):
                self.send_file(path.removeprefix(f"/storage/{hub.repository}/"), fault)
            elif hub.repository not in path:
                self.answer(401, {"X-Error-Message": "Invalid username or password."})
            elif hub.commit not in path:
                self.answer(404, {"X-Error-Code": "RevisionNotFound"})
            elif hub.gated and token != f"Bearer {hub.token}":
                self.answer(401 if token is None else 403, {"X-Error-Code": "GatedRepo"})
            else:
                # a model's repository lies at the top, a data set's below its kind
                self.resolve(path.split(f"{hub.repository}/resolve/{hub.commit}/")[-1], fault)

        def resolve(self, name, fault):
            hub = self.hub
            if name not in hub.files:
                self.answer(404, {"X-Error-Code": "EntryNotFound"})
            elif name in hub.large and hub.storage:
                self.answer(302, {"Location": f"{hub.storage}/storage/{hub.repository}/{name}"})
            else:
                self.send_file(name, fault)

        def send_file(self, name, cut):
            data = self.hub.content.get(name, self.hub.files[name])
            start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
            self.answer(206 if start else 200, headers, data[start:], cut)

        def answer(self, status, headers=None, body=b"", cut=None):
            self.send_response(status)
            for name, value in {"X-Repo-Commit": self.hub.commit, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])
            self.wfile.flush()
            self.close_connection = cut is not None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
