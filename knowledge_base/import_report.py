"""What an import says of each item."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["taken", "changed", "same", "held", "double", "missing", "removed", "refused"]

_WORDS: dict[str, str] = {"held": "held as drafts", "double": "double", "missing": "missing", "removed": "unpublished"}


@dataclass(frozen=True)
class Line:
    """What became of one item; `why` says what to do when it was not simply taken.

    taken, changed, same: as they say. held: saved as a draft because something in it needs a look. double: its text
    is an article already. missing: no longer in the source. removed: that, and unpublished. refused: cannot be used.
    """

    source: str
    outcome: Outcome
    article: str = ""
    why: str = ""


@dataclass
class Report:
    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.outcome == "refused"]

    def __str__(self) -> str:
        more = "".join(f", {count} {word}" for name, word in _WORDS.items() if (count := self.count(name)))  # type: ignore[arg-type]
        return f"{self.count('taken')} taken, {self.count('changed')} changed, {self.count('same')} the same{more}, {self.count('refused')} refused"


def few(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    return ", ".join(name[:120] for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
