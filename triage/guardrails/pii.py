"""Personal data that can be told from its form alone: addresses, phones, cards, bank accounts."""

import re
from dataclasses import dataclass, replace

from triage.guardrails.checksums import luhn
from triage.guardrails.normalise import normalise

EMAIL = re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}")
_PHONE = re.compile(r"(?<![\w+.-])(?:\+|00)?\(?\d[\d\s()./-]{6,20}\d(?![\w-])")
# Any row of 13 to 19 digits, or groups as they stand on a card with one and the same sign between them.
_CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])|(?<!\d)\d{4}([^\w,;]|_)(?:\d{4}\1\d{4}\1\d{4}|\d{6}\1\d{5})(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ .\-/]?[A-Z0-9]{4}){2,7}(?:[ .\-/]?[A-Z0-9]{1,4})?\b", re.IGNORECASE)
_NETWORK = re.compile(r"[3-6]|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}$|(?:1800|2131)\d{11}$")
_DATE = re.compile(r"^\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})\s*$")
_ORDER_BEFORE = re.compile(
    r"(?:order|bestell\w*|commande|pedido|ordine|tracking|parcel|serial|invoice|rechnung|factu\w*|sendung\w*|nr|no|number|code|#)[\s.:#nr]{0,6}$",
    re.IGNORECASE,
)

_MOST = 200


@dataclass(frozen=True)
class Datum:
    """A piece of personal data; `key` is its comparable form (lower case address, digits of a phone)."""

    kind: str
    start: int
    end: int
    key: str


def find(text: str) -> list[Datum]:
    """E-mail addresses, cards, bank accounts and phone numbers, in order of certainty, none overlapping; at most 200 cards and 200 phones.

    Looked for in the text without disguises (invisible characters, full-width digits); places are those of the text given.
    """
    normal = normalise(text)
    return [
        replace(datum, start=place[0], end=place[1])
        for datum in _find(normal.text)
        if (place := normal.span(datum.start, datum.end))
    ]


def _find(text: str) -> list[Datum]:
    found: list[Datum] = []
    if "@" in text:
        found += [Datum("email", m.start(), m.end(), m.group().lower().rstrip(".")) for m in EMAIL.finditer(text)]
    found += numbers(text)
    before = len(found)
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(found) - before < _MOST and _is_phone(text, match, digits) and _free(found, match.start(), match.end()):
            found.append(Datum("phone", match.start(), match.end(), digits[-9:]))
    return found


def numbers(text: str) -> list[Datum]:
    """Bank accounts and at most 200 cards, each with a check that holds, in a text without disguises."""
    found = [Datum("iban", m.start(), m.end(), _bare(m.group())) for m in _IBAN.finditer(text) if valid_iban(_bare(m.group()))]
    before = len(found)
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(found) - before < _MOST and valid_card(digits) and _free(found, match.start(), match.end()):
            found.append(Datum("card", match.start(), match.end(), digits))
    return found


def valid_card(digits: str) -> bool:
    """Luhn's check on 13 to 19 digits that begin as card networks' numbers do."""
    if not 13 <= len(digits) <= 19 or not _NETWORK.match(digits):
        return False
    return luhn(digits)


def valid_iban(iban: str) -> bool:
    """The modulo-97 check on 15 to 34 characters."""
    if not 15 <= len(iban) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).upper()


def _is_phone(text: str, match: re.Match[str], digits: str) -> bool:
    shown = match.group()
    if not 8 <= len(digits) <= 15 or _DATE.match(shown) or _ORDER_BEFORE.search(text[max(0, match.start() - 20) : match.start()]):
        return False
    return shown[0] in "+0(" or (re.search(r"\d[\s()./-]\d", shown) is not None and len(digits) >= 9 and "." not in shown)


def _free(found: list[Datum], start: int, end: int) -> bool:
    return all(end <= datum.start or start >= datum.end for datum in found)
