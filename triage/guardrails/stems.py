"""Words reduced to stems that are the same for their forms in the desk's languages, and the words that say nothing alone."""

import re
from functools import lru_cache

from triage.guardrails.exact import number_word
from triage.guardrails.patterns import fold

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_SUFFIX = re.compile(r"(?:ations?|ingly|ments?|ings?|edly|ied|ies|ers?|est|ed|es|en|em|ly|s|e|n)$")
_STOP = (
    "the a an and or but if of to in on at by for with from as is are was were be been being it its this that these those you your we our us i me my they them their he she his her there here "
    "will would can could may might shall should must do does did have has had so then than also just please when where which who what how why all any some each both about into over under out up down "
    "der die das den dem des ein eine einen einem einer und oder aber wenn von zu im in am an auf bei fur mit aus als ist sind war waren sein es dies diese dieser dieses sie ihr ihre wir unser uns ich mich mein er "
    "wird werden wurde kann konnen sollte muss hat haben auch bitte wie was wo man sich "
    "le la les un une des du de et ou mais si en dans sur par pour avec est sont etait etre ce cette ces il elle vous votre vos nous notre nos je me mon ma mes ils leur qui que quoi comment peut peuvent doit aussi "
    "el los las una unos unas y o pero del al es son era ser este esta estos su sus usted ustedes nosotros nuestro yo mi que como puede pueden debe tambien se lo "
    "het een en of maar als van te op bij voor met uit zijn was dit dat deze u uw je jouw jij wij we ons onze ik mij mijn zij hun wie wat hoe waar kan kunnen moet heeft hebben ook er "
    "il lo gli uno e ma se di da su per con tra sono era essere questo questa suo sua lei voi vostro noi nostro io mio che chi come puo possono deve anche "
    "os um uma uns e ou mas se do da dos das no na em por para com ser foi este esta seu sua voce voces nos nosso eu meu minha que quem como pode podem deve tambem"
)


@lru_cache(maxsize=8_192)
def stems_of(text: str) -> frozenset[str]:
    """The stems of all words of a text."""
    return frozenset(stems_in(text))


def stems_in(text: str) -> list[str]:
    """The stems of a text in order."""
    return [stem(word) for word in WORD.findall(fold(text))]


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The word without common endings and doubled letters, the same for its forms in the desk's languages."""
    if number := number_word(word):
        return number
    if len(word) < 4 or any(mark.isdigit() for mark in word):
        return word
    cut = _SUFFIX.sub("", word)
    cut = cut if len(cut) >= 3 else word
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


STOP_WORDS = frozenset(_STOP.split())
STOPS = frozenset(stem(word) for word in STOP_WORDS)
