"""Passages as sentences, step lists and bullet points."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from triage.briefs import Evidence
from triage.llm.offline.text import sentences

_STEP = re.compile(r"^\s*\d{1,2}[.)]\s+(.*)")
_BULLET = re.compile(r"^\s*[-*•+]\s+(.*)")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.*)")


@dataclass(frozen=True)
class Unit:
    """One sentence or step that may be quoted, with where it stands."""

    text: str
    passage: str
    position: tuple[int, int]
    opening: bool = False


@dataclass
class Block:
    """A paragraph, or a list with the sentence that leads into it."""

    heading: str
    steps: bool
    units: list[Unit] = field(default_factory=list)


@lru_cache(maxsize=512)
def blocks(passage: str, text: str, heading: str, first: bool) -> tuple[Block, ...]:
    """The blocks of a passage, by its id, text and heading; tables are left out, bullets under a colon join its sentence."""
    made: list[Block] = []
    current, lines = heading, text.splitlines()
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            made.append(
                Block(
                    current, False, [Unit(said, passage, (len(made), n)) for n, said in enumerate(sentences(" ".join(paragraph)))]
                )
            )
            paragraph.clear()

    for raw in [*lines, ""]:
        line = plain(raw)
        if found := _HEADING.match(raw):
            close()
            current = plain(found.group(1))
        elif step := _STEP.match(line):
            close()
            _add(made, current, True, passage, step.group(1))
        elif bullet := _BULLET.match(line):
            close()
            _add_bullet(made, current, passage, bullet.group(1))
        elif raw.startswith((" ", "\t")) and line.strip() and made and not paragraph:
            last = made[-1].units.pop()
            made[-1].units.append(Unit(f"{last.text} {line.strip()}", last.passage, last.position))
        elif line.strip() and not line.lstrip().startswith("|"):
            paragraph.append(line.strip())
        else:
            close()
    return tuple(_opened(made) if first else made)


def parsed(passage: Evidence) -> tuple[Block, ...]:
    """The blocks of a passage; the first passage of an article has its opening sentence marked."""
    text = passage.text
    for title in (passage.title, passage.heading):  # some chunkers repeat them in the text
        if title and text.lstrip().startswith(f"{title}\n"):
            text = text.lstrip()[len(title) :]
    return blocks(passage.id, text, passage.heading, bool(passage.id.endswith("#0")))


def plain(text: str) -> str:
    """A line without Markdown marks; a link keeps its words."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return re.sub(r"(\*\*|__|`)", "", text).rstrip()


def _add(made: list[Block], heading: str, steps: bool, passage: str, text: str) -> None:
    if not (made and made[-1].steps == steps and made[-1].heading == heading and steps):
        made.append(Block(heading, steps))
    made[-1].units.append(Unit(text.strip(), passage, (len(made) - 1, len(made[-1].units))))


def _add_bullet(made: list[Block], heading: str, passage: str, text: str) -> None:
    """A bullet is a sentence of its own, or goes on with the sentence that ended in a colon."""
    text = text.strip()
    last = made[-1].units[-1] if made and made[-1].units and not made[-1].steps and made[-1].heading == heading else None
    if last and last.text.endswith((":", ";", ",")):
        joined = f"{last.text.rstrip(';,')}{'' if last.text.endswith(':') else ';'} {text.rstrip('.').rstrip(',;')}"
        made[-1].units[-1] = Unit(f"{joined};" if not text.endswith(".") else f"{joined}.", passage, last.position)
        return
    if last is None:
        made.append(Block(heading, False))
    for sentence in sentences(text):
        made[-1].units.append(Unit(sentence, passage, (len(made) - 1, len(made[-1].units))))


def _opened(made: list[Block]) -> list[Block]:
    if made and made[0].units and not made[0].steps:
        first = made[0].units[0]
        made[0].units[0] = Unit(first.text, first.passage, first.position, opening=True)
    return made
