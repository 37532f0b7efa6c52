"""Numbers that check themselves: cards (Luhn) and the national identity numbers whose check needs no announcement."""

import re
from collections.abc import Callable, Iterator

_DNI = re.compile(r"(?<![\w-])[XYZ]?\d{7,8}-?[A-HJ-NP-TV-Z](?![\w-])")
_CODICE = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE)
_NINO = re.compile(r"(?<![\w-])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])")
_NIR = re.compile(r"(?<![\w-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]|20) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w-])")

_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True))  # fmt: skip


def luhn(digits: str) -> bool:
    """Luhn's check over a row of digits; a row of one and the same digit does not pass."""
    if not digits.isdigit() or len(set(digits)) < 2:
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def dni(number: str) -> bool:
    """Spain's DNI and NIE: the letter is the number modulo 23."""
    bare = number.replace("-", "").upper()
    digits = bare[:-1].translate(str.maketrans("XYZ", "012"))
    return len(bare) == 9 and "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == bare[-1]


def codice_fiscale(number: str) -> bool:
    """Italy's tax code: letters and digits at odd places count by a table of their own."""
    bare = number.upper()
    total = sum(
        _ODD[mark] if place % 2 == 0 else int(mark, 36) - (10 if mark.isalpha() else 0) for place, mark in enumerate(bare[:15])
    )
    return chr(ord("A") + total % 26) == bare[15]


def nir(number: str) -> bool:
    """France's social security number: the last two digits are 97 less the rest modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    bare = number.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return len(bare) == 15 and 97 - int(bare[:13]) % 97 == int(bare[13:])


_CHECKED: list[tuple[re.Pattern[str], Callable[[str], bool]]] = [
    (_DNI, dni),
    (_CODICE, codice_fiscale),
    (_NINO, lambda number: number[-1].isalpha()),
    (_NIR, nir),
]


def identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Places of identity numbers of Spain, Italy, the United Kingdom and France that pass their own check."""
    for pattern, check in _CHECKED:
        yield from (match.span() for match in pattern.finditer(text) if check(match.group()))
