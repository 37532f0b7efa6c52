"""What a customer's words name: order numbers, serials, error codes, amounts, dates, products."""

import re
from collections.abc import Iterable

from sqlmodel import Session, col, select

from triage.models import Article

_KINDS = {
    "Orders": re.compile(r"\b[A-Z]{2,4}-\d{4,8}\b|(?<=#)\d{4,10}\b|\b(?:order|bestellung|commande|pedido|ordine|bestelling|encomenda)\s+(?:no\.?|number|nr\.?)?\s*\d{4,10}\b", re.I),
    "Serial numbers": re.compile(r"\b(?:s/?n|serial(?: number| no\.?)?|seriennummer|num[ée]ro de s[ée]rie|n[úu]mero de serie)\b[\s.:#]*([A-Z0-9][A-Z0-9-]{5,24})", re.I),
    "Error codes": re.compile(r"\b(?:E|F|ERR|error|fehler|erreur|errore)[ -]?\d{1,4}\b", re.I),
    "Amounts": re.compile(r"(?:[€$£]|\b(?:EUR|USD|GBP|CHF)\b)\s?\d[\d.,]*\d|[€$£]\s?\d\b|\b\d[\d.,]*\s?(?:[€£$]|(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds)\b)", re.I),
    "Dates": re.compile(
        r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})\b|"
        r"\b\d{1,2}(?:st|nd|rd|th|\.)?\s(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*\.?(?:\s\d{4})?\b|"
        r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}(?:st|nd|rd|th)?\b(?:,?\s\d{4})?", re.I,
    ),
}  # fmt: skip
_LONGEST, _MOST = 20_000, 6


def mentions(text: str, products: Iterable[str] = ()) -> dict[str, list[str]]:
    """By kind what is named, as written, each once and in order; `products` are names to look for. At most six a kind."""
    text = text[:_LONGEST]
    found: dict[str, list[str]] = {}
    for kind, pattern in _KINDS.items():
        hits = [" ".join((match.group(match.lastindex or 0)).split()) for match in pattern.finditer(text)]
        if hits:
            found[kind] = list(dict.fromkeys(hits))[:_MOST]
    lowered = text.lower()
    named = [name for name in dict.fromkeys(products) if name and re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", lowered)]
    if named:
        found["Products"] = named[:_MOST]
    return found


def products(session: Session) -> list[str]:
    """The products that published articles are about."""
    named = session.exec(select(Article.product).where(col(Article.published_version).is_not(None)))
    return sorted({product for each in named for product in each})
