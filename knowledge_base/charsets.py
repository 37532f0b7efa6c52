"""Bytes of a text file to text, whatever wrote them."""

import codecs
import re
from collections.abc import Callable
from typing import IO

from triage.errors import InputError

_SAMPLE = 100_000  # bytes that are looked at to tell the charset
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_FOREIGN = re.compile(r"[£¥¹³¿¯ª¼¾][^\W\d_]|[^\W\d_][¹³£¥¿¯¼¾](?=\w)")  # signs within words: read as western, it is not
# What office programs still write where UTF-8 is not the default; western before its look-alikes.
_LIKELY = [
    "cp1252",
    "cp1251",
    "cp1250",
    "cp1253",
    "cp1254",
    "koi8_r",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
    "utf_16_le",
    "utf_16_be",
]


def decode(data: bytes, name: str, declared: str = "") -> str:
    """The text of a file. `declared` is what its server called the charset. Raises InputError for what is no text."""
    charset = charset_of(data, name, declared)
    return data.decode(charset, "replace").removeprefix("\ufeff")


def charset_of(data: bytes, name: str, declared: str = "") -> str:
    """The charset that reads these bytes: a byte order mark, UTF-8, what is declared, what looks most like words."""
    if mark := next((charset for mark, charset in _MARKS if data.startswith(mark)), None):
        return mark
    if b"\x00" in data[:4000]:
        return _guess(data, name)
    if _is_utf8(data):
        return "utf-8"
    named = _DECLARED.search(data[:4000])
    for given in (declared, named.group(1).decode("ascii", "replace") if named else ""):
        if given and (codec := _codec(given, data)):
            return codec
    return _guess(data, name)


def charset_of_stream(open_: Callable[[], IO[bytes]], name: str) -> str:
    """The same for a file too large to hold: UTF-8 when all of it is, else a guess from its beginning."""
    with open_() as file:
        head = file.read(_SAMPLE)
        if mark := next((charset for mark, charset in _MARKS if head.startswith(mark)), None):
            return mark
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            piece = head
            while piece:
                decoder.decode(piece)
                piece = file.read(1_000_000)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return charset_of(head, name)
    if b"\x00" in head[:4000]:
        raise InputError("it is not a text file.", source=name)
    return "utf-8"


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8, but for a damaged byte here or there."""
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        repaired = data.decode("utf-8", "replace")
        return repaired.count("\ufffd") * 4 <= sum(ord(letter) > 127 for letter in repaired)


def _codec(name: str, data: bytes) -> str | None:
    try:
        codec = codecs.lookup("cp1252" if name.lower() in ("iso-8859-1", "latin-1", "latin1") else name).name
        data.decode(codec)
    except (LookupError, UnicodeDecodeError, ValueError):
        return None
    return codec


def _guess(data: bytes, name: str) -> str:
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data[:_SAMPLE], cp_isolation=_LIKELY))  # the likeliest first
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    others = [match for match in matches if match is not western]
    fits = western is not None and not _FOREIGN.search(str(western))
    if western and (not others or (fits and western.chaos <= others[0].chaos)):
        charset = "cp1252"
    else:
        charset = others[0].encoding if others else ""
    if b"\x00" in data[:4000] and not charset.startswith("utf_16"):
        raise InputError("it is not a text file.", source=name)
    return charset or "cp1252"
