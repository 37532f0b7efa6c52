"""A person's word on reviewer signals: off at first, only their own to change, gone when taken back."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from tests.desks import person
from triage.database import Database
from triage.errors import AccessError
from triage.models import AuditEvent, ReviewerConsent, Role, User, clock_at, now
from triage.reviewing import consent
from triage.reviewing.consent import Word


@pytest.fixture
def session(database: Database):  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        yield session


def test_nobody_has_signals_who_did_not_ask(session: Session) -> None:
    user = person(session)
    assert consent.word(session, user) == Word.OFF and consent.of(session, user) is None and consent.sharing(session) == []


def test_only_who_shares_is_seen_and_taking_it_back_counts_at_once(session: Session) -> None:
    nadia, marco = person(session), person(session, Role.MANAGER, "Marco")
    consent.say(session, nadia, Word.OWN)
    consent.say(session, marco, Word.SHARED)
    assert [one.name for one in consent.sharing(session)] == ["Marco"]
    consent.say(session, nadia, Word.SHARED)
    assert [one.name for one in consent.sharing(session)] == ["Marco", "Nadia"]
    for word in (Word.OWN, Word.SHARED, Word.OFF):
        consent.say(session, marco, word)
    assert [one.name for one in consent.sharing(session)] == ["Nadia"]
    nadia.disabled_at = now()
    session.add(nadia)
    assert consent.sharing(session) == []


def test_switched_off_and_on_they_begin_anew(session: Session) -> None:
    user, first = person(session), now()
    with clock_at(first):
        consent.say(session, user, Word.OWN)
    with clock_at(first + timedelta(days=1)):
        consent.say(session, user, Word.SHARED)
    kept = consent.of(session, user)
    assert kept and kept.since == first
    consent.say(session, user, Word.OFF)
    with clock_at(first + timedelta(days=2)):
        consent.say(session, user, Word.OWN)
    assert session.exec(select(ReviewerConsent.since)).one() == first + timedelta(days=2)


def test_each_change_of_the_word_is_on_record_once(session: Session) -> None:
    user = person(session)
    for word in (Word.OWN, Word.OWN, Word.SHARED, Word.OFF, Word.OFF):
        consent.say(session, user, word)
    events = session.exec(select(AuditEvent).where(AuditEvent.kind == "reviewer_signals").order_by(AuditEvent.id)).all()  # type: ignore[arg-type]
    assert [(event.actor, event.data) for event in events] == [
        (user.actor, {"was": "off", "to": "own"}),
        (user.actor, {"was": "own", "to": "shared"}),
        (user.actor, {"was": "shared", "to": "off"}),
    ]


def test_an_account_that_is_off_says_nothing(session: Session) -> None:
    user = person(session)
    user.disabled_at = now()
    session.add(user)
    session.flush()
    with pytest.raises(AccessError):
        consent.say(session, user, Word.OWN)
    with pytest.raises(AccessError):
        consent.say(session, User(email="x@desk.example", name="Gone"), Word.OWN)
