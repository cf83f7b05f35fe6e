"""One repository of the Hugging Face hub at one commit: list its files and download them, with retries.

`huggingface_hub` provides URLs, headers, the HTTP client and error classes. Its `snapshot_download` (1.33) cannot
replace this module: each call writes a file to a new temporary one (`_download_to_tmp_and_move`), so an interrupted
download of many gigabytes restarts at the first byte. This module resumes it at the last one.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
from huggingface_hub import constants, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from reward_memory.errors import InputError
from reward_memory.jobs.progress import Progress

#: Seconds to wait before each retry; a try that received new bytes starts the list over.
RETRY_WAITS = (1, 2, 4, 8, 16, 32)
#: Retries if the hub has never answered: without a network, waiting does not help.
FIRST_CONTACT = 2
#: Longest Retry-After, in seconds, that is honored; if the hub requests more, the download fails.
LONGEST_WAIT = 300
#: Status codes of transient errors.
TRANSIENT = (408, 429, 500, 502, 503, 504)

T = TypeVar("T")


class Kind(NamedTuple):
    """Differences between the hub's data set and model repositories.

    repo_type  name of the type in huggingface_hub
    api        name below the endpoint's `api`
    page       prefix of the name in the URL of a repository's page
    hub        configuration that uses the hub, for messages
    instead    configuration that does not need it, for messages
    """

    repo_type: str
    api: str
    page: str
    hub: str
    instead: str


DATASET = Kind("dataset", "datasets", "datasets/", "source: hub", "source: mirror with a local folder of the files")
MODEL = Kind("model", "models", "", "policies from the hub", "path: with the folder of a policy")


class HubFile(NamedTuple):
    """A file of a repository at one commit.

    digest  of the content, from the hub: hex SHA-256 of a large file, else git's hex SHA-1 of the blob
    """

    path: str
    size: int
    digest: str


class HubRepository:
    """A repository at one commit.

    where       key of the configuration that messages name, such as `benchmarks: gsm8k`
    repository  owner/name
    commit      40 hexadecimal digits
    kind        DATASET or MODEL

    The endpoint is HF_ENDPOINT or the public hub; the token is HF_TOKEN or that of `hf auth login`.
    All methods raise InputError, one sentence that includes the fix.
    """

    def __init__(self, where: str, repository: str, commit: str, kind: Kind = DATASET):
        self.where, self.repository, self.commit, self.kind = where, repository, commit, kind
        self.endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
        # compressed responses could be neither resumed nor counted
        self.headers = build_hf_headers() | {"Accept-Encoding": "identity"}
        self._answered = False
        self._received = 0

    def files(self) -> tuple[dict[str, HubFile], str | None]:
        """Return (path -> file, license) as the hub lists them."""
        url = f"{self.endpoint}/api/{self.kind.api}/{self.repository}/revision/{self.commit}"
        return self._with_retries(lambda: self._listing(url), "the list of files")

    def fetch(self, file: HubFile, part: Path, progress: Progress) -> None:
        """Download the bytes of `file` that `part` lacks; the content is not verified."""
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        if part.stat().st_size > file.size:
            part.write_bytes(b"")
        progress.advance(part.stat().st_size)
        while part.stat().st_size < file.size:
            self._with_retries(lambda: self._append(file, part, progress), file.path)

    def _listing(self, url: str) -> tuple[dict[str, HubFile], str | None]:
        timeout = constants.HF_HUB_ETAG_TIMEOUT
        response = get_session().get(url, headers=self.headers, params={"blobs": "true"}, timeout=timeout)
        self._answered = True
        hf_raise_for_status(response)
        try:
            answer = response.json()
            listed = [(sibling, sibling.get("lfs") or {}) for sibling in answer["siblings"]]
            files = [
                HubFile(sibling["rfilename"], int(sibling["size"]), lfs.get("sha256") or sibling["blobId"])
                for sibling, lfs in listed
            ]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(
                f"{self.where}: {self.endpoint} does not respond like a Hugging Face hub; check HF_ENDPOINT."
            ) from error
        return {file.path: file for file in files}, (answer.get("cardData") or {}).get("license")

    def _append(self, file: HubFile, part: Path, progress: Progress) -> None:
        """Request the bytes that `part` lacks, once; bytes received before the connection breaks are kept."""
        where = {"repo_type": self.kind.repo_type, "revision": self.commit, "endpoint": self.endpoint}
        url = hf_hub_url(self.repository, file.path, **where)
        have = part.stat().st_size
        headers = self.headers | ({"Range": f"bytes={have}-"} if have else {})
        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        # the client drops the token when the hub redirects to its storage servers
        with get_session().stream("GET", url, headers=headers, timeout=timeout) as response:
            self._answered = True
            hf_raise_for_status(response)
            from_start = response.status_code != httpx.codes.PARTIAL_CONTENT
            with part.open("wb" if from_start else "ab") as out:
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    self._received += len(chunk)
                    progress.advance(len(chunk))
        if part.stat().st_size < file.size:
            raise httpx.RemoteProtocolError("the connection closed before the end of the file")

    def _with_retries(self, attempt: Callable[[], T], what: str) -> T:
        """Retry until it works, or until waiting longer makes no sense."""
        tries, before = 0, self._received
        while True:
            try:
                return attempt()
            except (OfflineModeIsEnabled, httpx.HTTPError, httpx.InvalidURL) as error:
                if self._received > before:
                    tries, before = 0, self._received
                most = len(RETRY_WAITS) if self._answered else FIRST_CONTACT
                requested = _retry_after(error)
                if tries >= most or not _is_transient(error) or requested > LONGEST_WAIT:
                    raise InputError(f"{self.where}: {self._sentence(error, what)}") from error
                wait = max(RETRY_WAITS[tries], requested)
                print(f"{what}: {_reason(error)}; retrying in {wait:g} s", file=sys.stderr, flush=True)
                time.sleep(wait)
                tries += 1

    def _hidden(self, status: int | None) -> bool:
        """Return whether the hub may hide a repository: without a token it answers 401 for missing ones, too."""
        return status == httpx.codes.UNAUTHORIZED and "authorization" not in self.headers

    def _sentence(self, error: Exception, what: str) -> str:
        page = f"https://huggingface.co/{self.kind.page}{self.repository}"
        status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
        match error:
            case OfflineModeIsEnabled():
                return f"HF_HUB_OFFLINE forbids {self.kind.hub}; unset it, or use {self.kind.instead}."
            case GatedRepoError():
                return (
                    f"{self.repository} is gated ({status}); accept its terms at {page} and set HF_TOKEN to a token of "
                    "the same account."
                )
            case RevisionNotFoundError():
                return f"{self.repository} has no commit {self.commit}; copy one from {page}/commits/main to revision."
            case RemoteEntryNotFoundError():
                return f"{self.repository} has no file {what} at commit {self.commit}; choose another revision."
            case HfHubHTTPError() if isinstance(error, RepositoryNotFoundError) or self._hidden(status):
                return (
                    f"the hub finds no repository {self.repository} ({status}); if {page} exists, it is private or "
                    "gated and needs HF_TOKEN."
                )
            case HfHubHTTPError() if status == httpx.codes.UNAUTHORIZED:
                return f"{self.endpoint} does not accept the token (401); set HF_TOKEN to a valid one, or unset it."
            case HfHubHTTPError() if status == httpx.codes.FORBIDDEN:
                return f"the token cannot read {self.repository} (403); set HF_TOKEN to one with access to {page}."
            case HfHubHTTPError() if status == httpx.codes.NOT_FOUND:
                return (
                    f"{self.endpoint} does not have {what} of {self.repository} (404); check HF_ENDPOINT and revision."
                )
            case HfHubHTTPError():
                return (
                    f"{self.endpoint} returned {_reason(error)} for {what} of {self.repository} (retried where waiting "
                    "could help); run the same command later: it resumes where it stopped."
                )
        if self._received:
            return (
                f"the download of {what} was interrupted ({_reason(error)}); run the same command again: it resumes "
                "where it stopped."
            )
        return (
            f"{self.endpoint} cannot be reached ({_reason(error)}); check the network and HF_ENDPOINT, or use "
            f"{self.kind.instead}."
        )


def _is_transient(error: Exception) -> bool:
    """Return whether a retry may succeed."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in TRANSIENT
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _retry_after(error: Exception) -> float:
    """Return the Retry-After of the response in seconds; 0 if it is not given in seconds."""
    header: Any = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return float(header) if header.strip().isdigit() else 0.0


def _reason(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError):
        requested = _retry_after(error)
        return f"status {error.response.status_code}" + (f" with Retry-After {requested:g} s" if requested else "")
    return f"{type(error).__name__}: {error}".strip(": ")
