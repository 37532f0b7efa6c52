"""A date is over when it was an end and has passed."""

from datetime import date

import pytest

from knowledge_base.dates import ended

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("The offer is valid until 31 March 2026.", ["31 March 2026"]),
        ("Order by 2026-11-19 to get it in time.", ["2026-11-19"]),
        ("Das Angebot gilt bis 1. Oktober 2026.", ["1. Oktober 2026"]),
        ("Valable jusqu'au 3 février 2026.", ["3 février 2026"]),
        ("Free until December 1, 2025, then €5.", ["December 1, 2025"]),
        ("Available until November 2026.", []),
        ("We have sold it since 31 March 2024.", []),
        ("Valid until 31 March 2027.", []),
        ("Valid until 31 February 2026.", []),
        ("It lasts until the end of the day.", []),
    ],
)
def test_only_ends_that_passed_count(text: str, passed: list[str]) -> None:
    assert ended(text, TODAY) == passed
