"""The parts of a mail: the text its reader sees, what was hidden in it, and the files."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from triage.intake.attachments import Patience, accept, refuse_rest
from triage.intake.charsets import decode
from triage.intake.clean import reveal
from triage.intake.headers import decoded
from triage.intake.message import IncomingFile
from triage.intake.visible import render
from triage.settings import Settings

_MOST_PARTS = 300
_DEEPEST = 30
_HTML_LIMIT = 1_500_000  # characters of one HTML part that are looked at
_REPORT_PARTS = frozenset(
    {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers", "message/feedback-report"}
)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_URL = re.compile(r"<?\b(?:https?://|www\.|mailto:)[^\s>]*>?")


class Contents(NamedTuple):
    """`text` is what a reader sees, history and signature still in it."""

    text: str
    hidden: str
    files: list[IncomingFile]


class _Texts(NamedTuple):
    plain: list[str]
    html: list[str]
    files: list[Message]


def contents(message: Message, settings: Settings) -> Contents:
    """Read every part. Where a mail has both plain text and HTML, the plain one is taken only if they say the same."""
    found = _Texts([], [], [])
    for number, part in enumerate(_leaves(message)):
        if number >= _MOST_PARTS:
            break
        _sort(part, found)
    rendered = [render(html[:_HTML_LIMIT]) for html in found.html]
    plain_and_smuggled = [reveal(text) for text in found.plain]
    plain = "\n\n".join(text for text, _ in plain_and_smuggled if text.strip())
    seen = "\n\n".join(page.visible for page in rendered if page.visible)
    text, unseen = _choose(plain, seen)
    patience = Patience()
    files = refuse_rest([_file(part, settings, patience) for part in found.files])
    hidden = (
        [page.hidden for page in rendered]
        + [smuggled for _, smuggled in plain_and_smuggled]
        + [unseen]
        + [f.hidden for f in files]
    )
    return Contents(text, "\n".join(dict.fromkeys(h for h in hidden if h)), files)


def _leaves(message: Message) -> Iterator[Message]:
    todo = [(message, 0)]
    while todo:
        part, depth = todo.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < _DEEPEST:
            todo.extend((child, depth + 1) for child in reversed(payload) if isinstance(child, Message))
        else:
            yield part


def _sort(part: Message, found: _Texts) -> None:
    kind = part.get_content_type()
    named = bool(part.get_filename())
    attached = str(part.get_content_disposition() or "") == "attachment"
    if kind in _REPORT_PARTS or kind in _SIGNATURES:
        return
    if kind == "text/html" and not attached and not named:
        found.html.append(_text(part))
    elif kind.startswith("text/") and kind in ("text/plain", "text/enriched", "text/x-amp-html") and not attached and not named:
        if kind == "text/plain":
            found.plain.append(_text(part))
    elif part.get_content_maintype() != "multipart":
        found.files.append(part)


def _text(part: Message) -> str:
    data = _bytes(part)
    charset = part.get_content_charset()
    if charset is None and part.get_content_type() == "text/html" and (meta := _META_CHARSET.search(data[:4000])):
        charset = meta.group(1).decode("ascii", "replace")
    return decode(data, charset)


def _bytes(part: Message) -> bytes:
    """The decoded payload; a broken transfer encoding gives what can be read of it."""
    if part.get_content_maintype() == "message":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if isinstance(inner, Message):
            try:
                return inner.as_bytes()
            except (UnicodeError, ValueError, KeyError, AttributeError, TypeError):
                return str(inner.get_payload()).encode("utf-8", "replace")
    data = part.get_payload(decode=True)
    if isinstance(data, bytes):
        return data
    return str(part.get_payload() or "").encode("utf-8", "surrogateescape")


def _file(part: Message, settings: Settings, patience: Patience) -> IncomingFile:
    name = decoded(str(part.get_filename() or ""))
    kind = part.get_content_type()
    if not name and kind == "message/rfc822":
        name = "forwarded mail.eml"
    return accept(name, kind, _bytes(part), settings, patience)


def _choose(plain: str, seen: str) -> tuple[str, str]:
    """The text that a reader sees, and of the other version what that reader does not see."""
    if not seen.strip() or not plain.strip():
        return (plain, "") if plain.strip() else (seen, "")
    in_plain, in_html = _vocabulary(plain), _vocabulary(seen)
    only_plain, only_html = in_plain - in_html, in_html - in_plain
    if len(only_html) <= max(3, len(in_html) // 4) and len(only_plain) <= max(3, len(in_plain) // 4):
        return plain, ""
    return seen, plain if len(only_plain) > max(3, len(in_plain) // 4) else ""


def _vocabulary(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", _URL.sub(" ", text[:200_000]).casefold()) if len(word) > 1}
