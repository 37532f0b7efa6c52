"""What a customer asks: their mail as stand-alone questions, and the searches that would answer them."""

import re

from triage.briefs import TicketBrief
from triage.llm.offline.text import ORDER_NUMBER, codes, says, sentences, stems, stopwords, words

MOST = 6
_SPOKEN_BY_US = re.compile(r"^(?:agent|support|operator|mitarbeiter(?:in)?|\[transcript[^\]]*\])\s*:?.*$", re.IGNORECASE | re.MULTILINE)
_SPOKEN_BY_CUSTOMER = re.compile(r"^(?:caller|customer|kunde|kundin|client)\s*:\s*", re.IGNORECASE | re.MULTILINE)
_SUBJECT_NOISE = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv|enc|antw|r|i)\s*:\s*|\[[^\]]*\]\s*)+", re.IGNORECASE)


def message(ticket: TicketBrief) -> str:
    """What the customer wrote, with their message before it when this one alone says little."""
    body = _SPOKEN_BY_CUSTOMER.sub("", _SPOKEN_BY_US.sub("", ticket.body)).strip()
    if len(stems(body)) >= 6 or says("asking", "solved", body):
        return body
    before = next((earlier.body for earlier in reversed(ticket.earlier) if earlier.direction == "in"), "")
    return f"{before.strip()}\n{body}" if before else body


def clean_subject(ticket: TicketBrief) -> str:
    """The subject without Re: and [#12]."""
    return _SUBJECT_NOISE.sub("", ticket.subject).strip()


def only_thanks(ticket: TicketBrief) -> bool:
    """Whether the message thanks, or says that all is well, and asks nothing."""
    body = ticket.body
    if "?" in body or len(words(body)) > 40 or says("asking", "broken", body):
        return False
    return says("asking", "thanks", body) and (says("asking", "solved", body) or len(stems(body)) <= 3)


def questions(ticket: TicketBrief) -> list[str]:
    """Every question and request, each with the sentence it leans on; the problem itself when nothing is asked."""
    said = [_ungreeted(sentence) for sentence in sentences(message(ticket)) if not _is_courtesy(sentence)]
    asked: list[str] = []
    for position, sentence in enumerate(said[:120]):
        if _asks(sentence) and stems(sentence):
            asked.append(_leaning(said, position))
    kept = _different(asked) or _matter(ticket, said)
    if len(kept) == 1 and len(stems(kept[0])) < 5:
        kept = [_with_subject(kept[0], ticket)]
    return [_short(question) for question in kept[:MOST]]


def searches(ticket: TicketBrief, asked: list[str]) -> list[str]:
    """One to four searches: the matter as a whole, then each question."""
    said = [_ungreeted(sentence) for sentence in sentences(message(ticket)) if not _is_courtesy(sentence)]
    whole = _short(" ".join([clean_subject(ticket), *said[:4]]).strip())
    return [search for search in dict.fromkeys([whole, *asked]) if search][:4]


def is_vague(ticket: TicketBrief) -> bool:
    """Whether nothing in the message could be searched for."""
    text = f"{clean_subject(ticket)}. {message(ticket)}"
    if codes(text) or ORDER_NUMBER.search(text):
        return False
    telling = [word for word in words(text) if word not in stopwords() and len(word) > 2 and not says("asking", "vague", word)]
    return len({*telling}) < 2


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


def _asks(sentence: str) -> bool:
    return sentence.rstrip(" \"”»)").endswith("?") or says("asking", "openers", sentence) or says("asking", "requests", sentence)


def _leaning(said: list[str], position: int) -> str:
    """A short or pointing question with the sentence before it, so that it stands alone."""
    sentence = said[position]
    points = says("asking", "pointing", sentence) and len(stems(sentence)) < 6
    if position and (len(stems(sentence)) < 3 or points) and len(said[position - 1]) <= 240 and not _asks(said[position - 1]):
        return f"{said[position - 1]} {sentence}"
    return sentence


def _different(asked: list[str]) -> list[str]:
    kept: list[str] = []
    for question in asked:
        mine = stems(question)
        if all(len(mine & stems(other)) < 0.75 * min(len(mine), len(stems(other)) or 1) for other in kept):
            kept.append(question)
    return kept


def _matter(ticket: TicketBrief, said: list[str]) -> list[str]:
    """Nothing is asked in so many words: the one or two sentences that say most, in their order."""
    rich = sorted(said[:8], key=lambda sentence: -len(stems(sentence)) - 8 * bool(codes(sentence)))[:2]
    told = " ".join(sentence for sentence in said if sentence in rich) or clean_subject(ticket)
    return [_with_subject(told, ticket)] if stems(told) else []


def _with_subject(question: str, ticket: TicketBrief) -> str:
    """The question under its subject, when that adds words of its own."""
    subject = clean_subject(ticket)
    adds = len(subject) <= 90 and len(stems(subject) - stems(question)) >= 1
    return f"{subject.rstrip('.!: ')}: {question}" if adds else question


def _short(question: str) -> str:
    question = " ".join(question.split())
    question = question[:1].upper() + question[1:]
    return question if len(question) <= 300 else question[:300].rsplit(" ", 1)[0] + "…"
