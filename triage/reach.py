"""Where HTTP may go: every address is treated as if it were a trap.

A host is resolved here, every address it has must be public (or in a network that a setting allows), and the
connection goes to the very address that was checked: a name that answers differently a moment later gains nothing.
Pages that articles are imported from and the APIs that administrators connect are both reached this way.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from triage.errors import DeliveryUncertain, InputError, SettingsError, ToolDown

_CONNECT, _READ = 5.0, 15.0
_PIECE = 65_536
# Public by number, and yet what a cloud's machines are told their secrets by.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_of(setting: Sequence[str], name: str = "TRIAGE_IMPORT_NETWORKS") -> list[Network]:
    """The networks that a setting allows. Raises SettingsError for one that is none."""
    try:
        return [ipaddress.ip_network(network.strip(), strict=False) for network in setting]
    except ValueError as error:
        raise SettingsError(f"{name}: {error}; use networks such as 10.0.0.0/8.") from error


# ---- where to ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """An address taken apart, with the number that was checked."""

    secure: bool
    host: str
    numbers: tuple[str, ...]
    port: int
    path: str

    @classmethod
    def of(cls, address: str, given: str, networks: Sequence[Network], setting: str = "TRIAGE_IMPORT_NETWORKS") -> "Target":
        """Raises InputError, saying what to do, when the address leads nowhere public and into no network that `setting` allows."""
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
            raise InputError(f"{host} is {why}; such addresses are fetched only from networks named in {setting}.", source=given)
        if port < 1024 and port not in (80, 443) and not allowed:
            raise InputError(f"port {port} is none that pages are served at.", source=given)
        path = quote(urlunsplit(("", "", parts.path or "/", parts.query, "")), safe="/?%:@!$&'()*+,;=~-._")
        return cls(parts.scheme == "https", host, tuple(map(str, numbers[:3])), port, path)

    def inside(self, networks: Sequence[Network]) -> bool:
        """Whether every number of the host lies in these networks."""
        return all(_is_in(ipaddress.ip_address(number), networks) for number in self.numbers)


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


def connected(target: Target, deadline: "Deadline") -> Any:
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


class Deadline:
    """Shuts a connection down when the time is over; time-outs of single reads do not stop one byte every few seconds."""

    def __init__(self, end: float) -> None:
        self.over = False
        self._connection: Any = None
        self._socket: Any = None
        self._timer = threading.Timer(max(0.01, end - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
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


def plain(error: Exception) -> str:
    """What went wrong on the way, in a few words."""
    reason = getattr(error, "reason", None) or error
    text = str(reason).rpartition(": ")[2] or type(reason).__name__
    return text.strip(". ")[:200]


# ---- one exchange --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a server said: status, kind and the body, cut at the limit."""

    status: int
    kind: str
    body: bytes
    whole: bool


def exchange(
    method: str,
    target: Target,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    seconds: float,
    largest: int,
) -> Answer:
    """One request to an address that was checked, no redirect followed.

    Raises ToolDown when it surely had no effect (not connected), DeliveryUncertain when the connection broke after the
    request was on its way. `largest` in bytes: what is longer is cut and not `whole`.
    """
    from urllib3.exceptions import HTTPError

    shown = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == (443 if target.secure else 80)
    host = shown if usual else f"{shown}:{target.port}"
    sent = False
    with Deadline(time.monotonic() + seconds) as deadline:
        try:
            connection = connected(target, deadline)
            try:
                sent = True
                connection.request(
                    method,
                    target.path,
                    body=body,
                    headers={"Host": host, "Connection": "close", **headers},
                    preload_content=False,
                )
                with closing(connection.getresponse()) as answer:
                    data = bytearray()
                    for piece in answer.stream(_PIECE, decode_content=True):
                        data += piece
                        if len(data) > largest:
                            break
                    kind = answer.headers.get("Content-Type", "")
                    return Answer(answer.status, kind, bytes(data[:largest]), len(data) <= largest)
            finally:
                connection.close()
        except (HTTPError, HTTPException, OSError) as error:
            why = f"took longer than {seconds:.0f} seconds" if deadline.over else f"cannot be reached ({plain(error)})"
            if sent:
                raise DeliveryUncertain(f"{target.host} {why} after the request was sent.") from error
            raise ToolDown(f"{target.host} {why}.") from error
