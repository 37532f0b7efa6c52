"""How a reply speaks of its questions: a lead such as "About the invoice:" before an answer, the question when it stays open."""

import re
from collections.abc import Sequence

from knowledge_base.gloss import gloss
from triage.llm.offline.questions import facets
from triage.llm.offline.text import data, phrases, words

_QUOTABLE = 120  # characters of a question that may be repeated
_FOREIGN = re.compile(r"https?:|www\.|\b\d+ ?(?:eur|euros?|gbp|pounds?|usd|dollars?|chf)\b|www\.|@|\d{6,}|[€£$%<>{}\[\]«»„“”\"]")


def lead(question: str, title: str, language: str) -> str:
    """The lead for a question that the article of this title answers; empty when no topic fits."""
    asked, titled = words(gloss(question, language)), words(gloss(title, language))
    best, chosen = 0, ""
    for topic in data("topics")["topic"]:
        cues = tuple(topic["cues"].split())
        weight = 3 * sum(word.startswith(cues) for word in asked) + 2 * any(word.startswith(cues) for word in titled)
        if weight > best:
            best, chosen = weight, str(topic.get(language, topic["en"]))
    return chosen


def left_open(questions: Sequence[str], language: str) -> str:
    """A sentence that names what a colleague will look into; nothing of a stranger's that might do harm is repeated."""
    said = phrases(language)
    named = [short for question in questions if (short := _short(question))]
    if not named:
        return str(said["open_all"])
    if len(named) == 1:
        return str(said["open_one"]).format(question=named[0])
    return str(said["open_more"]).format(questions="; ".join(named))


def _short(question: str) -> str:
    """The part that asks, when it is short and plain enough to be repeated."""
    text = " ".join(facets(question)[-1].split()).strip(" -–")
    text = f"{text[:1].upper()}{text[1:].rstrip(' .,?!:')}?"
    return text if len(text) <= _QUOTABLE and not _FOREIGN.search(text) else ""
