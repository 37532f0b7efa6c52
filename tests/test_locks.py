"""One order of locks on PostgreSQL: the ticket first, then what belongs to it, the audit log's chain last."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from tests.desks import person, recorder_of, ticket, waiting_draft
from triage import approval, audit, chores, locks, ratings, workspace
from triage.database import Database
from triage.errors import TriageError
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import CsatRequest, DecisionKind, Episode, Status, Ticket, now
from triage.ratings import links
from triage.settings import Settings
from triage.tickets import work


def until(met: Callable[[], bool], what: str) -> None:
    """Wait for it, at most twenty seconds."""
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def _beside(
    database: Database, first: Callable[[Session, Callable[[], None]], Any], second: Callable[[Session], Any]
) -> list[BaseException]:
    """Run both at once: `first` holds its transaction open, at the place where it calls what it is given, until `second` waits or is done."""
    begun, over = threading.Event(), threading.Event()
    broken: list[BaseException] = []

    def halfway() -> None:
        begun.set()
        over.wait(1.0)  # on SQLite, and where the second has to wait for the first, nobody comes

    def run(what: Callable[[Session], Any]) -> None:
        try:
            database.run_now(what)
        except BaseException as error:
            broken.append(error)
        finally:
            begun.set()

    def beside(session: Session) -> None:
        begun.wait(20)
        second(session)

    threads = [
        threading.Thread(target=run, args=(lambda session: first(session, halfway),)),
        threading.Thread(target=lambda: (run(beside), over.set())),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return broken


def test_a_message_and_a_colleague_at_once_do_not_wait_for_each_other(database: Database, settings: Settings) -> None:
    """A customer's answer wrote its audit event before it changed the ticket; whoever had the ticket waited for that event."""
    with database.transaction() as session:
        user = person(session)
        number = ticket(session, status=Status.DELIVERED).id or 0
    incoming = Incoming(
        channel="email",
        source_id="m-2",
        subject=f"Re: [#{number}]",
        body="It still leaks.",
        sender_email="priya@customer.example",
        ticket_id=number,
    )

    def take_in(session: Session, halfway: Callable[[], None]) -> None:
        receive(session, incoming, settings, enqueue=lambda *_: halfway())

    assert _beside(database, take_in, lambda session: work.assign(session, user, number, user.id)) == []
    with database.read() as session:
        row = session.get_one(Ticket, number)
        assert (row.status, row.assignee_id) == (Status.REOPENED, user.id)


def test_a_chore_and_a_colleague_at_once_do_not_wait_for_each_other(database: Database) -> None:
    """The chore had the chain of the audit log when it came to write the ticket; the colleague had them the other way round."""
    with database.transaction() as session:
        user = person(session)
        row = ticket(session, status=Status.DELIVERED)
        number, row.updated_at = row.id or 0, now() - 2 * chores.SILENCE

    def resolve(session: Session, halfway: Callable[[], None]) -> None:
        chores.assume_resolved(session)
        halfway()

    assert _beside(database, resolve, lambda session: work.assign(session, user, number, user.id)) == []
    with database.read() as session:
        row = session.get_one(Ticket, number)
        assert (row.status, row.assignee_id) == (Status.RESOLVED, user.id)


def test_whoever_changes_a_ticket_before_it_is_written_has_it_before_the_chain(database: Database) -> None:
    with database.transaction() as session:
        user, number = person(session), ticket(session).id or 0

    def change(session: Session, halfway: Callable[[], None]) -> None:
        row = session.get_one(Ticket, number)
        row.subject = "Another"
        audit.append(session, "test", actor="test", ticket_id=number)
        halfway()

    assert _beside(database, change, lambda session: work.assign(session, user, number, user.id)) == []


def test_a_decision_and_another_reply_at_once_do_not_wait_for_each_other(database: Database, settings: Settings) -> None:
    """One had the draft and wanted the ticket, the other had the ticket and wanted the draft; both wait for a third here."""
    with database.transaction() as session:
        user = person(session)
        row = ticket(session)
        draft = waiting_draft(session, row)
        number, seal, draft_id = row.id or 0, draft.seal, draft.id or 0
    enqueue = recorder_of([])

    def decide(session: Session) -> None:
        approval.decide(session, enqueue, settings, user, draft_id, kind=DecisionKind.APPROVE, seal=seal)

    broken: list[BaseException] = []
    threads: list[threading.Thread] = []
    with database.transaction() as session:
        locks.ticket(session, number)
        for waiting, what in enumerate((lambda other: work.prepare(other, user, number, "My own words."), decide), start=1):
            threads.append(threading.Thread(target=_kept, args=(database, what, broken)))
            threads[-1].start()
            until(lambda count=waiting: _waiting(database) >= count, "a transaction that waits")
    for thread in threads:
        thread.join(60)
    assert all(isinstance(error, TriageError) for error in broken), broken  # the second is told that the first was faster
    assert len(broken) <= 1


def test_a_low_rating_and_the_customers_own_word_reopen_a_ticket_once(database: Database, settings: Settings) -> None:
    """The rating read the ticket without holding it, and opened again what the customer's message had opened meanwhile."""
    with database.transaction() as session:
        workspace.put(session, "low_rating_reopens", True, user_id=person(session).id or 0)
        row = ticket(session, status=Status.RESOLVED)
        number = row.id or 0
        request = CsatRequest(
            episode_id=row.episode_id or 0, ticket_id=number, status="sent", recipient=row.requester_email, sent_at=now(),
            expires_at=now() + timedelta(days=1),
        )  # fmt: skip
        session.add(request)
        session.flush()
        link, request.token_hash = links.new(settings, request.id or 0)
    incoming = Incoming(
        channel="email", source_id="m-3", subject=f"Re: [#{number}]", body="It still leaks.",
        sender_email="priya@customer.example", ticket_id=number,
    )  # fmt: skip

    def take_in(session: Session, halfway: Callable[[], None]) -> None:
        receive(session, incoming, settings, enqueue=lambda *_: halfway())

    assert not _beside(database, take_in, lambda session: ratings.answer(session, settings, link, 1))
    with database.read() as session:
        assert session.get_one(Ticket, number).status == Status.REOPENED
        assert (
            len(session.exec(select(Episode).where(Episode.ticket_id == number)).all()) == 1
        )  # a second one, escalated, was begun


def _kept(database: Database, what: Callable[[Session], Any], broken: list[BaseException]) -> None:
    try:
        database.run_now(what)
    except BaseException as error:
        broken.append(error)


def _waiting(database: Database) -> int:
    """How many of the database's connections wait for a lock; SQLite's writers queue outside it."""
    if database.is_sqlite:
        return 2
    count = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with database.engine.connect() as connection:
        return int(connection.execute(text(count)).scalar() or 0)
