"""What the offline engine can do with a note: shorten, be formal, add or remove a sentence, answer a question."""

import re
from dataclasses import dataclass, field

from triage.llm.offline.text import says

_QUOTED = re.compile(r"[\"“„«]\s*(.+?)\s*[\"”“»]")
_NUMBERED = re.compile(r"\b(?:sentence|satz|phrase|frase|zin|oracion)\s*(?:no\.?|nr\.?|n°|number)?\s*(\d{1,2})\b", re.IGNORECASE)


@dataclass
class Wishes:
    """The notes as things to do; `unknown` are those that need a language model or a person."""

    shorter: bool = False
    formal: bool = False
    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    remove_numbers: list[int] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read(notes: list[str]) -> Wishes:
    """Understand what can be understood; a sentence a person asked to add is never removed again."""
    wishes = Wishes()
    for note in notes:
        if not _read_one(note, wishes):
            wishes.unknown.append(note)
    wishes.remove = [text for text in wishes.remove if text not in wishes.add]
    return wishes


def not_followed(notes: list[str]) -> list[str]:
    """The notes the engine cannot act on."""
    return read(notes).unknown


def _read_one(note: str, wishes: Wishes) -> bool:
    quoted, bare = _QUOTED.findall(note), _QUOTED.sub("", note)
    understood = False
    if numbers := [int(number) for number in _NUMBERED.findall(bare)]:
        understood = says("words", "remove", bare)
        wishes.remove_numbers += numbers if understood else []
    elif quoted:
        understood = True
        if says("words", "remove", bare):
            wishes.remove += quoted
        elif says("words", "answer", bare):
            wishes.answer += quoted
        elif says("words", "add", bare):
            wishes.add += quoted
        else:
            understood = False
    if not quoted and says("words", "shorter", bare):
        wishes.shorter = understood = True
    if not quoted and says("words", "formal", bare):
        wishes.formal = understood = True
    return understood
