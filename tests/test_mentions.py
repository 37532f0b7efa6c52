"""What messages name is found as it is written, and nothing that only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.mentions import mentions


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Order LF-10440, again: lf-10440", "Orders", ["LF-10440", "lf-10440"]),
        ("about order 99120 please", "Orders", ["order 99120"]),
        ("It shows E11 and then error 7.", "Error codes", ["E11", "error 7"]),
        ("you took €39.90 and 12 EUR", "Amounts", ["€39.90", "12 EUR"]),
        ("bought on 3 May 2026, arrived 2026-05-09", "Dates", ["3 May 2026", "2026-05-09"]),
        ("Serial number: AB12-99KX1", "Serial numbers", ["AB12-99KX1"]),
        ("my lark duo leaks", "Products", ["Lark Duo"]),
    ],
)
def test_what_is_named_is_found(text: str, kind: str, found: list[str]) -> None:
    assert mentions(text, ["Lark Duo", "Lark One"])[kind] == found


@pytest.mark.parametrize("text", ["", "I bought 3 machines in 2024.", "Call me at 5", "version 2.4.1 of the app", "skylarks duo"])
def test_other_words_and_numbers_are_left_alone(text: str) -> None:
    assert mentions(text, ["Lark Duo"]) == {}


@given(st.text(max_size=400))
def test_everything_named_stands_in_the_text(text: str) -> None:
    spaced = " ".join(text.split())
    for hits in mentions(text).values():
        assert all(hit in spaced for hit in hits)
