"""The history tells what was done to a ticket in sentences."""

import pytest

from pages.parts import history
from triage.models import AuditEvent, now

EVENTS = [
    ("tags", {"was": ["a", "b"], "to": ["b", "c"]}, "Nadia tagged it c and took off the tag a"),
    ("fields", {"was": {}, "to": {"serial_number": "A-17"}}, "Nadia filled in serial number: A-17"),
    ("macro_used", {"title": "Thanks {x}"}, "Nadia chose the macro “Thanks {x}”"),
    ("merged", {"into": 7}, "Nadia put it into #7"),
    ("priority", {"was": "low", "to": "high"}, "Nadia made its priority high instead of low"),
    ("scheduled", {"at": "2026-03-02T08:00:00+00:00"}, "Nadia chose 2 Mar 2026, 08:00 for sending"),
]


@pytest.mark.parametrize(("kind", "data", "sentence"), EVENTS)
def test_events_are_sentences(kind: str, data: dict[str, object], sentence: str) -> None:
    event = AuditEvent(at=now(), actor="user:1", kind=kind, data=data, previous_hash="", hash="")
    assert history.say(event, {1: "Nadia"}) == sentence


def test_a_rating_is_the_customers() -> None:
    event = AuditEvent(at=now(), actor="customer", kind="rated", data={"score": 2, "comment": "Slow"}, previous_hash="", hash="")
    assert history.say(event, {}) == "The customer rated it 2 of 5: Slow"
