"""Dates in the text of articles, and those that were an end and have passed."""

import re
from datetime import date

_MONTHS = (
    "jan(?:uary|uar|vier)?|enero|januari", "feb(?:ruary|ruar|ruari)?|février|febrero", "mar(?:ch|s|zo)|märz|maart|mar", "apr(?:il)?|avril|abril",
    "may|mai|mayo|mei", "june?|juni|juin|junio", "july?|juli|juillet|julio", "aug(?:ust|ustus)?|août|agosto", "sept?(?:ember|embre|iembre)?",
    "oct(?:ober|obre|ubre)?|oktober|okt", "nov(?:ember|embre|iembre)?", "dec(?:ember|embre)?|dezember|décembre|diciembre|dez",
)  # fmt: skip
_MONTH = "|".join(f"(?P<m{n}>{names})" for n, names in enumerate(_MONTHS, 1))
DATE = re.compile(
    rf"\b(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)\b|\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:de\s+)?)?(?:{_MONTH})\.?"
    r"(?:\s+(?P<late>\d{1,2})(?:st|nd|rd|th)?(?:,|\b(?=\s+20\d\d)))?\s+(?:de\s+)?(?P<year>20\d\d)\b",
    re.IGNORECASE,
)
_END = re.compile(
    r"\b(?:until|till|through|by|before|ends?|expires?|valid|bis|gültig|endet|jusqu['’]au|avant|fin|hasta|antes|válido|tot|vóór|voor|geldig)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)


def ended(text: str, today: date) -> list[str]:
    """The dates that the text gives as an end ("until 31 March 2026") and that are past, as they are written."""
    return [
        match.group()
        for match in DATE.finditer(text)
        if (day := _day(match)) and day < today and _END.search(text[: match.start()])
    ]


def _day(match: re.Match[str]) -> date | None:
    """The last day that the date can mean; None when there is no such day."""
    try:
        if match["y"]:
            return date(int(match["y"]), int(match["m"]), int(match["d"]))
        month = next(n for n in range(1, 13) if match[f"m{n}"])
        if number := match["day"] or match["late"]:
            return date(int(match["year"]), month, int(number))
        return date(int(match["year"]) + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None
