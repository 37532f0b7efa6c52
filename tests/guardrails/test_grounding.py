"""Whether a sentence stands in its sources."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.briefs import Evidence, Sentence
from triage.guardrails.exact import missing
from triage.guardrails.grounding import supports
from triage.guardrails.output import support_of

PASSAGES = [
    Evidence(
        id="pairing#1",
        article="pairing",
        version=1,
        title="Pair the machine",
        text="Hold the steam and power buttons for 5 seconds until the ring blinks blue. The machine works with 2.4 GHz networks only. Visit https://larkfield.example/pairing for pictures.",
    ),
    Evidence(
        id="returns#1",
        article="returns",
        version=2,
        title="Returns",
        text="You can return a machine within 30 days of delivery. The label costs €7.50 outside NL, BE and DE. Beans that were opened cannot be returned. Repairs take ten working days.",
    ),
    Evidence(
        id="offer#1",
        article="offer",
        version=1,
        title="Spring offer",
        text="The offer ends on 3 May 2026. Subscribers may pause a delivery twice a year. Every order must be paid before it is sent. The grinder is usually in stock. Gift cards cannot be exchanged unless they were damaged. Deliveries go out with PostNL and cost $12 abroad.",
    ),
    Evidence(
        id="rueckgabe#1",
        article="rueckgabe",
        version=1,
        title="Rückgabe",
        language="de",
        text="Sie können die Maschine innerhalb von 30 Tagen zurückgeben. Geöffnete Bohnen nehmen wir nicht zurück.",
    ),
]


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Please hold the power and steam buttons for five seconds until the ring blinks blue.", "pairing#1"),
        ("Your machine only works with 2.4 GHz networks.", "pairing#1"),
        ("A machine can be returned within 30 days of delivery.", "returns#1"),
        ("Outside NL, BE and DE the label costs 7.50 €.", "returns#1"),
        ("Opened beans cannot be returned.", "returns#1"),
        ("A repair takes 10 working days.", "returns#1"),
        ("There are pictures at https://larkfield.example/pairing.", "pairing#1"),
        ("The offer ends on May 3rd, 2026.", "offer#1"),
        ("The offer ends on 03/05/2026.", "offer#1"),
        ("The offer ends on 3 May.", "offer#1"),
        ("Subscribers can pause a delivery twice a year.", "offer#1"),
        ("Gift cards cannot be exchanged unless they were damaged.", "offer#1"),
        ("Deliveries go out with PostNL.", "offer#1"),
        ("Subscribers may pause a delivery twice a year, on a Tuesday for example.", "offer#1"),
        ("Die Maschine können Sie innerhalb von 30 Tagen zurückgeben.", "rueckgabe#1"),
    ],
)
def test_what_the_source_says_is_supported(sentence: str, passage: str) -> None:
    support = supports(sentence, PASSAGES)
    assert support.supported, support.why
    assert support.passage == passage


@pytest.mark.parametrize(
    "sentence",
    [
        "Your machine works with 5 GHz networks.",
        "The machine does not work with 2.4 GHz networks.",
        "A machine can be returned within 60 days of delivery.",
        "Opened beans can be returned.",
        "The label costs €9.50 outside NL, BE and DE.",
        "Hold the buttons for 30 seconds until the ring blinks blue.",
        "See https://larkfield.example/refunds for pictures.",
        "The grinder has conical burrs of hardened steel.",
        "Geöffnete Bohnen nehmen wir zurück.",
        "Error E9 means that the ring blinks blue.",
        "The offer ends on 4 May 2026.",
        "The offer ends on 3 May 2027.",
        "The offer ends on 03/06/2026.",
        "Subscribers must pause a delivery twice a year.",
        "Every order may be paid before it is sent.",
        "The grinder is always in stock.",
        "Gift cards cannot be exchanged.",
        "Deliveries go out with Hermes.",
        "Deliveries cost €12 abroad.",
    ],
)
def test_what_the_source_does_not_say_is_unsupported(sentence: str) -> None:
    support = supports(sentence, PASSAGES)
    assert not support.supported
    assert support.score < 0.8
    assert support.why


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("The offer ends on 4 May 2026.", "4 may 2026"),
        ("Deliveries go out with Hermes.", "Hermes"),
        ("Deliveries cost €12 abroad.", "12 EUR"),
        ("Subscribers must pause a delivery twice a year.", "“must”, the source only “may”"),
        ("Gift cards cannot be exchanged.", "condition (“unless …”)"),
    ],
)
def test_the_reason_names_what_disagrees(sentence: str, said: str) -> None:
    assert said in supports(sentence, PASSAGES).why


@given(st.dates(min_value=date(2001, 1, 1), max_value=date(2098, 12, 31)), st.data())
def test_a_day_is_the_same_in_every_written_form(day: date, data: st.DataObject) -> None:
    forms = [
        f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}", f"{day.day}. {day:%b} {day.year}", day.isoformat(),
        f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day:%d.%m.%y}",
    ]  # fmt: skip
    one, two = data.draw(st.sampled_from(forms)), data.draw(st.sampled_from(forms))
    assert missing(f"It ends on {one}", [f"The offer ends on {two}."]) == []
    assert missing(
        f"It ends on {day.replace(year=day.year + 1).strftime('%d %B %Y') if day.day < 29 else '1 July 1999'}",
        [f"It ends on {two}."],
    )


def test_without_sources_nothing_is_supported_but_courtesy() -> None:
    assert not supports("The machine has two boilers.", []).supported
    assert supports("We are here for you.", []).supported


def test_facts_about_the_customer_count_as_sources() -> None:
    assert supports(
        "Order LF-10293 was dispatched with PostNL.", [], ["Order LF-10293 status dispatched, carrier PostNL."]
    ).supported
    assert not supports(
        "Order LF-10294 was dispatched with PostNL.", [], ["Order LF-10293 status dispatched, carrier PostNL."]
    ).supported


def test_a_sentence_is_judged_quickly() -> None:
    supports("warm up", PASSAGES)
    started = time.process_time()
    for number in range(200):
        supports(f"Please hold the power and steam buttons for five seconds until ring {number} blinks blue.", PASSAGES)
    assert (time.process_time() - started) / 200 < 0.002, "0.5 ms is the aim; the rest leaves room for slow machines"


def test_only_the_clause_that_is_denied_is_held_against_a_denial() -> None:
    source = Evidence(
        id="x#0", article="x", version=1, title="",
        text="The kettle boils in four minutes, but it does not keep water warm. You don't have to pay for a repair.",
    )  # fmt: skip
    assert supports("The kettle boils in four minutes.", [source]).supported
    assert not supports("The kettle does not boil in four minutes.", [source]).supported
    assert not supports("It does keep water warm.", [source]).supported


def test_words_of_courtesy_may_use_names_that_no_source_has() -> None:
    sentence = Sentence(text="I am glad that Rosalind could help you on 3 May 2026.", kind="courtesy", passages=[])
    assert support_of(sentence, PASSAGES).supported
    assert not support_of(sentence.model_copy(update={"kind": "fact"}), PASSAGES).supported
