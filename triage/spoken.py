"""What people type, as every database, mail and page takes it: the one place where it is made so, before it is looked at.

Half characters (one of a surrogate pair, as a browser sends when a text was cut inside an emoji) become the sign for what
cannot be shown, U+FFFD; NUL, which PostgreSQL takes in no text, goes without a trace.
"""

import re

from triage.errors import InputError

UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")


def spoken(text: str) -> str:
    """A text as it can be kept."""
    return UNSPEAKABLE.sub("\ufffd", text.replace("\x00", "")) if not text.isascii() else text.replace("\x00", "")


def line(text: str) -> str:
    """The same as one line without white space around it."""
    return " ".join(spoken(text).split())


def bounded(text: str, longest: int, what: str) -> str:
    """A text as it can be kept. Raises InputError above `longest` characters; `what` begins its sentence ("This note")."""
    text = spoken(text)
    if len(text) > longest:
        raise InputError(
            f"{what} has {len(text):,} characters; at most {longest:,} fit. Shorten it, or attach the rest; it stays in the field."
        )
    return text
