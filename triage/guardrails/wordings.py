"""Words by which a text restricts, contrasts, counts or denies (English, folded)."""

import re
from functools import lru_cache

from triage.guardrails.stems import stem

CONTRAST = re.compile(r"\b(but|however|although|despite|instead|rather|unlike|except)\b")
ONLY = re.compile(r"\b(only|solely|exclusively|limited|just|merely)\b")
RESTRICTION = re.compile(
    r"\b(only|solely|exclusively|except|excluding|excludes?|just|merely|unless|instead|rather than|limited|unlike|despite|although|however|but)\b"
)
QUANTITY = re.compile(
    r"\b(no|none|one|single|few|fewer|several|many|most|multiple|various|both|half|some|first|last|new|additional|other|another|more|less|limited|minimal|partial|partially|little)\b"
)
_PAIRS = (
    "before/after increase/decrease increase/reduce increase/lower raise/lower more/less more/fewer high/low higher/lower minimum/maximum least/most "
    "open/close enable/disable hot/cold free/paid include/exclude including/excluding allow/forbid accept/reject accept/decline accept/refuse "
    "always/never first/last above/below possible/impossible left/right public/private buyer/seller monthly/yearly weekly/monthly good/bad "
    "good/poor great/poor new/old newest/oldest latest/oldest cheap/expensive affordable/expensive complete/incomplete interested/uninterested "
    "agree/disagree agree/refuse save/waste save/lose gain/lose improve/worsen enhance/hinder simplify/complicate simple/complex easy/difficult "
    "satisfied/dissatisfied secure/insecure safe/dangerous long/short large/small big/small major/minor many/few rare/common early/late start/end "
    "begin/end win/lose buy/sell success/failure positive/negative strong/weak fast/slow quick/slow full/empty full/partial comprehensive/limited "
    "various/limited male/female day/night online/offline inside/outside local/remote true/false same/different domestic/international "
    "temporary/permanent optional/mandatory optional/required voluntary/compulsory expensive/inexpensive useful/useless effective/ineffective "
    "efficient/inefficient clear/unclear likely/unlikely known/unknown able/unable direct/indirect visible/invisible legal/illegal special/regular "
    "modern/outdated new/outdated eager/reluctant willing/reluctant unlimited/limited helpful/unhelpful"
)
_DENYING = re.compile(r"^(?:un|in|im|ir|il|dis|non|mis)(?=[a-z]{4})")


def opposites(word: str) -> frozenset[str]:
    """The stems that mean the opposite of a stem."""
    return _OPPOSITE.get(word, frozenset())


@lru_cache(maxsize=8_192)
def denied_stem(word: str) -> str:
    """What a stem denies by its first syllable ("unavailable": "available"), else nothing."""
    bare = _DENYING.sub("", word)
    return stem(bare) if bare != word else ""


def _both_ways() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in _PAIRS.split():
        one, two = map(stem, pair.split("/"))
        found[one], found[two] = found.get(one, frozenset()) | {two}, found.get(two, frozenset()) | {one}
    return found


_OPPOSITE = _both_ways()
