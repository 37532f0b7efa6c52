"""What people do with a ticket beside deciding it: every step is allowed, audited and refused when it makes no sense."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from tests import desks
from triage import audit
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError, TriageError
from triage.models import (
    AuditEvent,
    Draft,
    Episode,
    Message,
    Notification,
    PassageUse,
    Quarantine,
    Role,
    Run,
    Status,
    Ticket,
    User,
    clock_at,
    now,
)
from triage.tickets import work

NO_WORK: desks.Enqueued = []


def kinds(session: Session, ticket: Ticket) -> list[str]:
    return list(session.exec(select(AuditEvent.kind).where(AuditEvent.ticket_id == ticket.id).order_by(AuditEvent.id)))  # type: ignore[arg-type]


def waiting(session: Session, **fields: object) -> Ticket:
    ticket = desks.ticket(session, **fields)
    desks.waiting_draft(session, ticket)
    return ticket


def test_the_first_to_open_holds_the_ticket_for_a_while(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, name="Sam")
        ticket = waiting(session)
        assert work.claim(session, nadia, ticket.id or 0) is None and not work.claim_is_due(ticket, nadia)
        assert work.claim(session, sam, ticket.id or 0) == "Nadia" and ticket.claimed_by == nadia.id
        work.release(session, sam, ticket.id or 0)
        assert ticket.claimed_by == nadia.id
        with clock_at(now() + work.LOOKING + timedelta(seconds=1)):
            assert work.claim_is_due(ticket, sam) and work.claim(session, sam, ticket.id or 0) is None
        work.claim(session, sam, ticket.id or 0)
        work.release(session, sam, ticket.id or 0)
        assert ticket.claimed_by is None and kinds(session, ticket).count("opened") == 2


def test_giving_a_ticket_tells_the_person(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        ticket = waiting(session)
        work.assign(session, nadia, ticket.id or 0, nadia.id)
        assert session.exec(select(Notification)).all() == []
        work.assign(session, nadia, ticket.id or 0, sam.id)
        work.assign(session, nadia, ticket.id or 0, sam.id)
        note = session.exec(select(Notification)).one()
        assert note.user_id == sam.id and "Nadia gave you" in note.text
        assert session.get_one(Episode, ticket.episode_id).transfers == 1 and kinds(session, ticket).count("assigned") == 2
        sam.disabled_at = now()
        session.add(sam)
        with pytest.raises(InputError):
            work.assign(session, nadia, waiting(session).id or 0, sam.id)


def test_snooze_and_wake(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = waiting(session)
        for wrong in (now() - timedelta(minutes=1), now() + timedelta(days=91)):
            with pytest.raises(InputError):
                work.snooze(session, nadia, ticket.id or 0, wrong)
        work.snooze(session, nadia, ticket.id or 0, now() + timedelta(hours=4))
        work.snooze(session, nadia, ticket.id or 0, None)
        assert ticket.snoozed_until is None and kinds(session, ticket)[-2:] == ["snoozed", "woken"]
        at_work = desks.ticket(session, status=Status.TRIAGING)
        with pytest.raises(ConflictError):
            work.snooze(session, nadia, at_work.id or 0, now() + timedelta(hours=1))


def test_a_note_never_moves_the_thread(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = waiting(session)
        head = ticket.thread_head
        written = work.note(session, nadia, ticket.id or 0, "  call her at noon ")
        assert (written.direction, written.body, ticket.thread_head) == ("note", "call her at noon", head)
        with pytest.raises(InputError):
            work.note(session, nadia, ticket.id or 0, " \n ")


def test_staff_prepare_and_hand_over_what_managers_decide(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = waiting(session)
        draft = work.prepare(session, nadia, ticket.id or 0, "My own words.", "please check the amount")
        assert (draft.body, draft.approver, draft.version, ticket.approver) == ("My own words.", "manager", 2, "manager")
        assert "please check the amount" in draft.approver_reasons[-1]
        assert session.exec(select(Notification.role)).all() == [Role.MANAGER]
        other = waiting(session)
        work.hand_to_manager(session, nadia, other.id or 0)
        assert other.approver == "manager" and session.get_one(Draft, other.draft_id).approver == "staff"
        with pytest.raises(ConflictError):
            work.hand_to_manager(session, nadia, desks.ticket(session).id or 0)


def test_closing_a_sensitive_ticket_is_for_managers(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        routine, sensitive = waiting(session), waiting(session, approver="manager")
        work.resolve(session, nadia, routine.id or 0)
        assert routine.status == Status.RESOLVED and session.get_one(Draft, routine.draft_id).status == "superseded"
        with pytest.raises(AccessError):
            work.resolve(session, nadia, sensitive.id or 0)
        work.resolve(session, sam, sensitive.id or 0)
        assert session.get_one(Episode, sensitive.episode_id).resolution == "closed"


def test_quarantine_is_left_by_two_doors(database: Database) -> None:
    enqueued: desks.Enqueued = []
    with database.transaction() as session:
        nadia = desks.person(session)
        spam, fine = desks.ticket(session, status=Status.QUARANTINED), desks.ticket(session, status=Status.QUARANTINED)
        session.add(Quarantine(ticket_id=spam.id or 0, reason="spam"))
        work.dismiss(session, nadia, spam.id or 0)
        assert (spam.status, spam.reason) == (Status.RESOLVED, "dismissed")
        assert session.get_one(Episode, spam.episode_id).eligible is False
        work.let_in(session, nadia, desks.recorder_of(enqueued), fine.id or 0)
        assert fine.status == Status.RECEIVED and enqueued[0][0] == "triage"
        with pytest.raises(ConflictError):
            work.let_in(session, nadia, desks.recorder_of(enqueued), fine.id or 0)
        with pytest.raises(ConflictError):
            work.dismiss(session, nadia, fine.id or 0)


def test_only_what_failed_is_tried_again(database: Database) -> None:
    enqueued: desks.Enqueued = []
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = desks.ticket(session, status=Status.FAILED, error="gpt timed out")
        work.retry(session, nadia, desks.recorder_of(enqueued), ticket.id or 0)
        assert (ticket.status, ticket.error) == (Status.TRIAGING, None)
        assert session.exec(select(Run.cause)).one() == "retry" and len(enqueued) == 1
        with pytest.raises(ConflictError):
            work.retry(session, nadia, desks.recorder_of(enqueued), ticket.id or 0)


def test_a_source_is_rated_only_while_it_is_one(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = desks.ticket(session)
        draft = desks.waiting_draft(session, ticket, citations=[{"passage": "care#1", "article": "care", "version": 1}])
        work.rate_source(session, nadia, ticket.id or 0, "care#1", helpful=False)
        work.open_source(session, nadia, draft.id or 0, "care#1")
        assert kinds(session, ticket)[-1] == "source_rated"
        use = session.exec(select(PassageUse)).one()
        assert (use.passage, use.vote, use.opened, use.cited) == ("care#1", -1, True, True)
        with pytest.raises(InputError):
            work.rate_source(session, nadia, ticket.id or 0, "other#1", helpful=True)


STEPS: list[Callable[[Session, User, int], object]] = [
    work.claim,
    work.release,
    lambda s, u, t: work.assign(s, u, t, u.id),
    lambda s, u, t: work.snooze(s, u, t, now() + timedelta(hours=1)),
    lambda s, u, t: work.note(s, u, t, "hello"),
    lambda s, u, t: work.prepare(s, u, t, "hello"),
    lambda s, u, t: work.hand_to_manager(s, u, t),
    lambda s, u, t: work.resolve(s, u, t),
    lambda s, u, t: work.let_in(s, u, desks.recorder_of(NO_WORK), t),
    lambda s, u, t: work.dismiss(s, u, t),
    lambda s, u, t: work.retry(s, u, desks.recorder_of(NO_WORK), t),
    lambda s, u, t: work.rate_source(s, u, t, "a#1", helpful=True),
]


@pytest.mark.parametrize("step", STEPS)
def test_nobody_without_the_right_does_anything(database: Database, step: Callable[[Session, User, int], object]) -> None:
    with database.transaction() as session:
        gone = desks.person(session)
        gone.disabled_at = now()
        session.add(gone)
        ticket = waiting(session)
        events = len(session.exec(select(AuditEvent.id)).all())
        with pytest.raises(AccessError):
            step(session, gone, ticket.id or 0)
        gone.disabled_at = None
        with pytest.raises(TriageError, match="no ticket 999"):
            step(session, gone, 999)
        assert len(session.exec(select(AuditEvent.id)).all()) == events and not NO_WORK
        assert session.exec(select(Message.direction)).all() == ["in"] and audit.verify(session) is None
