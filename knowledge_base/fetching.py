"""Pages from the web, fetched as if every address were a trap.

Where an address may lead is checked by triage/reach.py, for every redirect anew. What comes is limited in size, time
and kind.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

from knowledge_base.reading import ENDINGS, File
from triage.errors import InputError
from triage.reach import Deadline, Network, Target, connected, networks_of, plain

USER_AGENT = "TriageDesk/0.1 (imports pages that an administrator named; does not follow links)"
LARGEST = 20_000_000  # bytes of a page, unpacked
SECONDS = 30.0  # for one address with all its redirects
MOST_REDIRECTS = 5
PAUSE = 0.3  # seconds between two pages of one host
_PIECE = 65_536

_ENDING_OF = {
    "text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv",
    "application/pdf": ".pdf", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
_VAGUE = ("", "application/octet-stream", "binary/octet-stream", "text/plain")  # what servers say that do not know


__all__ = ["Fetched", "Network", "addresses_in", "fetch", "networks_of"]


@dataclass(frozen=True)
class Fetched:
    """A page as it came: `address` is where it lay in the end, after redirects."""

    file: File
    address: str


def addresses_in(text: str) -> list[str]:
    """The addresses of a list, one a line; blank lines and those that begin with # are passed over, doubles are dropped."""
    lines = (line.strip().strip("<>,;") for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def fetch(address: str, networks: Sequence[Network] = ()) -> Fetched:
    """One page. Raises InputError, saying what to do, for an address that is refused, fails, or holds something else."""
    given, end = address, time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        target = Target.of(address, given, networks)
        with _answer(target, given, end) as answer:
            if answer.status in (301, 302, 303, 307, 308) and (location := answer.headers.get("Location")):
                address = urljoin(address, location)
                continue
            _check_status(answer.status, given)
            data = _body(answer, given, end)
            kind = _Kind.of(answer.headers.get("Content-Type", ""), address)
        if kind.ending not in ENDINGS or kind.ending == ".zip":
            raise InputError(
                f"it is {kind.name or 'of no kind that is named'}, which is not read; give a page, a PDF or a table.",
                source=given,
            )
        file = File.of(data, given)
        return Fetched(File(given, len(data), file.open, address, kind.charset, kind.ending), address)
    raise InputError(f"it redirects more than {MOST_REDIRECTS} times; give the address where it ends.", source=given)


# ---- what comes ----------------------------------------------------------------------------------------------


@contextmanager
def _answer(target: Target, given: str, end: float) -> Iterator[Any]:
    """The answer's head, its body unread. The connection is cut when the time is over, however slowly it drips."""
    from urllib3.exceptions import HTTPError

    shown = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == (443 if target.secure else 80)
    headers = {
        "Host": shown if usual else f"{shown}:{target.port}", "User-Agent": USER_AGENT, "Connection": "close",
        "Accept": "text/html, text/markdown, text/plain, application/pdf, */*;q=0.1", "Accept-Encoding": "gzip, deflate",
    }  # fmt: skip
    with Deadline(end) as deadline:
        try:
            connection = connected(target, deadline)
            try:
                connection.request("GET", target.path, headers=headers, preload_content=False)
                with closing(connection.getresponse()) as answer:
                    yield answer
            finally:
                connection.close()
        except (HTTPError, HTTPException, OSError) as error:
            if deadline.over:
                raise InputError(f"it took longer than {SECONDS:.0f} seconds; try again later.", source=given) from error
            raise InputError(f"it cannot be fetched ({plain(error)}).", source=given) from error


def _body(answer: Any, given: str, end: float) -> bytes:
    """The body, unpacked; raises InputError when it is larger than `LARGEST` or takes too long."""
    declared = answer.headers.get("Content-Length", "")
    data = bytearray()
    if declared.isdecimal() and int(declared) > LARGEST:
        raise InputError(f"it has {int(declared):,} bytes and at most {LARGEST:,} are fetched.", source=given)
    for piece in answer.stream(_PIECE, decode_content=True):
        data += piece
        if len(data) > LARGEST:
            raise InputError(f"it has more than {LARGEST:,} bytes.", source=given)
        if time.monotonic() > end:
            raise InputError(f"it took longer than {SECONDS:.0f} seconds; try again later.", source=given)
    return bytes(data)


def _check_status(status: int, given: str) -> None:
    if status in (404, 410):
        raise InputError(f"there is no such page (status {status}); check the address.", source=given)
    if status in (401, 403):
        raise InputError(f"the server does not let us read it (status {status}); only open pages are fetched.", source=given)
    if status == 429:
        raise InputError("the server asks for fewer requests (status 429); import it again later.", source=given)
    if status != 200:
        raise InputError(f"the server answered with status {status}; try again later.", source=given)


@dataclass(frozen=True)
class _Kind:
    """What a server said that a page is."""

    name: str
    ending: str
    charset: str

    @classmethod
    def of(cls, header: str, address: str) -> "_Kind":
        message = Message()
        message["Content-Type"] = header
        name = message.get_content_type() if header else ""
        by_path = PurePosixPath(urlsplit(address).path).suffix.lower()
        ending = by_path if name in _VAGUE and by_path in ENDINGS else _ENDING_OF.get(name, "")
        return cls(name, ending, message.get_content_charset() or "")
