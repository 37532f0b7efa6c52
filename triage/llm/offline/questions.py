"""What a customer asks: their mail as stand-alone questions, and the searches that would answer them."""

import re
from collections.abc import Sequence
from textwrap import shorten

from knowledge_base.gloss import fold, gloss, small_words
from knowledge_base.rewriting import standalone
from triage.briefs import TicketBrief
from triage.llm.offline.said import Said, clean_subject, message, spoken
from triage.llm.offline.text import ORDER_NUMBER, codes, says, stems, words

MOST = 6
_LONGEST, _CONTEXT = 300, 140  # characters of a question, and of what it leans on
_SECRET = re.compile(r"(?:\d[ -]?){12,}")  # a card or account number has no place in a question
_CONJUNCTION = r"(?:and|or|und|oder|et|ou|y|o|e|en|of)\s+"
_CLAUSE = re.compile(rf"\s*[,;:–]\s+(?:{_CONJUNCTION}|also\s+|but\s+)?|\s+(?:and|also|und|et|en)\s+", re.IGNORECASE)


def only_thanks(ticket: TicketBrief) -> bool:
    """Whether the message thanks, or says that all is well, and asks nothing."""
    body = ticket.body
    if "?" in body or len(words(body)) > 40 or says("asking", "broken", body):
        return False
    return says("asking", "thanks", body) and (says("asking", "solved", body) or len(stems(body)) <= 3)


def questions(ticket: TicketBrief) -> list[str]:
    """Every question and request, each with the sentence it leans on; the problem itself when nothing is asked.

    Where somebody asks with question marks, sentences that only wish for something are the story around it.
    """
    said = spoken(message(ticket))[:800]
    asked = _listed(said)
    alone = _standing_alone([one for one in said if not (asked and one.item)][:160]) if len(asked) < 3 else []
    kept = _different([*asked, *alone]) or _matter(ticket, [one.text for one in said])
    if len(kept) == 1 and len(stems(kept[0])) < 8:
        kept = [_with_subject(kept[0], ticket, said)]
    elif kept and _marked(subject := clean_subject(ticket)) and len(stems(subject) - stems(kept[0])) > 3:
        kept = [f"{subject} {kept[0]}", *kept[1:]]
    return [_short(question) for question in kept[:MOST]]


def facets(question: str) -> list[str]:
    """The parts of a question that ask on their own: "how do I … and when does …" has two."""
    found: list[str] = []
    for sentence in (one.text for one in spoken(question)):
        start = 0
        for joint in _CLAUSE.finditer(sentence):
            rest = sentence[joint.end() :]
            if says("asking", "openers", rest) and stems(rest) and _enough(sentence[start : joint.start()]):
                found.append(sentence[start : joint.start()])
                start = joint.end()
        found.append(sentence[start:])
    asking = [part for part in found if _marked(part) or _wishes(part) or says("asking", "begins", part)]
    return (asking or [question])[-3:]


def _enough(clause: str) -> bool:
    return len(stems(clause)) >= 2 or says("asking", "openers", clause)


def searches(ticket: TicketBrief, asked: Sequence[str], language: str = "en") -> list[str]:
    """Up to six searches: the matter as a whole, then each question under its subject; in English words as well."""
    subject = clean_subject(ticket)
    said = [one.text for one in spoken(message(ticket))[:4]]
    whole = _short(" ".join([subject, *said]).strip())
    under = [_short(f"{subject}: {question}") if 1 <= len(stems(subject)) <= 8 else question for question in asked]
    parts = [part for question in asked if len(every := facets(question)) > 1 for part in every if stems(part)]
    found = [whole, *_in_context(ticket, asked), *under[:3], *parts]
    if language != "en":
        found = [gloss(text, language) for text in found[:4]] + found[:2]
    return [search for search in dict.fromkeys(found) if search.strip()][:6]


def _in_context(ticket: TicketBrief, asked: Sequence[str]) -> list[str]:
    """The first question after what the customer asked before, when both it and the message's opening lean on that.

    Where only the question says "it", the message itself has just told what it is.
    """
    before = next((earlier.body for earlier in reversed(ticket.earlier) if earlier.direction == "in"), "")
    said = spoken(ticket.body)
    if not before or not said or not asked:
        return []
    matter = questions(TicketBrief(ticket_id=ticket.ticket_id, subject=ticket.subject, body=before))
    turns = [shorten(one, _CONTEXT, placeholder="…") for one in matter[-1:]]
    leaning = all(standalone(text, turns) != text for text in (said[0].text, asked[0]))
    return [_short(standalone(asked[0], turns))] if leaning else []


def is_vague(ticket: TicketBrief) -> bool:
    """Whether nothing in the message could be searched for."""
    text = f"{clean_subject(ticket)}. {message(ticket)}"
    if codes(text) or ORDER_NUMBER.search(text):
        return False
    telling = [word for word in words(text) if word not in small_words() and len(word) > 2 and not says("asking", "vague", word)]
    return len({*telling}) < 2


def _marked(sentence: str) -> bool:
    return sentence.rstrip(' "”»)').endswith("?")


def _wishes(sentence: str) -> bool:
    return says("asking", "openers", sentence) or says("asking", "requests", sentence)


def _listed(said: Sequence[Said]) -> list[str]:
    """The entries of a list in which several ask, each as one question."""
    entries: dict[int, list[str]] = {}
    for one in said:
        if one.item:
            entries.setdefault(one.item, []).append(one.text)
    asking = [texts for texts in entries.values() if any(_marked(text) or says("asking", "openers", text) for text in texts)]
    return [_fitted(texts) for texts in asking] if len(asking) > 1 else []


def _fitted(texts: list[str]) -> str:
    """The entry, or as many of its last sentences as there is room for: the question comes last."""
    while len(texts) > 1 and len(" ".join(texts)) > _LONGEST:
        texts = texts[1:]
    return " ".join(texts)


def _standing_alone(said: Sequence[Said]) -> list[str]:
    """What is asked outside of lists. A short or pointing question takes the sentence before it along; when that
    one asks too, both are one question."""
    asking = {n for n, one in enumerate(said) if stems(one.text) and (_marked(one.text) or says("asking", "begins", one.text))}
    asking = asking or {n for n, one in enumerate(said) if _wishes(one.text) and stems(one.text)}
    found: list[list[str]] = []
    last = -2
    for n in sorted(asking):
        sentence, before = said[n].text, said[n - 1].text if n else ""
        if not _leans(sentence) or not before or len(before) + len(sentence) > 240 or _SECRET.search(before):
            found.append([sentence])
        elif last == n - 1:
            found[-1].append(sentence)
        else:
            found.append([before, sentence])
        last = n if len(found[-1]) < 4 else -2
    return [_fitted(texts) for texts in found]


def _leans(sentence: str) -> bool:
    few = len(stems(sentence))
    return few < 3 or (few < 6 and says("asking", "pointing", sentence))


def _different(asked: list[str]) -> list[str]:
    """Each question once; one that another holds in full goes up in it."""
    kept: list[str] = []
    for question in asked:
        mine = stems(question)
        kept = [other for other in kept if not (fold(other) in fold(question) and other != question)]
        if all(len(mine & stems(other)) < 0.75 * min(len(mine), len(stems(other)) or 1) for other in kept):
            kept.append(question)
    return kept


def _matter(ticket: TicketBrief, said: list[str]) -> list[str]:
    """Nothing is asked in so many words: the one or two sentences that say most, in their order."""
    rich = sorted(said[:8], key=lambda sentence: -min(len(stems(sentence)), 8) - 8 * bool(codes(sentence)))[:2]
    told = " ".join(sentence for sentence in said if sentence in rich) or clean_subject(ticket)
    return [_with_subject(told, ticket)] if stems(told) else []


def _with_subject(question: str, ticket: TicketBrief, said: Sequence[Said] = ()) -> str:
    """The question under its subject, when that adds words of its own; without a subject beside the message's opening."""
    subject = clean_subject(ticket)
    if not subject:
        others = [one.text for one in said[:3] if fold(one.text) not in fold(question) and not _SECRET.search(one.text)]
        first = bool(said) and fold(said[0].text) in fold(question)
        if first:
            return " ".join([question, *others[:1]])
        room = max(_CONTEXT, _LONGEST - len(question) - 1)
        return " ".join([*(shorten(text, room, placeholder="…") for text in others[:1]), question])
    adds = len(subject) <= 90 and len(stems(subject) - stems(question)) >= 1
    joint = " " if _marked(subject) else ": "
    return f"{subject.rstrip('.!: ')}{joint}{question}" if adds else question


def _short(question: str) -> str:
    question = " ".join(question.split())
    question = question[:1].upper() + question[1:]
    return question if len(question) <= _LONGEST else question[:_LONGEST].rsplit(" ", 1)[0] + "…"
