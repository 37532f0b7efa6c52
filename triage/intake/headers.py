"""Headers of a mail as it comes: folded, raw 8-bit, wrongly encoded or plainly broken."""

import re
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import default as default_policy
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from triage.intake.charsets import decode
from triage.intake.clean import reveal

_LONGEST = 8_000  # characters of one header that are looked at
_MOST = 100  # headers of one name that are looked at
_MOST_WITHADDRESSES = 5
ADDRESS = re.compile(r"[^\s<>\"(),:;@\[\]\\]{1,64}@[^\s<>\"(),:;@\[\]\\]{1,190}")
_ID = re.compile(r"<([^<>\s]{1,400})>")


class Address(NamedTuple):
    name: str
    email: str


class Headers:
    """Reads one mail's headers; a broken header gives "" or nothing, never an error."""

    def __init__(self, message: Message) -> None:
        self._raw: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            key = str(name).lower()
            values = self._raw.setdefault(key, [])
            if len(values) < _MOST:
                values.append(_unfolded(str(value)))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._raw

    def raw(self, name: str) -> list[str]:
        """Every value of the header, unfolded, encoded words left as they are."""
        return self._raw.get(name.lower(), [])

    def text(self, name: str) -> str:
        """The first value as a reader sees it; "" when there is none."""
        values = self.raw(name)
        return decoded(values[0]) if values else ""

    def token(self, name: str) -> str:
        """The first word of the header in lower case, without comments and parameters."""
        return re.split(r"[\s;(]", self.text(name).strip().lower(), maxsplit=1)[0]

    def addresses(self, name: str) -> list[Address]:
        return [address for value in self.raw(name)[:_MOST_WITHADDRESSES] for address in _addresses(value)]

    def address(self, name: str) -> Address | None:
        return next(iter(self.addresses(name)), None)

    def ids(self, name: str) -> list[str]:
        """Message ids in angle brackets, in order, without doubles."""
        return list(dict.fromkeys(f"<{found}>" for value in self.raw(name) for found in _ID.findall(value)))

    def date(self, name: str = "Date") -> datetime | None:
        """The date in UTC; None when it is missing, broken or outside 1990 to 2100."""
        try:
            moment = parsedate_to_datetime(self.text(name))
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        return moment if 1990 <= moment.year <= 2100 else None


def decoded(value: str) -> str:
    """Encoded words decoded (charset by charset, with fallbacks) and invisible characters gone."""
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        return reveal(value)[0].strip()
    texts = [chunk if isinstance(chunk, str) else decode(chunk, charset or "utf-8") for chunk, charset in chunks]
    return " ".join(reveal("".join(texts))[0].split())


def _unfolded(value: str) -> str:
    """One line, with raw 8-bit bytes (kept by the parser as surrogates) read as text."""
    value = re.sub(r"\r?\n[ \t]*", " ", value[:_LONGEST])
    if not value.isascii():
        value = decode(value.encode("utf-8", "surrogateescape"))
    return value.replace("\n", " ").replace("\r", " ").strip()


def _addresses(value: str) -> list[Address]:
    try:
        parsed = default_policy.header_factory("From", value[:2000]).addresses
        found = [Address(reveal(str(a.display_name))[0].strip(), a.addr_spec.strip().lower()) for a in parsed if a.domain]
    except Exception:  # the standard library's parser raises nearly anything on hostile headers
        found = []
    found = [address for address in found if ADDRESS.fullmatch(address.email)]
    if found:
        return found
    name = decoded(value.split("<", 1)[0]).strip(" \"'") if "<" in value else ""
    return [Address(name if not ADDRESS.search(name) else "", match.lower()) for match in ADDRESS.findall(value)[:50]]
