"""A request for changes goes to who can act on it; several wishes in one comment go to several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.drafts import wishes

A, W, R = wishes.ANALYST, wishes.WRITER, wishes.REVIEWER
ONE = [
    ("Please mention that the outage is over.", A), ("The price is wrong, it is 49 EUR.", A), ("Add the tracking number.", A),
    ("Check whether the Lark One has this setting.", A), ("Say which grinder setting to use for espresso.", A),
    ("It should cite the article about returns.", A), ("Tell him how long the delivery takes.", A), ("Which firmware has the fix?", A),
    ("Der Preis stimmt nicht, bitte nachsehen.", A), ("Il manque le délai de livraison.", A), ("Falta el número de pedido.", A),
    ("Make it shorter.", W), ("Too long, cut the second paragraph", W), ("A friendlier tone please", W), ("Say sorry for the delay first.", W),
    ("Remove the sentence about the refund policy.", W), ("There is a typo in the greeting.", W), ("Use bullets for the steps.", W),
    ("Sounds cold", W), ("Translate it into German.", W), ("Drop the last paragraph", W), ("Less jargon, she is a beginner.", W),
    ("Bitte kürzer und freundlicher.", W), ("Plus court, s'il vous plaît.", W), ("Más corto y amable.", W), ("Korter graag.", W), ("Più breve.", W),
    ("Don't promise a date.", R), ("We are not allowed to offer that.", R), ("Is this in line with our refund policy?", R),
    ("This sounds like a legal commitment.", R), ("No goodwill here, please.", R), ("Bitte nichts zusagen, das ist Kulanz.", R),
    ("Ne rien promettre.", R), ("Niets beloven over de datum.", R),
]  # fmt: skip


@pytest.mark.parametrize(("comment", "role"), ONE)
def test_one_wish_goes_to_one_agent(comment: str, role: str) -> None:
    assert [wish.to for wish in wishes.read(comment)] == [(role,)]


def test_several_wishes_are_cut_and_go_to_several() -> None:
    found = wishes.read("Make it shorter and check the price. Don't promise a date; add “It ships on Monday and Friday.”")
    assert [(wish.text, wish.to) for wish in found] == [
        ("Make it shorter", (W,)),
        ("check the price.", (A,)),
        ("Don't promise a date", (R,)),
        ("add “It ships on Monday and Friday.”", (A,)),
    ]
    assert wishes.told("Shorter, and check the price. No promises.") == "the analyst, the writer and the reviewer"
    assert wishes.told("- shorter\n- friendlier") == "the writer"


def test_an_and_within_one_wish_cuts_nothing() -> None:
    assert [wish.text for wish in wishes.read("Please say that tea and coffee are both fine.")] == [
        "Please say that tea and coffee are both fine."
    ]


def test_a_policy_wish_that_asks_for_a_check_goes_to_both() -> None:
    assert wishes.read("Check whether our policy still says 30 days.")[0].to == (A, R)


@given(st.text(max_size=200))
def test_every_comment_has_a_wish_and_every_wish_an_agent(comment: str) -> None:
    found = wishes.read(comment)
    assert found and all(wish.to and set(wish.to) <= {A, W, R} for wish in found)
    assert sum(c.isalnum() for wish in found for c in wish.text) <= sum(c.isalnum() for c in comment)
