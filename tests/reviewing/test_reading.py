"""Approvals faster than reading: what reading takes, which approvals count, and whose."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from tests.desks import person, ticket, waiting_draft
from triage import approval
from triage.asking import running
from triage.database import Database
from triage.models import Batch, BatchMember, Decision, DecisionKind, Draft, ReviewerConsent, Ticket, User, clock_at, now
from triage.reviewing import reading
from triage.settings import Settings

SIXTY = " ".join(["word"] * 60)  # 12 seconds at 300 words a minute


@pytest.fixture
def session(database: Database):  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        yield session


def decide(
    session: Session, settings: Settings, user: User, seconds: float | None, kind: DecisionKind = DecisionKind.APPROVE, **fields: Any
) -> Decision:  # fmt: skip
    """A decision on a draft of sixty words that answers a message of sixty words."""
    row = ticket(session, body=SIXTY)
    draft = waiting_draft(session, row, body=SIXTY, sentences=[], **fields)
    return approval.decide(
        session, lambda *_, **__: None, settings, user, draft.id or 0, kind=kind, seal=draft.seal, reason="other", active_seconds=seconds
    )  # fmt: skip


def consented(session: Session, user: User) -> ReviewerConsent:
    consent = ReviewerConsent(user_id=user.id or 0, since=now() - timedelta(days=60))
    session.add(consent)
    session.flush()
    return consent


def test_words_of_any_script() -> None:
    assert reading.words("It's on 3.5 bar, see shop.example/e7 or mail a@b.example.") == 9
    assert reading.words("Überprüfen Sie die Größe") == 4
    assert reading.words("請重新啟動機器") == 3.5
    assert reading.words("E7 エラー") == 2.5
    assert reading.words("재시작 하세요") == 2
    assert reading.words("... – \n\n") == 0
    assert reading.seconds(SIXTY, SIXTY) == 24


@given(st.text(), st.text())
def test_more_text_never_takes_less_time(one: str, other: str) -> None:
    assert reading.seconds(one, other) == pytest.approx(reading.seconds(one) + reading.seconds(other))
    assert reading.words(f"{one} {other}") >= max(reading.words(one), reading.words(other))


def test_message_and_draft_both_have_to_be_read(session: Session, settings: Settings) -> None:
    user = person(session)
    decide(session, settings, user, 23.9)
    decide(session, settings, user, 24.0)
    found = reading.of(session, consented(session, user))
    assert (found.figure.numerator, found.figure.denominator, found.figure.enough) == (1, 2, False)
    assert [(one.took, one.needed, one.subject) for one in found.fast] == [(23.9, 24.0, "Descaling")]


def test_what_the_customer_wrote_after_the_decision_had_not_to_be_read(session: Session, settings: Settings) -> None:
    from tests.desks import say

    user = person(session)
    decision = decide(session, settings, user, 24.0)
    with clock_at(now() + timedelta(hours=1)):
        say(session, session.get_one(Ticket, decision.ticket_id), " ".join([SIXTY] * 9))
    assert reading.of(session, consented(session, user)).fast == []


def test_only_what_a_person_read_for_the_first_time_and_by_itself_counts(session: Session, settings: Settings) -> None:
    user, other = person(session), person(session, name="Tom")
    decide(session, settings, user, None)
    decide(session, settings, user, 1.0, DecisionKind.REJECT)
    decide(session, settings, other, 1.0)
    decide(session, settings, user, 1.0, created_by=other.actor)
    undone = decide(session, settings, user, 1.0)
    approval.undo(session, user, undone.id or 0)
    later = decide(session, settings, user, 1.0)
    again = session.get_one(Draft, later.draft_id)
    again.version = 2
    together = decide(session, settings, user, 1.0)
    batch = Batch(user_id=user.id or 0)
    session.add_all([again, batch])
    session.flush()
    member = BatchMember(
        batch_id=batch.id or 0, ticket_id=together.ticket_id, draft_id=together.draft_id, seal="", decision_id=together.id
    )
    copy = session.get_one(Ticket, decide(session, settings, user, 1.0).ticket_id)
    copy.training = True
    session.add_all([member, copy])
    session.flush()
    assert reading.of(session, consented(session, user)).figure.denominator == 0


def test_what_was_before_the_consent_or_long_ago_does_not_count(session: Session, settings: Settings) -> None:
    user, today = person(session), now()
    for days in (40, 20, 5):
        with clock_at(today - timedelta(days=days)):
            decide(session, settings, user, 1.0)
    consent = consented(session, user)
    assert reading.of(session, consent).figure.denominator == 2
    consent.since = today - timedelta(days=10)
    assert reading.of(session, consent).figure.denominator == 1


def test_questions_in_words_get_the_times_of_those_who_share_them(database: Database, settings: Settings) -> None:
    def asked() -> tuple[object, ...]:
        sql = "select count(*), count(review_seconds) from ask_drafts where decided = 1"
        [row] = running.run(database, sql, ZoneInfo("UTC")).rows
        return row

    with database.transaction() as session:
        user, other = person(session), person(session, name="Tom")
        for one in (user, other):
            decide(session, settings, one, 30.0)
        kept = consented(session, user)
    assert asked() == (2, 0)
    with database.transaction() as session:
        kept = session.get_one(ReviewerConsent, kept.user_id)
        kept.shared = True
        session.add(kept)
    assert asked() == (2, 1)
