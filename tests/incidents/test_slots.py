"""Slots: filled from one's own record or ticket only, in one pass, and nothing is sent with a hole in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.briefs import CustomerCard, OrderCard
from triage.incidents import slots
from triage.models import Ticket

ORDER = OrderCard(number="KT-10001", status="shipped", placed="2026-11-01")


def source(
    name: str = "Priya Raman", said: str = "", *, customer: CustomerCard | None = None, language: str = "en"
) -> slots.Source:
    return slots.Source(Ticket(id=7, requester_name=name), said, customer, language)


def one(name: str, given_: slots.Source) -> str:
    return slots.values(given_, [name])[name]


def test_each_slot_takes_what_is_the_customers_own() -> None:
    card = CustomerCard(name="Priya Raman", machine="Kettle Duo, firmware 4.3", orders=[ORDER])
    known = source("someone else", "My order kt-10001 shows E7.", customer=card)
    assert slots.values(known, list(slots.SLOTS)) == {
        "name": "Priya", "full_name": "Priya Raman", "order": "KT-10001", "machine": "Kettle Duo", "code": "E7", "ticket": "#7",
    }  # fmt: skip
    assert one("name", source(language="de")) == "Priya Raman"
    assert one("order", source(said="about KT-10001 and KT-10002")) == "" and one("machine", source()) == ""


def test_an_order_of_somebody_else_is_not_taken() -> None:
    assert one("order", source(said="KT-99999", customer=CustomerCard(name="Priya", orders=[ORDER]))) == ""
    assert one("order", source(said="KT-99999")) == "KT-99999"  # their own words, shown to themselves


@pytest.mark.parametrize("name", ["", "x@y.example", "{{order}}", "<b>Bob</b>", "A" * 61, "Bob\nBcc: all", "[click](http://x)"])
def test_what_is_no_name_is_missing(name: str) -> None:
    assert "\n" not in one("name", source(name)) and not set("{}<>[]@") & set(one("name", source(name)))


def test_unknown_slots_and_open_braces_are_told() -> None:
    assert slots.problems("Hello {{ Name }}, {{order}}") == []
    assert "There is no detail {{adress}}" in slots.problems("{{adress}}")[0]
    assert len(slots.problems("Hello {{name}, bye")) == len(slots.problems("name}}")) == 1


@given(text=st.text(max_size=80), name=st.text(max_size=40), said=st.text(max_size=80))
def test_filling_never_brings_in_a_slot_or_a_new_line(text: str, name: str, said: str) -> None:
    given_ = slots.values(source(name, said), ["name", "order", "code"])
    filled = slots.fill(f"{{{{name}}}}|{{{{order}}}}|{text}", given_)
    assert filled.count("\n") == text.count("\n")
    assert slots.fill(filled, given_) == filled or slots.named(text)
    assert set(slots.named(filled)) <= set(slots.named(text)) | {name for name, value in given_.items() if not value}
