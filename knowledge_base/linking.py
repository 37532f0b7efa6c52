"""Where the links and pictures of a Markdown text lead, and the same text with them leading elsewhere."""

import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

FILES = "/article-files/"  # where the desk shows the files of articles
_PART = re.compile(
    r"(?:^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)|\Z)|``[^\n]*?``|`[^`\n]*`)"  # code is left alone
    r"|(?P<open>\]\([ \t]*)(?P<inline><[^<>\n]*>|[^\s<>()]+(?:\([^\s()]*\)[^\s()]*)*)(?=[ \t\n]*\)|[ \t\n]+[\"'(])"
    r"|(?P<label>^ {0,3}\[[^\]\n]+\]:[ \t]*)(?P<defined><[^<>\n]*>|\S+)",
    re.DOTALL | re.MULTILINE,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def rewritten(body: str, lead: Callable[[str], str | None]) -> str:
    """The text with each target replaced by what `lead` gives for it; None leaves it as it is."""

    def write(found: re.Match[str]) -> str:
        target = found["inline"] or found["defined"]
        if target is None:
            return found[0]
        new = lead(target[1:-1] if target.startswith("<") else target)
        return found[0] if new is None else f"{found['open'] or found['label']}{new}"

    return _PART.sub(write, body)


def targets(body: str) -> list[str]:
    """Every target in order, those of pictures too."""
    found: list[str] = []
    rewritten(body, lambda target: found.append(target))
    return found


def path_of(target: str, place: str) -> str | None:
    """The path in its source that a target names, seen from the text at `place`; None for addresses and places in the text.

    One that begins with a slash is seen from the source's root; one that leads out of it begins with "..".
    """
    try:
        parts = urlsplit(_ESCAPED.sub(r"\1", target))
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(parts.path)
    return posixpath.normpath(path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(place), path))
