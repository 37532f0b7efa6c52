"""A customer's message as clean sentences: lines joined again, lists as items, small talk and our own words left out."""

import re
from dataclasses import dataclass

from triage.briefs import TicketBrief
from triage.llm.offline.text import says, sentences, stems

_SPOKEN_BY_US = re.compile(
    r"^(?:agent|support|operator|mitarbeiter(?:in)?|\[transcript[^\]]*\])[ \t]*:?.*$", re.IGNORECASE | re.MULTILINE
)
_SPOKEN_BY_CUSTOMER = re.compile(r"^(?:caller|customer|kunde|kundin|client)\s*:\s*", re.IGNORECASE | re.MULTILINE)
_SUBJECT_NOISE = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv|enc|antw|r|i)\s*:\s*|\[[^\]]*\]\s*)+", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"^(?:call transcript|voicemail|chat)\b.{0,30}$", re.IGNORECASE)
_ITEM = re.compile(r"^\s*(?:\d{1,2}\s?[.)]|[-–•*])\s+(?=\S)")
_PICTURE = re.compile("[\u2600-\u27bf\ufe0f\u200d\U0001f300-\U0001faff]+")
_BREAK = re.compile(r"(?<=[a-z]{2}[.])\s+(?=[a-z]{2})|(?<=[?!])\s+")
_WRAPPED = 45  # characters; a line at least this long goes on in the next one


@dataclass(frozen=True)
class Said:
    """One sentence; `item` numbers the entry of a list it stands in, 0 outside of lists."""

    text: str
    item: int = 0


def message(ticket: TicketBrief) -> str:
    """What the customer wrote, with their message before it when this one alone says little."""
    body = _SPOKEN_BY_CUSTOMER.sub("", _SPOKEN_BY_US.sub("", ticket.body)).strip()
    if len(stems(body)) >= 6 or says("asking", "solved", body):
        return body
    before = next((earlier.body for earlier in reversed(ticket.earlier) if earlier.direction == "in"), "")
    return f"{before.strip()}\n\n{body}" if before else body


def clean_subject(ticket: TicketBrief) -> str:
    """The subject without Re: and [#12]; empty when it only says that somebody called."""
    subject = _PICTURE.sub(" ", _SUBJECT_NOISE.sub("", ticket.subject)).strip()
    return "" if _TRANSCRIPT.match(subject) else " ".join(subject.split())


def spoken(text: str) -> list[Said]:
    """The sentences that carry matter, in order, without greetings and thanks."""
    found: list[Said] = []
    for line, item in _lines(text):
        for sentence in sentences(line):
            pieces = [piece.strip() for piece in _BREAK.split(sentence)]
            found += [Said(_ungreeted(piece), item) for piece in pieces if piece and not _is_courtesy(piece)]
    return found


def _lines(text: str) -> list[tuple[str, int]]:
    """Lines as they were meant: wrapped ones joined; with the number of the list entry, 0 for none."""
    made: list[tuple[str, int]] = []
    last, item, entries = "", 0, 0
    for raw in [*_PICTURE.sub("\n\n", text).splitlines()]:
        line = " ".join(raw.split())
        entry = _ITEM.match(raw)
        if entry:
            entries += 1
            item, line = entries, " ".join(raw[entry.end() :].split())
        goes_on = bool(last) and not entry and (len(last) >= _WRAPPED or line[:1].islower())
        if not line:
            item = 0
        elif goes_on:
            made[-1] = (f"{made[-1][0]} {line}", made[-1][1])
        else:
            made.append((line, item if entry else 0))
        last = line
    return made


def _is_courtesy(sentence: str) -> bool:
    if "?" in sentence:
        return False
    few = len(stems(sentence)) <= 2
    return not stems(sentence) or (few and (says("asking", "greeting", sentence) or says("asking", "thanks", sentence)))


def _ungreeted(sentence: str) -> str:
    """The sentence without the greeting it begins with."""
    head, comma, rest = sentence.partition(",")
    if comma and len(head) <= 40 and len(rest) > 10 and len(stems(head)) <= 2 and says("asking", "greeting", head):
        rest = rest.strip()
        return rest[:1].upper() + rest[1:]
    return sentence
