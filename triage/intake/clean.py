"""Make text from outside storable and show what was smuggled into it with characters nobody sees."""

import re

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufeff"
_ZERO_WIDTH_RUN = re.compile(f"[{_ZERO_WIDTH}]+")
_TAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f|[\U000e0000-\U000e007f]+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_UNSEEN = re.compile(f"[{_ZERO_WIDTH}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f\U000e0000-\U000e01ef]")
_JOINERS = "\u200c\u200d"
_LONG_RUN = 8  # nobody types eight invisible characters in a row


def storable(value: object) -> object:
    """Text that any database and any terminal takes: no NUL, no other control characters, no half surrogates."""
    if not isinstance(value, str):
        return value
    return _FORBIDDEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def reveal(text: str) -> tuple[str, str]:
    """Split text into what a reader sees and what invisible characters spell out ("" when nothing).

    Tag characters and runs of variation selectors are decoded; a long run of zero-width characters is
    counted. A joiner between two letters or emoji stays: Persian and family emoji need it.
    """
    text = str(storable(text))
    if text.isascii() or not _UNSEEN.search(text):
        return text, ""
    found: list[str] = []
    text = _TAGS.sub(lambda run: _decode_tags(run.group(), found), text)
    text = _SELECTORS.sub(lambda run: _decode_selectors(run.group(), found), text)
    text = _BIDI.sub("", text)
    text = _ZERO_WIDTH_RUN.sub(lambda run: _drop_zero_width(run, found), text)
    return text, "\n".join(found)


def _decode_tags(run: str, found: list[str]) -> str:
    if run.startswith("\U0001f3f4"):  # the flags of England, Scotland and Wales
        return run
    spelled = "".join(chr(ord(c) - 0xE0000) for c in run if 0xE0020 <= ord(c) <= 0xE007E)
    if spelled.strip():
        found.append(spelled)
    return ""


def _decode_selectors(run: str, found: list[str]) -> str:
    data = bytes(ord(c) - 0xFE00 if ord(c) <= 0xFE0F else ord(c) - 0xE0100 + 16 for c in run)
    spelled = str(storable(data.decode("utf-8", "replace")))
    if sum(c.isalnum() for c in spelled) >= 3:
        found.append(spelled)
    return run[0] if "\ufe00" <= run[0] <= "\ufe0f" else ""


def _drop_zero_width(run: re.Match[str], found: list[str]) -> str:
    text, characters = run.string, run.group()
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    if characters in _JOINERS and before and after and not before.isascii() and not after.isascii():
        return characters
    if len(characters) >= _LONG_RUN:
        found.append(f"[{len(characters)} zero-width characters in a row]")
    return ""
