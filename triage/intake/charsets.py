"""Bytes to text when the declared charset is missing, unknown or wrong."""

import codecs

# What mail programs declare, and the superset that reads what they really send.
_ALIASES = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
}
_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_ONE_BYTE = ("cp125", "iso8859", "mac-", "koi8", "cp437", "cp850")


def decode(data: bytes, declared: str | None = None) -> str:
    """Decode bytes; never raises. A declared one-byte charset gives way to UTF-8 when the bytes are UTF-8."""
    codec = _codec(declared)
    if codec is None or codec.startswith(_ONE_BYTE):
        if (text := _strictly(data, "utf-8")) is not None:
            return text
        codec = codec or _western_or_broken_utf8(data)
    text = _strictly(data, codec)
    if text is not None:
        return text
    if codec == "utf-8":
        codec = _western_or_broken_utf8(data)
    try:
        return data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return data.decode("latin-1")


def _codec(declared: str | None) -> str | None:
    name = (declared or "").strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError, UnicodeError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("_", "-") in _NOT_CHARSETS:
        return None
    return info.name


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _western_or_broken_utf8(data: bytes) -> str:
    """UTF-8 with a damaged byte here or there, or Windows' western charset?"""
    repaired = data.decode("utf-8", "replace")
    beyond_ascii = sum(ord(c) > 127 for c in repaired)
    return "utf-8" if repaired.count("\ufffd") * 2 <= beyond_ascii else "cp1252"
