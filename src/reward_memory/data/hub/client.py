"""One repository of the Hugging Face hub at one commit: its list of files, and the files, asked with patience.

`huggingface_hub` gives addresses, headers, the HTTP client and the meaning of errors. Its `snapshot_download` (1.33)
does not replace this module: each call writes a file into a new temporary one (`_download_to_tmp_and_move`), so that
weights of many gigabytes that break off begin again at their first byte, and this module resumes at the last one.
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

#: Seconds to wait before each further try; one that brought new bytes starts over.
WAITS = (1, 2, 4, 8, 16, 32)
#: Tries after the first while the hub has not answered at all: without a network, waiting helps nobody.
FIRST_CONTACT = 2
#: Seconds of Retry-After that are waited for; a hub that asks for more is not.
LONGEST_WAIT = 300
#: Status codes that may be another one at the next try.
PASSING = (408, 429, 500, 502, 503, 504)

T = TypeVar("T")


class Kind(NamedTuple):
    """What the hub's repositories of data sets and of models differ in.

    word     of the hub for it
    api      name below the endpoint's `api`
    page     what a repository's page has before its name
    hub      what asks for the hub in the configuration
    instead  what does without it
    """

    word: str
    api: str
    page: str
    hub: str
    instead: str


DATASET = Kind("dataset", "datasets", "datasets/", "source: hub", "source: mirror with a folder of the files")
MODEL = Kind("model", "models", "", "policies from the hub", "path: the folder of a policy")


class HubFile(NamedTuple):
    """A file of a repository at one commit.

    digest  what the hub says of its content: hex SHA-256 of a large file, else git's hex SHA-1 of the blob
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
    All methods raise InputError, one sentence with the mend.
    """

    def __init__(self, where: str, repository: str, commit: str, kind: Kind = DATASET):
        self.where, self.repository, self.commit, self.kind = where, repository, commit, kind
        self.endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
        # compressed answers could be neither resumed nor counted
        self.headers = build_hf_headers() | {"Accept-Encoding": "identity"}
        self._answered = False
        self._received = 0

    def files(self) -> tuple[dict[str, HubFile], str | None]:
        """(path -> file, license) as the hub lists them."""
        url = f"{self.endpoint}/api/{self.kind.api}/{self.repository}/revision/{self.commit}"
        return self._patiently(lambda: self._listing(url), "its list of files")

    def fetch(self, file: HubFile, part: Path, progress: Progress) -> None:
        """Download what `part` lacks of `file`; its content is not checked."""
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        if part.stat().st_size > file.size:
            part.write_bytes(b"")
        progress.advance(part.stat().st_size)
        while part.stat().st_size < file.size:
            self._patiently(lambda: self._append(file, part, progress), file.path)

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
                f"{self.where}: {self.endpoint} does not answer as a Hugging Face hub; check HF_ENDPOINT."
            ) from error
        return {file.path: file for file in files}, (answer.get("cardData") or {}).get("license")

    def _append(self, file: HubFile, part: Path, progress: Progress) -> None:
        """One request for the bytes that `part` lacks; what arrives before a break stays."""
        where = {"repo_type": self.kind.word, "revision": self.commit, "endpoint": self.endpoint}
        url = hf_hub_url(self.repository, file.path, **where)
        have = part.stat().st_size
        headers = self.headers | ({"Range": f"bytes={have}-"} if have else {})
        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        # the client leaves the token out where the hub redirects to its storage servers
        with get_session().stream("GET", url, headers=headers, timeout=timeout) as response:
            self._answered = True
            hf_raise_for_status(response)
            whole = response.status_code != httpx.codes.PARTIAL_CONTENT
            with part.open("wb" if whole else "ab") as out:
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    self._received += len(chunk)
                    progress.advance(len(chunk))
        if part.stat().st_size < file.size:
            raise httpx.RemoteProtocolError("the connection ended before the file did")

    def _patiently(self, attempt: Callable[[], T], what: str) -> T:
        """Try until it works, or until waiting longer makes no sense."""
        tries, before = 0, self._received
        while True:
            try:
                return attempt()
            except (OfflineModeIsEnabled, httpx.HTTPError, httpx.InvalidURL) as error:
                if self._received > before:
                    tries, before = 0, self._received
                most = len(WAITS) if self._answered else FIRST_CONTACT
                asked = _retry_after(error)
                if tries >= most or not _passes(error) or asked > LONGEST_WAIT:
                    raise InputError(f"{self.where}: {self._sentence(error, what)}") from error
                wait = max(WAITS[tries], asked)
                print(f"{what}: {_reason(error)}; next try in {wait:g} s", file=sys.stderr, flush=True)
                time.sleep(wait)
                tries += 1

    def _hidden(self, status: int | None) -> bool:
        """Whether the hub may hide a repository: without a token it answers 401 for those that do not exist, too."""
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
                    "the account that did."
                )
            case RevisionNotFoundError():
                return f"{self.repository} has no commit {self.commit}; copy one from {page}/commits/main to revision."
            case RemoteEntryNotFoundError():
                return f"{self.repository} has no file {what} at commit {self.commit}; choose another revision."
            case HfHubHTTPError() if isinstance(error, RepositoryNotFoundError) or self._hidden(status):
                return (
                    f"the hub shows no repository {self.repository} ({status}); if {page} exists, it is private or "
                    "gated and needs HF_TOKEN."
                )
            case HfHubHTTPError() if status == httpx.codes.UNAUTHORIZED:
                return f"{self.endpoint} does not accept the token (401); set HF_TOKEN to a valid one, or unset it."
            case HfHubHTTPError() if status == httpx.codes.FORBIDDEN:
                return f"the token may not read {self.repository} (403); set HF_TOKEN to one with access to {page}."
            case HfHubHTTPError() if status == httpx.codes.NOT_FOUND:
                return f"{self.endpoint} has no {what} of {self.repository} (404); check HF_ENDPOINT and revision."
            case HfHubHTTPError():
                return (
                    f"{self.endpoint} gave {_reason(error)} for {what} of {self.repository}, after several tries where "
                    "waiting could help; run the same command later: it goes on where it stopped."
                )
        if self._received:
            return (
                f"the download of {what} broke off ({_reason(error)}); run the same command again: it goes on where it "
                "stopped."
            )
        return (
            f"{self.endpoint} cannot be reached ({_reason(error)}); check the network and HF_ENDPOINT, or use "
            f"{self.kind.instead}."
        )


def _passes(error: Exception) -> bool:
    """Whether another try may end better."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in PASSING
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _retry_after(error: Exception) -> float:
    """Seconds that the server asks to wait, 0 if it does not say."""
    asked: Any = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return float(asked) if asked.strip().isdigit() else 0.0


def _reason(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError):
        asked = _retry_after(error)
        return f"status {error.response.status_code}" + (f" with Retry-After {asked:g} s" if asked else "")
    return f"{type(error).__name__}: {error}".strip(": ")
