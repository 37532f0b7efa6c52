"""Personal data as it is read out or hidden from machines: "john dot smith at mail dot com", "six zero seven", "ann [at] mail (dot) org".

Words for digits and signs of seven languages, spelled letters and the spelling alphabet.
"""

import re
from collections.abc import Iterator

from triage.guardrails.personal import kinds

Found = tuple[int, int, str]

_DIGITS = frozenset(
    [
        "zero",
        "oh",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "null",
        "eins",
        "zwei",
        "zwo",
        "drei",
        "vier",
        "fünf",
        "fuenf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zéro",
        "un",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "sept",
        "huit",
        "neuf",
        "cero",
        "uno",
        "una",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "siete",
        "ocho",
        "nueve",
        "um",
        "dois",
        "duas",
        "quatro",
        "sete",
        "oito",
        "nove",
        "due",
        "tre",
        "quattro",
        "cinque",
        "sei",
        "sette",
        "otto",
        "nul",
        "een",
        "één",
        "twee",
        "drie",
        "vijf",
        "zes",
        "zeven",
        "negen",
        "double",
        "triple",
        "doppel",
    ]
)
_LETTERS = frozenset(
    [
        "alfa",
        "alpha",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliet",
        "juliett",
        "kilo",
        "lima",
        "mike",
        "november",
        "oscar",
        "papa",
        "quebec",
        "romeo",
        "sierra",
        "tango",
        "uniform",
        "victor",
        "whiskey",
        "whisky",
        "xray",
        "yankee",
        "zulu",
    ]
)
_NUMBER_NEAR = re.compile(
    r"\b(?:null|zero|oh|one|two|three|five|eins|zwei|drei|vier|zéro|deux|trois|quatre|cinq|cero|uno|dos|tres|cuatro|cinco|um|dois|quatro|due|tre|nul|een|twee|drie|vijf)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_]+")
_KIND_SAID = [
    (re.compile(r"\b(?:zip|post ?codes?|postal|plz|postleitzahl|code postal|código postal|cap|cep)\b", re.IGNORECASE), kinds.ZIP, 3),
    (re.compile(r"\b(?:card|karten?\w*|carte|tarjeta|cartão|carta|kaart)\b", re.IGNORECASE), kinds.CARD, 8),
    (re.compile(r"\b(?:ssn|social security)\b", re.IGNORECASE), kinds.SSN, 7),
    (re.compile(r"\b(?:pin|password|passcode|passwort|security code)\b", re.IGNORECASE), kinds.PASSWORD, 4),
    (re.compile(r"\b(?:passport|reisepass|passeport)\b", re.IGNORECASE), kinds.PASSPORT, 5),
    (
        re.compile(r"\b(?:orders?|bestell\w*|auftrag\w*|commande|pedido|ordine|encomenda|bestelling|tracking|serial|invoice|case|ticket|error|code|version|model)\b", re.IGNORECASE),
        "", 0,
    ),
]  # fmt: skip
_LEAST_PHONE = 6

_AT = r"(?:\[\s?(?:at|ät|@)\s?\]|\(\s?(?:at|ät|@)\s?\)|\{\s?at\s?\}|<at>|_at_|-at-|\s(?:at|ät|AT|arobase|arroba|chiocciola|apenstaartje|klammeraffe|@)\s|\s?@\s?)"
_DOT = (
    r"(?:\s?\[\s?(?:dot|punkt|point|punto|ponto|punt|\.)\s?\]\s?|\s?\(\s?(?:dot|punkt|point|punto|ponto|punt|\.)\s?\)\s?|\s?\{\s?dot\s?\}\s?|_dot_"
    r"|\s(?:dot|punkt|point|punto|ponto|punt|\.)\s|\.(?=\w))"
)
_MAIL = re.compile(
    rf"(?:(?<=\w)|(?<=\w\s)){_AT}\s?([A-Za-z0-9-]{{2,40}}(?:{_DOT}[A-Za-z0-9-]{{2,40}}){{0,2}}?{_DOT}[A-Za-z]{{2,12}})(?![\w@])",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"[\[({<_]\s?(?:at|ät|@)\s?[\])}>_]|-at-|\b(?:at|ät|arobase|arroba|chiocciola|apenstaartje|klammeraffe)\b|\s@|@\s",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"(?:\sat\s|\s?@)\S{1,40}\.\S", re.IGNORECASE)
_JOINED = re.compile(
    r"(?:\s?[\[({]?\s?(?:dot|punkt|point|punto|ponto|punt|underscore|unterstrich|dash|hyphen|minus|bindestrich|tiret|guion|guión|hífen|trattino|streepje|plus)"
    r"\s?[\])}]?\s?|[._+-])$",
    re.IGNORECASE,
)
_WORD_END = re.compile(r"[^\W_]{1,40}$")
_LETTER_RUN = re.compile(r"(?:(?<![\w'’])[^\W_]\s){1,30}$")


def find(text: str) -> Iterator[Found]:
    """Places and kinds; each place covers the words as they stand."""
    if _HINT.search(text):
        yield from _mails(text)
    if _NUMBER_NEAR.search(text):
        yield from _numbers(text)


def _mails(text: str) -> Iterator[Found]:
    for match in _MAIL.finditer(text):
        if _PLAIN.match(match.group()):
            continue  # "look at example.com": a web site; "ann@example.com": no disguise
        start = _local_part(text, match.start())
        if start < match.start():
            yield start, match.end(), kinds.EMAIL


def _local_part(text: str, at: int) -> int:
    """Where the part before "at" begins: a word or spelled letters, more of them where a sign is named in between."""
    start = len(text[max(0, at - 3) : at].rstrip()) + max(0, at - 3)
    for _ in range(8):
        stretch = text[max(0, start - 80) : start]
        word = _WORD_END.search(stretch)
        if word is None:
            break
        start -= len(word.group())
        if len(word.group()) == 1 and (run := _LETTER_RUN.search(text[max(0, start - 80) : start])):
            start -= len(run.group())
        joined = _JOINED.search(text[max(0, start - 20) : start])
        if joined is None or start - len(joined.group()) <= 0:
            break
        start -= len(joined.group())
    return start


def _numbers(text: str) -> Iterator[Found]:
    """Runs of digit words, spelled letters and single characters, named by what was said before them."""
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        apart = text[run[-1].end() : token.start()] if run else ""
        if run and len(apart) <= 2 and not apart.strip(" ,-") and _spells(token.group()):
            run.append(token)
            continue
        yield from _named(text, run)
        run = [token] if _spells(token.group()) else []
    yield from _named(text, run)


def _spells(word: str) -> bool:
    low = word.lower()
    if len(word) == 1:  # "a", "y", "e", "o" are words in small letters, "I" and "A" in capitals
        return word.isdigit() or (word.isalpha() and word not in "aiyeoIA")
    return low in _DIGITS or low in _LETTERS


def _named(text: str, run: list[re.Match[str]]) -> Iterator[Found]:
    while run and run[0].group() in ("a", "A"):
        run = run[1:]
    said = sum(token.group().lower() in _DIGITS or token.group().isdigit() for token in run)
    if said < 2 or len(run) < 4:
        return
    before = text[max(0, run[0].start() - 60) : run[0].start()]
    nearest = max(
        (
            (list(pattern.finditer(before))[-1].start(), kind, least)
            for pattern, kind, least in _KIND_SAID
            if pattern.search(before)
        ),
        default=None,
    )
    kind, least = (nearest[1], nearest[2]) if nearest else (kinds.PHONE, _LEAST_PHONE)
    if kind and len(run) >= least and (nearest or said >= _LEAST_PHONE):
        yield run[0].start(), run[-1].end(), kind
