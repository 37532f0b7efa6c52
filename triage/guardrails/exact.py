"""What a sentence must have from its sources letter for letter: numbers, dates, amounts, measures, codes, links, names.

A token is a number in digits ("30", "7.50"), a number with its unit ("5 sec"), an amount with its currency ("7.50 eur"), a code,
a link or an address. A date stands for every day it can mean: 05/03 is the fifth of March or the third of May.
"""

import re
from functools import lru_cache

from triage.guardrails.patterns import fold

_EXACT = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]+|(?<!\w)[^\W_]*\d[^\W_]*(?:[-–.,:/][^\W_]*\d[^\W_]*)*\s?%?"
)
_MEASURE = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)[\s-]?(?:working |business |calendar )?(seconds?|sekunden?|secondes?|segundos?|secondi|minut\w*|hours?|stunden?|heures?|horas?|uur|uren|ore|days?|tagen?|jours?|dias?|"
    r"dagen?|giorn[io]|weeks?|wochen?|semaines?|semanas?|weken|settiman[ae]|months?|monaten?|mois|mes(?:es)?|maanden?|mes[ei]|years?|jahren?|ans|anos?|jaar|anni|ghz|kg|ml|bar|litres?|liters?|volts?|watts?)\b"
)
_UNITS = {
    "sek": "sec", "seg": "sec", "hou": "hou", "stu": "hou", "heu": "hou", "hor": "hou", "uur": "hou", "ure": "hou", "ore": "hou",
    "tag": "day", "jou": "day", "dia": "day", "dag": "day", "gio": "day", "woc": "wee", "sem": "wee", "wek": "wee", "set": "wee",
    "moi": "mon", "mes": "mon", "maa": "mon", "jah": "yea", "ans": "yea", "ano": "yea", "jaa": "yea", "ann": "yea",
}  # fmt: skip
# Repetitions are bounded where every place of a long run would be tried anew: a customer may write a million digits.
_UNIT = re.compile(r"(\d[\d.,]{0,24})(?:ghz|mhz|kg|g|ml|l|mm|cm|h|s|min|d|w|v|bar|c|eur|gbp|chf|usd)")
_SIGNS = {"€": "eur", "$": "usd", "£": "gbp", "eur": "eur", "euro": "eur", "euros": "eur", "usd": "usd", "dollar": "usd", "dollars": "usd",
          "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "pfund": "gbp", "chf": "chf", "franken": "chf"}  # fmt: skip
_SIGN = r"[€$£]|\b(?:" + "|".join(name for name in _SIGNS if name.isalpha()) + r")\b"
_AMOUNT = re.compile(rf"({_SIGN})\s?(\d[\d.,]*)|(\d[\d.,]{{0,24}})\s?({_SIGN})")
_MONTHS = (
    "jan(?:uary|uar|vier|uari)?|enero|gennaio|janeiro", "feb(?:ruary|ruar|ruari|rero|braio)?|fevrier|fevereiro", "mar(?:ch|s|zo|co)?|marz|maerz|maart",
    "apr(?:il|ile)?|avril|abril", "may|mai|mayo|mei|maggio|maio", "june?|juni|juin|junio|giugno|junho", "july?|juli|juillet|julio|luglio|julho",
    "aug(?:ust|ustus)?|aout|agosto", "sept?(?:ember|embre|iembre)?|settembre|setembro", "oct(?:ober|obre|ubre)?|oktober|okt|ottobre|outubro",
    "nov(?:ember|embre|iembre)?|novembro", "dec(?:ember|embre)?|dezember|dez|diciembre|dicembre|dezembro",
)  # fmt: skip
_MONTH = "|".join(f"(?P<m{n}>{names})" for n, names in enumerate(_MONTHS, 1))
_WORDY = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?)?(?:{_MONTH})\b\.?(?:\s+(?P<late>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:))?"
    r"(?:,?\s+(?:de\s+)?(?P<year>(?:19|20)\d\d)\b)?"
)
_DIGITS = re.compile(
    r"(?<![\w./-])(?:(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)|(?P<a>\d{1,2})([/.-])(?P<b>\d{1,2})\5(?P<c>(?:19|20)?\d\d)|"
    r"(?P<e>\d{1,2})/(?P<f>\d{1,2}))(?![\w/-]|\.\d)"
)
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "twelve": "12", "fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90",
    "zwei": "2", "drei": "3", "vier": "4", "funf": "5", "sechs": "6", "zehn": "10", "dreissig": "30",
    "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "trente": "30", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "treinta": "30",
    "twee": "2", "drie": "3", "vijf": "5", "dertig": "30", "tre": "3", "quattro": "4", "cinque": "5", "trenta": "30", "dois": "2", "trinta": "30",
}  # fmt: skip
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(word for word in _NUMBER_WORDS if word != 'one')})\b")
_HEADING = re.compile(r"\*\*[^*\n]{1,80}\*\*:?")  # words in bold before what is said
_NAME = re.compile(r"(?<=[\w,;)] )[\"“*(]{0,2}([A-Z][\w&+-]*[^\W_])")
_CALENDAR = re.compile(
    rf"{_MONTH}|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miercoles|jueves|"
    r"viernes|sabado|domingo|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|lunedi|martedi|mercoledi|giovedi|venerdi"
)  # days are compared as days, and "next Tuesday" is nobody's name
_GERMAN = re.compile(
    r"\b(?:der|das|dem|den|und|ist|sind|sie|wir|nicht|ein|eine|einen|mit|fur|von|zu|im|auf|wird|werden|kann|konnen)\b"
)

_THOUSANDS = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+)\.(?P<part>\d{1,2})|(?P<w>\d{1,3}(?:\.\d{3})+),(?P<p>\d{1,2})")
_CODE = re.compile(r"\b[a-z]{1,6}-\d[\w-]*")
PLACED = (_EXACT, _CODE, _AMOUNT, _MEASURE, _NUMBER_WORD, _WORDY, _DIGITS)  # what finds figures in a folded text, by their places

Day = tuple[int, int, int]
"""Year (0: not told), month, day (0: not told)."""


def number_word(word: str) -> str | None:
    """A folded number word in digits."""
    return _NUMBER_WORDS.get(word)


@lru_cache(maxsize=8_192)
def stated(text: str) -> tuple[str, ...]:
    """The tokens that a sentence states, in order; numbers of a list are none, nor are the parts of a date."""
    digits, days = _without_days(text)
    found = []
    for match in _EXACT.finditer(digits):
        token = _bare(match.group())
        numbered = token.isdigit() and len(token) == 1 and re.match(r"[.)]\s", digits[match.end() : match.end() + 2])
        if token and not numbered:
            found.append(token)
    return (*found, *_measures(digits), *(written for written, _ in days))


@lru_cache(maxsize=8_192)
def known(text: str) -> frozenset[str]:
    """The tokens of a source; a range holds its ends, an amount's number is there without its currency too."""
    digits = _in_digits(text)
    tokens = {_bare(match.group()) for match in _EXACT.finditer(digits)}
    ends = {
        part for token in tokens if token.count("-") + token.count("–") == 1 for part in re.split("[-–]", token) if part.isdigit()
    }
    return frozenset(tokens | ends | set(_measures(digits)))


@lru_cache(maxsize=8_192)
def amounts(text: str) -> frozenset[tuple[str, str]]:
    """Numbers with their currency: ("7.50", "eur")."""
    found = _AMOUNT.findall(fold(text)) if any(mark in text for mark in "0123456789") else []
    return frozenset((_bare(after or before), _SIGNS[sign or behind]) for sign, after, before, behind in found)


@lru_cache(maxsize=8_192)
def days(text: str) -> tuple[tuple[str, frozenset[Day]], ...]:
    """Each date of a text as it is written, with the days it can mean."""
    return tuple(_without_days(text)[1])


@lru_cache(maxsize=8_192)
def names(text: str) -> tuple[str, ...]:
    """Capitalised words inside sentences, as written; none in German, which writes every noun so."""
    found = _NAME.findall(_HEADING.sub(" . ", text) if "**" in text else text)
    found = [name for name in found if not _CALENDAR.fullmatch(fold(name))]
    german = bool(found) and len(set(_GERMAN.findall(fold(text)))) > 1
    return () if german else tuple(dict.fromkeys(found))


def missing(sentence: str, sources: tuple[str, ...] | list[str]) -> list[str]:
    """The tokens, dates and amounts of a sentence that no source holds, as a reader would name them."""
    told = dict(days(sentence))
    tokens = [token for token in stated(sentence) if token not in told]
    lacking = [_shown(token, sentence) for token in tokens if not any(token in known(source) for source in sources)]
    if told:
        held = [day for source in sources for _, readings in days(source) for day in readings]
        lacking += [
            written
            for written, readings in told.items()
            if not _agree(readings, held) and not any(_bare(written) in known(source) for source in sources)  # 3/4 full
        ]
    for number, currency in amounts(sentence):
        others = {other for source in sources for value, other in amounts(source) if value == number}
        if others and currency not in others:
            lacking.append(f"{number} {currency.upper()}")
    return [token for token in dict.fromkeys(lacking) if not any(other.startswith(f"{token} ") for other in lacking)]


def _shown(token: str, sentence: str) -> str:
    """A measure with its unit as it is written."""
    units = {_measure(number, unit): f"{_bare(number)} {unit}" for number, unit in _MEASURE.findall(_in_digits(sentence))}
    return units.get(token, token)


def _agree(readings: frozenset[Day], held: list[Day]) -> bool:
    """Whether a source has one of the days; a year or a day that one of them leaves out is no disagreement."""
    return any(
        month == m and (year == y or not (year and y)) and (day == d or not day)
        for year, month, day in readings
        for y, m, d in held
    )


@lru_cache(maxsize=8_192)
def _without_days(text: str) -> tuple[str, list[tuple[str, frozenset[Day]]]]:
    """The text in digits with its dates blanked, and the dates."""
    digits, found = _in_digits(text), []

    def blank(match: re.Match[str], readings: list[Day]) -> str:
        possible = frozenset((y, m, d) for y, m, d in readings if 1 <= m <= 12 and 0 <= d <= 31 and (d or y))
        if not possible:
            return match.group()
        found.append((match.group().strip(), possible))
        return " " * len(match.group())

    def wordy(match: re.Match[str]) -> str:
        month = next(n for n in range(1, 13) if match[f"m{n}"])
        number, year = int(match["day"] or match["late"] or 0), int(match["year"] or 0)
        return blank(match, [(year, month, number)]) if number or year else match.group()

    def plain(match: re.Match[str]) -> str:
        if match["y"]:
            return blank(match, [(int(match["y"]), int(match["m"]), int(match["d"]))])
        if match["a"]:
            a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
            year = c if c > 99 else 2000 + c
            return blank(match, [(year, b, a), (year, a, b)])
        e, f = int(match["e"]), int(match["f"])
        return blank(match, [(0, f, e), (0, e, f)])

    if any(mark.isdigit() for mark in digits):
        digits = _WORDY.sub(wordy, digits)
        digits = _DIGITS.sub(plain, digits)
    return digits, found


def _measures(digits: str) -> list[str]:
    """Numbers with their unit, as "5 sec": the number alone may stand in a source for something else."""
    return [_measure(number, unit) for number, unit in _MEASURE.findall(digits)]


def _measure(number: str, unit: str) -> str:
    """The unit is the same in every language: "30 Tage" is "30 days"."""
    return f"{_bare(number)} {_UNITS.get(unit[:3], unit[:3])}"


def _in_digits(text: str) -> str:
    """Folded text with number words as digits ("one" is left, it is mostly an article)."""
    return _NUMBER_WORD.sub(lambda match: _NUMBER_WORDS[match.group()], fold(text))


def _bare(token: str) -> str:
    token = token.rstrip(".,;:!?)/'\" ").replace(" ", "")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", token):
        token = re.sub(r"[.,]", "", token)
    elif thousands := _THOUSANDS.fullmatch(token):  # 1,234.50 and 1.234,50
        whole, part = thousands["whole"] or thousands["w"], thousands["part"] or thousands["p"]
        token = f"{re.sub('[.,]', '', whole)}.{part}"
    if unit := _UNIT.fullmatch(token):
        token = unit.group(1)
    token = re.sub(r"(\d),(\d{1,2})$", r"\1.\2", token)
    return re.sub(r"\.0+$", "", token)
