"""Pages from the web, fetched as if every address were a trap.

A host is resolved here, every address it has must be public (or in a network that the setting allows), and the
connection goes to the very address that was checked: a name that answers differently a moment later gains nothing. The
same holds for every redirect. What comes is limited in size, time and kind.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from knowledge_base.reading import ENDINGS, File
from triage.errors import InputError, SettingsError

USER_AGENT = "TriageDesk/0.1 (imports pages that an administrator named; does not follow links)"
LARGEST = 20_000_000  # bytes of a page, unpacked
SECONDS = 30.0  # for one address with all its redirects
MOST_REDIRECTS = 5
PAUSE = 0.3  # seconds between two pages of one host
_CONNECT, _READ = 5.0, 15.0
_PIECE = 65_536

_ENDING_OF = {
    "text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv",
    "application/pdf": ".pdf", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
_VAGUE = ("", "application/octet-stream", "binary/octet-stream", "text/plain")  # what servers say that do not know
# Public by number, and yet what a cloud's machines are told their secrets by.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Fetched:
    """A page as it came: `address` is where it lay in the end, after redirects."""

    file: File
    address: str


def networks_of(setting: Sequence[str]) -> list[Network]:
    """The networks that a setting allows. Raises SettingsError for one that is none."""
    try:
        return [ipaddress.ip_network(network.strip(), strict=False) for network in setting]
    except ValueError as error:
        raise SettingsError(f"TRIAGE_IMPORT_NETWORKS: {error}; use networks such as 10.0.0.0/8.") from error


def addresses_in(text: str) -> list[str]:
    """The addresses of a list, one a line; blank lines and those that begin with # are passed over, doubles are dropped."""
    lines = (line.strip().strip("<>,;") for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def fetch(address: str, networks: Sequence[Network] = ()) -> Fetched:
    """One page. Raises InputError, saying what to do, for an address that is refused, fails, or holds something else."""
    given, end = address, time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        target = _Target.of(address, given, networks)
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


# ---- where to ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Target:
    """An address taken apart, with the number that was checked."""

    secure: bool
    host: str
    numbers: tuple[str, ...]
    port: int
    path: str

    @classmethod
    def of(cls, address: str, given: str, networks: Sequence[Network]) -> "_Target":
        try:
            parts = urlsplit(address)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
        except (ValueError, UnicodeError) as error:
            raise InputError("it is not an address of a page; write it like https://example.com/help.", source=given) from error
        if parts.scheme not in ("http", "https") or not host:
            raise InputError("only addresses that begin with http:// or https:// are fetched.", source=given)
        if parts.username or parts.password:
            raise InputError("it carries a name or password; only pages that anybody may read are fetched.", source=given)
        numbers = _resolve(host, port, given)
        allowed = [number for number in numbers if _is_in(number, networks)]
        if len(allowed) < len(numbers) and (why := next((why for n in numbers if n not in allowed and (why := _refusal(n))), "")):
            raise InputError(
                f"{host} is {why}; such addresses are fetched only from networks named in TRIAGE_IMPORT_NETWORKS.", source=given
            )
        if port < 1024 and port not in (80, 443) and not allowed:
            raise InputError(f"port {port} is none that pages are served at.", source=given)
        path = quote(urlunsplit(("", "", parts.path or "/", parts.query, "")), safe="/?%:@!$&'()*+,;=~-._")
        return cls(parts.scheme == "https", host, tuple(map(str, numbers[:3])), port, path)


def _resolve(host: str, port: int, given: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"the host {host} is not known; check its spelling.", source=given) from error
    numbers = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    return sorted(dict.fromkeys(numbers), key=lambda number: number.version)


def _refusal(number: Address) -> str:
    """Why an address is none of the public web, or "". Addresses that carry another one inside are judged by that."""
    if isinstance(number, ipaddress.IPv6Address) and not number.is_loopback and not number.is_unspecified:
        inner = number.ipv4_mapped or number.sixtofour or (number.teredo[1] if number.teredo else None)
        if inner is None and (number in _NAT64 or int(number) >> 32 == 0):
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None and (why := _refusal(inner)):
            return why
        if inner is not None and not number.ipv4_mapped:
            return f"an address that stands for another one ({number})"
        if inner is not None:
            return ""
    if number.is_loopback:
        return f"this machine itself ({number})"
    if number.is_link_local or number in _METADATA:
        return f"an address of its own network only, where clouds keep secrets ({number})"
    if number.is_multicast:
        return f"a multicast address ({number})"
    if number.is_unspecified or number.is_reserved or not number.is_global:
        return f"a private address ({number})"
    return ""


def _is_in(number: Address, networks: Sequence[Network]) -> bool:
    mapped = getattr(number, "ipv4_mapped", None)
    return any(number in network or (mapped is not None and mapped in network) for network in networks)


# ---- what comes ----------------------------------------------------------------------------------------------


@contextmanager
def _answer(target: _Target, given: str, end: float) -> Iterator[Any]:
    """The answer's head, its body unread. The connection is cut when the time is over, however slowly it drips."""
    from urllib3.exceptions import HTTPError

    shown = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == (443 if target.secure else 80)
    headers = {
        "Host": shown if usual else f"{shown}:{target.port}", "User-Agent": USER_AGENT, "Connection": "close",
        "Accept": "text/html, text/markdown, text/plain, application/pdf, */*;q=0.1", "Accept-Encoding": "gzip, deflate",
    }  # fmt: skip
    with _Deadline(end) as deadline:
        try:
            connection = _connected(target, deadline)
            try:
                connection.request("GET", target.path, headers=headers, preload_content=False)
                with closing(connection.getresponse()) as answer:
                    yield answer
            finally:
                connection.close()
        except (HTTPError, HTTPException, OSError) as error:
            if deadline.over:
                raise InputError(f"it took longer than {SECONDS:.0f} seconds; try again later.", source=given) from error
            raise InputError(f"it cannot be fetched ({_plain(error)}).", source=given) from error


def _connected(target: _Target, deadline: "_Deadline") -> Any:
    """A connection to the first checked number that answers, and to no other."""
    from urllib3.connection import HTTPConnection, HTTPSConnection

    for number in target.numbers:
        connection: HTTPConnection = (
            HTTPSConnection(
                number, target.port, timeout=_CONNECT, server_hostname=target.host, assert_hostname=target.host,
                ssl_context=ssl.create_default_context(),
            )
            if target.secure
            else HTTPConnection(number, target.port, timeout=_CONNECT)
        )  # fmt: skip
        deadline.guard(connection)
        try:
            connection.connect()
        except Exception:
            connection.close()
            if number == target.numbers[-1] or deadline.over:
                raise
            continue
        deadline.guard(connection)
        connection.timeout = _READ
        return connection
    raise OSError("it has no address")


class _Deadline:
    """Shuts a connection down when the time is over; time-outs of single reads do not stop one byte every few seconds."""

    def __init__(self, end: float) -> None:
        self.over = False
        self._connection: Any = None
        self._socket: Any = None
        self._timer = threading.Timer(max(0.01, end - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def guard(self, connection: Any) -> None:
        self._connection = connection
        self._socket = connection.sock or self._socket  # the connection lets go of it once the answer's head is read

    def _cut(self) -> None:
        self.over = True
        opened = self._socket or getattr(self._connection, "sock", None)
        if opened is not None:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


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


def _plain(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    text = str(reason).rpartition(": ")[2] or type(reason).__name__
    return text.strip(". ")[:200]
