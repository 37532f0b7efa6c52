"""Figures are found where they stand, and are the same in whatever form or language they are written."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.guardrails.exact import missing
from triage.guardrails.figures import figures, lacking


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You paid €38.00 on 5 March 2026 for order LF-10346.", ["€38.00", "5 March 2026", "LF-10346"]),
        ("1. Wait 30 seconds.\n2) Open https://larkfield.example/a.", ["30 seconds", "https://larkfield.example/a"]),
        ("In May 2026 we march on at 14:00, one by one.", ["May 2026", "14:00"]),
        ("Nothing here.", []),
    ],
)
def test_figures_are_found_whole_and_in_place(text: str, found: list[str]) -> None:
    assert [figure.text for figure in figures(text)] == found
    assert all(text[figure.start : figure.end] == figure.text for figure in figures(text))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("€38.00", "38 EUR", True),
        ("38 EUR", "38 USD", False),
        ("30 days", "30 Tage", True),
        ("30 days", "30 minutes", False),
        ("5 March 2026", "5. März 2026", True),
        ("1,234.50 EUR", "1.234,50 €", True),
        ("thirty", "30", True),
        ("LF-10346", "LF-10347", False),
    ],
)
def test_the_same_figure_in_another_form(one: str, other: str, same: bool) -> None:
    [a], [b] = figures(f"It is {one}."), figures(f"It is {other}.")
    assert a.same(b) is same and b.same(a) is same


def test_a_figure_that_no_source_has_is_told_once_and_whole() -> None:
    said, sources = "We refund 38 EUR within 7 days.", ["The total was €38.00.", "Allow 5 days."]
    assert [figure.text for figure in lacking(said, sources)] == ["7 days"]
    assert missing(said, sources) == ["7 days"]


@given(st.text(alphabet="0123456789.,:/-€$%EURdaysMärz5 LF\n", max_size=60))
def test_figures_never_overlap_and_a_text_lacks_nothing_of_itself(text: str) -> None:
    found = figures(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert not lacking(text, [text])


@pytest.mark.parametrize("piece", ["12.12.", "1,", "a.", "1", "€1.", "a-1-"])
def test_a_mail_of_figures_alone_is_read_to_its_end(piece: str) -> None:
    """Read with every place tried anew, each of these took minutes."""
    assert len(figures(piece * 10_000)) <= 20_000
