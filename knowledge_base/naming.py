"""Ids of articles made from names of files, titles and addresses."""

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from knowledge_base.articles import slug

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def id_of(name: str) -> str:
    """An id from the path of a file."""
    return readable_slug(str(PurePosixPath(name).with_suffix("")))


def id_of_address(address: str) -> str:
    """An id from a page's address: its host and path."""
    parts = urlsplit(address)
    path = re.sub(r"\.(html?|php|aspx?)$", "", parts.path)
    return readable_slug(f"{parts.hostname or ''} {path} {parts.query}")


def readable_slug(text: str) -> str:
    """A slug that stays apart from others also where the text is not written in latin letters, or is long."""
    made = slug(text)
    plain = unicodedata.normalize("NFKD", text)
    lost = sum(letter.isalnum() and not letter.isascii() for letter in plain)
    return f"{made[:70].strip('-')}-{digest(text)}" if lost or len(made) >= 80 else made


def usable_id(given: str) -> str:
    """The id as it is, or a readable one with a digest when it has other characters than an article's id may."""
    return given if _ID.fullmatch(given) else f"{slug(given)}-{digest(given)}"


def title_of(name: str) -> str:
    """A title from the path of a file."""
    return re.sub(r"[-_]+", " ", PurePosixPath(name).stem).strip().capitalize() or "Untitled"


def digest(text: str) -> str:
    """Eight digits that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
