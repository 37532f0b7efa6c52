"""What one call of a connected API's operation costs, as administrators write it and screens say it."""

import re

from triage.errors import InputError

MOST = 1_000.0  # US dollars for one call; more is a slip of the keyboard
_PRICE = re.compile(r"^\$?\s*([0-9]{1,12}(\.[0-9]{1,9})?|\.[0-9]{1,9})$")


def read(said: str) -> float:
    """US dollars for one call, 0 for nothing said. Raises InputError that says how a price is written."""
    text = said.strip()
    if not text:
        return 0.0
    if not _PRICE.match(text):
        raise InputError(f"“{text[:40]}” is no price. Write US dollars for one call with a point, such as 0.004; 0 is free.")
    price = float(text.removeprefix("$"))
    if price > MOST:
        raise InputError(f"A call cannot cost more than ${MOST:,.0f}; is the point of “{text[:40]}” in its place?")
    return price


def told(price_usd: float) -> str:
    """The price in words: free, $0.004 a call."""
    return f"${written(price_usd)} a call" if price_usd else "free"


def written(price_usd: float) -> str:
    """The price as it is written in a field: 0.004, 2.50, 0."""
    whole, _, cents = f"{price_usd:.9f}".rstrip("0").partition(".")
    return f"{whole}.{cents.ljust(2, '0')}" if cents else whole
