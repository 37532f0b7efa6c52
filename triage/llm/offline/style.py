"""What the offline engine can do with a style rule: say one thing instead of another, leave something out, be short or formal.

Facts and steps keep the words of their sources, whatever a rule says.
"""

import re
from collections.abc import Sequence

from triage.briefs import FACTUAL, Paragraph
from triage.llm.offline.notes import read

_QUOTED = r"[\"“„«]\s*(.+?)\s*[\"”“»]"
_INSTEAD = re.compile(
    rf"{_QUOTED}\s+(?:instead of|rather than|statt|anstatt|au lieu de|plutôt que|en vez de|in plaats van|invece di)\s+{_QUOTED}",
    re.IGNORECASE,
)
_LEAVE_OUT = re.compile(rf"^\s*(?:leave out|do not say|never say|avoid|lass(?:en sie)? weg|nicht)\s+{_QUOTED}", re.IGNORECASE)


def wishes(rules: Sequence[str]) -> tuple[bool, bool]:
    """(shorter, formal): whether the rules ask for it."""
    asked = read([rule for rule in rules if not _INSTEAD.search(rule) and not _LEAVE_OUT.search(rule)])
    return asked.shorter, asked.formal


def follows(rule: str) -> bool:
    """Whether the engine can act on a rule."""
    return bool(_INSTEAD.search(rule) or _LEAVE_OUT.search(rule)) or any(wishes([rule]))


def styled(paragraphs: list[Paragraph], rules: Sequence[str]) -> list[Paragraph]:
    """The paragraphs with the rules followed in whatever states no fact; sentences that end up empty go."""
    changes = [change for rule in rules for change in _changes(rule)]
    if not changes:
        return paragraphs
    kept = []
    for paragraph in paragraphs:
        sentences = [
            one if one.kind in FACTUAL else one.model_copy(update={"text": _applied(one.text, changes)})
            for one in paragraph.sentences
        ]
        if sentences := [one for one in sentences if re.search(r"\w", one.text)]:
            kept.append(paragraph.model_copy(update={"sentences": sentences}))
    return kept


def _changes(rule: str) -> list[tuple[re.Pattern[str], str]]:
    if found := _INSTEAD.search(rule):
        return [(_whole(found.group(2)), found.group(1))]
    if found := _LEAVE_OUT.search(rule):
        return [(_whole(found.group(1)), "")]
    return []


def _whole(said: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(said)}(?!\w)" if re.search(r"\w$", said) else rf"(?<!\w){re.escape(said)}")


def _applied(text: str, changes: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, put_in in changes:
        text = pattern.sub(lambda _match, said=put_in: said, text)  # type: ignore[misc]
    return re.sub(r" +([,.;:!?])", r"\1", re.sub(r" {2,}", " ", text)).strip()
