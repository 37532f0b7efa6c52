"""A defect is in the text it was put into, not in the one before, and gone once a person mended it."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.reviewing import defects
from triage.reviewing.defects import Defect, Good, Stranger

FACTS = st.sampled_from(
    [
        "Descale it every 3 months.", "Returns are free for 30 days.", "Shipping costs €4.90.", "A new gasket costs 12 EUR.",
        "Your order arrives on 12 March 2026.", "The pump runs at 9 bar.", "Open the lid and press start.", "Wait 15 minutes.",
    ]
)  # fmt: skip


def good(texts: list[str], questions: int = 2, language: str = "en") -> Good:
    rows: list[dict[str, Any]] = [
        {"text": text, "kind": "fact", "supported": True, "passages": [f"a#{n % 2}"]} for n, text in enumerate(texts)
    ]
    return Good("Hello,\n\n" + " ".join(texts) + "\n\nBest regards", rows, language, questions, Stranger("Ann Lee", "LK-20417"))


def one(kind: str, of: Good, seed: int = 1) -> Defect:
    return next(defect for defect in defects.put_in(of, random.Random(seed)) if defect.kind == kind)


@given(st.lists(FACTS, min_size=1, max_size=5, unique=True), st.integers(0, 3), st.integers())
def test_every_defect_stands_in_its_draft_and_not_in_the_one_it_was_made_of(texts: list[str], questions: int, seed: int) -> None:
    source = good(texts, questions)
    for found in defects.put_in(source, random.Random(seed)):
        assert found.body != source.body and found.told.endswith((".", "”"))
        assert defects.stands(found.kind, found.wrong, found.right, found.body, found.body)
        assert not defects.stands(found.kind, found.wrong, found.right, found.body, source.body)
        assert all(str(row["text"]) in found.body for row in found.sentences)
        assert all(row["supported"] for row in found.sentences)


def test_each_kind_can_be_put_in() -> None:
    source = good(["Shipping costs €4.90 or 5 EUR.", "Returns are free for 30 days.", "A new gasket costs 12 EUR."])
    assert {found.kind for found in defects.put_in(source, random.Random(3))} == {
        "amount", "figure", "promise", "other customer", "unanswered",
    }  # fmt: skip


def test_without_figures_questions_or_strangers_little_is_left() -> None:
    source = Good("Open the lid.", [{"text": "Open the lid.", "supported": True, "passages": ["a"]}], "pl", 1)
    assert defects.put_in(source, random.Random(1)) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_figure_is_another_of_as_many_digits(seed: int) -> None:
    found = one("figure", good(["Returns are free for 30 days."]), seed)
    assert found.right == "30 days" and found.wrong != "30 days" and len(found.wrong) == len(found.right)
    assert found.wrong in found.body and "30 days" not in found.body


def test_the_figure_elsewhere_in_the_text_is_not_the_defect() -> None:
    assert defects.stands("figure", "3", "6", "", "Wait 3 minutes.") and not defects.stands(
        "figure", "3", "6", "", "Wait 30 minutes."
    )


def test_what_is_added_stands_in_the_text_and_not_under_the_signature() -> None:
    found = one("promise", good(["Wait 15 minutes.", "Larkfield Coffee Support"]))
    assert f"Wait 15 minutes. {found.wrong}" in found.body and "Support\n" in found.body


def test_a_promise_in_other_words_is_still_there() -> None:
    found = one("promise", good(["Wait 15 minutes."]))
    assert defects.stands(found.kind, found.wrong, "", found.body, "Hello, we will refund you the full amount today. Bye")
    assert not defects.stands(found.kind, found.wrong, "", found.body, "Hello, wait 15 minutes. Bye")


def test_an_answer_that_was_left_out_has_to_come_back() -> None:
    found = one("unanswered", good(["Open the lid and press start.", "Returns are free for 30 days."]))
    assert "Returns" not in found.body
    assert defects.stands(found.kind, "", found.right, found.body, found.body + " Many thanks for your kind patience")
    assert not defects.stands(
        found.kind, "", found.right, found.body, found.body + " You may return it for 30 days, free of charge."
    )
