"""When are two messages the same demand sent twice?"""

import hashlib
import re

from rapidfuzz import fuzz

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\w*\d\w*")
_NEAR = 96.0  # per cent of characters that agree
_LONG_ENOUGH = 60  # characters; shorter texts differ in meaning by one word
_MOST_UNSAID = 40  # words of a repeated message that were not in the first one
_COMPARED = 20_000  # characters; more would only cost time


def fingerprint(subject: str, body: str) -> str:
    """A hash of the words, without case, white space and punctuation; "" when nothing is said.

    The subject counts only when the body says little: people resend with "URGENT" before the subject.
    """
    words = _WORD.findall(body.casefold())
    if len(words) < 4:
        words = [*_WORD.findall(re.sub(r"^(?:\s*(?:re|aw|sv|fwd?|wg|tr|rv)\s*:)+", "", subject.casefold())), "|", *words]
    return hashlib.sha256(" ".join(words).encode()).hexdigest() if any(word != "|" for word in words) else ""


def nearly_same(new: str, old: str) -> bool:
    """Whether a new body says again what an old one said, but for trifles.

    Both must be long enough and hold the same numbers; then either nearly every character agrees, or most of the
    new one's sentences stood in the old one word for word and the rest is short ("here it is again").
    """
    if min(len(new), len(old)) < _LONG_ENOUGH:
        return False
    new, old = new[:_COMPARED].casefold(), old[:_COMPARED].casefold()
    if sorted(set(_NUMBER.findall(new))) != sorted(set(_NUMBER.findall(old))):
        return False
    if fuzz.ratio(" ".join(_WORD.findall(new)), " ".join(_WORD.findall(old)), score_cutoff=_NEAR) > 0:
        return True
    said, again = set(_sentences(old)), _sentences(new)
    words = sum(len(sentence.split()) for sentence in again)
    unsaid = sum(len(sentence.split()) for sentence in again if sentence not in said)
    return unsaid <= _MOST_UNSAID and unsaid <= 0.35 * words


def _sentences(text: str) -> list[str]:
    parts = re.split(r"[.!?:;]+\s|\n\s*\n", text)
    return [sentence for part in parts if (sentence := " ".join(_WORD.findall(part)))]
