"""Which of the desk's languages a text is in, by its small words; quick, and silent when unsure."""

import re

from triage.guardrails.patterns import fold

_WORD = re.compile(r"[^\W\d_]+")
_SMALL = {
    "en": "the and you your is are for with have this that we our please thank can will not from been be to of it if or when how",
    "de": "der die das und ist nicht sie wir ihre ihr mit fur auf eine einen sind haben bitte wird konnen zu dem den auch wenn oder von ich es im",
    "fr": "le la les et vous votre nous est pour dans une des pas avec sur sont que qui cette merci bonjour avez peut du au ou si notre",
    "es": "el los las y usted su para con una por que es esta gracias puede hola no se del al lo si como nuestro hemos le",
    "nl": "de het een en u uw wij is niet voor met van dat op zijn kunt hebben bedankt te aan als bij ook deze wordt je ons onze naar",
    "it": "il gli e per con una non che la di sono questo grazie puo del della le si come abbiamo ha nel suo vostro lei al",
    "pt": "o os as e voce para com uma nao que do da em por obrigado obrigada pode seu sua no na esta temos se ao como sao mais",
}
_SETS = {language: frozenset(words.split()) for language, words in _SMALL.items()}


def guess(text: str) -> str:
    """An ISO code of the desk's languages, or "" when the text is too short or too mixed to say."""
    words = _WORD.findall(fold(text))
    if len(words) < 6:
        return ""
    counts = {language: sum(word in small for word in words) for language, small in _SETS.items()}
    first, second = sorted(counts, key=counts.__getitem__, reverse=True)[:2]
    if counts[first] < 3 or counts[first] < 0.12 * len(words) or counts[first] < 1.3 * counts[second]:
        return ""
    return first
