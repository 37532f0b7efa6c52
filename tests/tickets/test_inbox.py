"""The queue: views, order, search, pages and counts, on both databases."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from tests import desks
from triage import seal
from triage.database import Database
from triage.errors import InputError
from triage.models import (
    Attachment,
    BlockedAction,
    Category,
    Customer,
    Decision,
    GuardVerdict,
    Incident,
    IncidentMember,
    Message,
    Order,
    Quarantine,
    Role,
    Run,
    SignOff,
    Status,
    Ticket,
    TicketTag,
    User,
    now,
)
from triage.tickets import inbox, presence, pulses, ticket_view, typed, work
from triage.tickets.inbox import View


def waiting(session: Session, subject: str, *, due: float = 60, **fields: object) -> Ticket:
    """A ticket whose draft waits; `due` in minutes from now."""
    ticket = desks.ticket(session, due_at=now() + timedelta(minutes=due), **fields)
    ticket.subject = subject
    status = ticket.status
    desks.waiting_draft(session, ticket)
    if status != Status.TRIAGING:
        ticket.status = status
    session.add(ticket)
    session.flush()
    return ticket


def subjects(session: Session, user: User, view: View = View.NEEDS, **asked: object) -> list[str]:
    return [row.subject for row in inbox.listing(session, user, view, **asked).rows]  # type: ignore[arg-type]


def test_most_pressing_first_and_risk_weighs(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        waiting(session, "calm, soon", due=60)
        waiting(session, "risky, later", due=180, risk="high")
        waiting(session, "calm, later", due=170)
        waiting(session, "overdue a bit", due=-5)
        waiting(session, "overdue and risky", due=-4, risk="high", priority="urgent")
        no_promise = waiting(session, "no promise")
        no_promise.due_at = None
        session.add(no_promise)
        assert subjects(session, nadia) == [
            "overdue and risky", "overdue a bit", "risky, later", "calm, soon", "calm, later", "no promise",
        ]  # fmt: skip


def test_views_and_counts_agree(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        waiting(session, "routine")
        waiting(session, "sensitive", approver="manager")
        waiting(session, "escalated", status=Status.ESCALATED)
        waiting(session, "mine", assignee_id=nadia.id)
        waiting(session, "sam's", assignee_id=sam.id)
        waiting(session, "later", snoozed_until=now() + timedelta(hours=1))
        waiting(session, "awake", snoozed_until=now() - timedelta(hours=1))
        waiting(session, "spam", status=Status.QUARANTINED)
        waiting(session, "broken", status=Status.FAILED)
        waiting(session, "done", status=Status.RESOLVED)
        desks.ticket(session, status=Status.RECEIVED)
        numbers = inbox.counts(session, nadia)
        for view, number in numbers.items():
            assert inbox.listing(session, nadia, view).total == number, view
            assert inbox.listing(session, nadia, view, numbers=numbers) == inbox.listing(session, nadia, view), view
        assert inbox.listing(session, nadia, find="is:escalated", numbers=numbers).total == 1
        assert inbox.arriving(session, nadia, total=numbers[View.WORKING]) == inbox.arriving(session, nadia)
        assert numbers[View.NEEDS] == 7 and numbers[View.UNASSIGNED] == 5
        assert set(subjects(session, nadia, View.MANAGER)) == {"sensitive", "escalated"}
        assert subjects(session, nadia, View.MINE) == ["mine"]
        assert subjects(session, nadia, View.SNOOZED) == ["later"] and subjects(session, nadia, View.QUARANTINED) == ["spam"]
        assert inbox.at_work(session) == 1 and inbox.arriving(session, nadia).total == 1
        assert subjects(session, nadia, View.RESOLVED) == ["done"] and inbox.listing(session, nadia, View.ALL).total == 11


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("DESCALER", True),
        ("priya", True),
        ("foam milk", True),
        ("foam nothing", False),
        ("100%", False),
        ("lf-10425", True),
        ("LF-1", False),
        ("  ", True),
    ],
)
def test_search(database: Database, find: str, found: bool) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        customer = Customer(external_id="C-1", name="Priya", email="priya@customer.example")
        session.add(customer)
        session.flush()
        session.add(Order(number="LF-10425", customer_id=customer.id or 0, status="sent", placed_at=now(), total="10"))
        waiting(session, "Which descaler?", body="It will not foam the milk.", customer_id=customer.id)
        assert bool(subjects(session, nadia, find=find)) is found


def test_search_by_number(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        waiting(session, "first")
        second = waiting(session, "second")
        assert subjects(session, nadia, find=f"#{second.id}") == ["second"] == subjects(session, nadia, find=str(second.id))


def test_pages(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        tickets = [waiting(session, f"t{number}", due=number + 1) for number in range(5)]
        page = inbox.listing(session, nadia, page=2, size=2)
        assert [row.subject for row in page.rows] == ["t2", "t3"] and (page.total, page.pages) == (5, 3)
        assert inbox.listing(session, nadia, page=99, size=2).page == 3
        numbers = [ticket.id or 0 for ticket in tickets]
        assert inbox.following(session, nadia, View.NEEDS, numbers[0]) == numbers[1]
        assert inbox.following(session, nadia, View.NEEDS, numbers[2], below=numbers[3:]) == numbers[3]
        assert inbox.following(session, nadia, View.NEEDS, numbers[4], below=[]) == numbers[0]


def test_what_somebody_else_has_open_comes_last(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        first, second, third = (waiting(session, f"t{number}", due=number + 1).id or 0 for number in range(3))
        work.claim(session, sam, second)
        session.flush()
        assert inbox.following(session, nadia, View.NEEDS, first, below=[second, third]) == third
        assert inbox.following(session, sam, View.NEEDS, first, below=[second, third]) == second
        work.claim(session, sam, third)
        session.flush()
        assert inbox.following(session, nadia, View.NEEDS, first) == second


def test_of_those_listed_alone_nothing_else_is_taken(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        pressing, listed = (waiting(session, f"t{number}", due=number + 1) for number in range(2))
        done = waiting(session, "done", status=Status.RESOLVED)
        assert work.take_next(session, nadia, View.ALL, 0, below=[done.id or 0], only=True) is None
        assert (pressing.claimed_by, listed.claimed_by, done.claimed_by) == (None, None, None)
        assert work.take_next(session, nadia, View.ALL, 0, below=[done.id or 0, listed.id or 0], only=True) == listed.id
        assert work.take_next(session, sam, View.ALL, 0, below=[listed.id or 0], only=True) == listed.id  # rather than nothing
        assert (pressing.claimed_by, listed.claimed_by) == (None, nadia.id)


def test_a_row_tells_what_stands_in_the_way(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        session.add(Category(slug="care", title="Care"))
        ticket = desks.ticket(session, category="care", claimed_by=sam.id, claimed_until=now() + timedelta(minutes=1))
        draft = desks.waiting_draft(session, ticket, sentences=[
            {"text": "a", "kind": "fact", "supported": True}, {"text": "b", "kind": "step", "supported": False},
            {"text": "c", "kind": "courtesy", "supported": True},
        ])  # fmt: skip
        session.add(BlockedAction(ticket_id=ticket.id or 0, action="issue_refund", rule="payments"))
        session.add(BlockedAction(ticket_id=ticket.id or 0, action="issue_refund", rule="payments", status="refused"))
        session.flush()
        (row,) = inbox.listing(session, nadia).rows
        assert (row.category, row.facts, row.unsupported, row.blocked, row.looking) == ("Care", 2, 1, 1, "Sam")
        assert row.draft_kind == draft.kind and inbox.listing(session, sam).rows[0].looking is None


def test_the_ticket_view_has_everything_and_its_pulse_beats(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = desks.ticket(session)
        first = desks.waiting_draft(session, ticket)
        desks.waiting_draft(session, ticket, body="Better.")
        view = ticket_view.load(session, ticket.id or 0)
        assert view.draft and view.draft.version == 2 and view.previous and view.previous.id == first.id
        assert view.letters[0].message.body == "How do I descale it?" and view.people[nadia.id or 0] == "Nadia"
        before = pulses.read(session, ticket.id or 0)
        desks.say(session, ticket, "One more thing")
        assert pulses.read(session, ticket.id or 0) != before
        with pytest.raises(InputError, match="no ticket 999"):
            ticket_view.load(session, 999)
        assert pulses.read(session, 999) == ()


def test_a_loaded_ticket_says_its_own_pulse(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        ticket = desks.ticket(session)
        desks.waiting_draft(session, ticket)
        number = ticket.id or 0

        def pulse() -> pulses.Pulse:
            view = ticket_view.load(session, number)
            changed = seal.changes(session, view.draft) if view.draft else []
            found = pulses.of(view, [*changed, seal.Change("rule", "a rule changed")], nadia.id)
            assert found == pulses.read(session, number, nadia.id)
            return found

        seen = [pulse()]
        for change in (
            lambda: work.claim(session, sam, number),
            lambda: presence.write(session, sam, number),
            lambda: work.note(session, sam, number, "Look at this."),
            lambda: session.add(
                SignOff(blocked_action_id=_blocked(session, number), user_id=sam.id or 0, granted=True, comment="Yes.")
            ),
            lambda: desks.say(session, ticket, "One more thing"),
        ):
            change()
            session.flush()
            seen.append(pulse())
        assert len(set(seen)) == len(seen)


def _blocked(session: Session, number: int) -> int:
    action = BlockedAction(ticket_id=number, action="issue_refund", rule="payments")
    session.add(action)
    session.flush()
    return action.id or 0


def test_what_few_tickets_have_is_loaded_when_it_is_there(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        ticket = desks.ticket(session)
        draft = desks.waiting_draft(session, ticket)
        number, message = ticket.id or 0, session.exec(select(Message)).one()
        plain = ticket_view.load(session, number)
        assert not any((plain.run, plain.decided, plain.dossiers, plain.quarantine, plain.tags, plain.verdicts, plain.writers))
        assert not any((plain.letters[0].attachments, plain.proposals, plain.in_incident, plain.typed))
        _blocked(session, number)
        incident = Incident(title="Outage")
        session.add_all([
            incident, Run(id="r", ticket_id=number, model="offline"), TicketTag(ticket_id=number, tag="vip"),
            Quarantine(ticket_id=number, reason="spam"), GuardVerdict(ticket_id=number, stage="input", rule="x", verdict="flag"),
            Attachment(message_id=message.id or 0, filename="a.txt", content_type="text/plain", size=1, sha256="0"),
            Decision(draft_id=draft.id or 0, ticket_id=number, episode_id=draft.episode_id, user_id=nadia.id or 0, kind="approve", seal="s"),
        ])  # fmt: skip
        session.flush()
        session.add(IncidentMember(incident_id=incident.id or 0, ticket_id=number))
        presence.write(session, nadia, number)
        typed.keep(session, nadia, number, typed.NOTE, "To be said")
        session.flush()
        view = ticket_view.load(session, number)
        assert view.run and view.decided and view.dossiers and view.quarantine and view.verdicts and view.letters[0].attachments
        assert view.tags == ["vip"] and view.writers == {nadia.id: "Nadia"} and view.in_incident and view.typed


def test_only_ones_own_opening_leaves_the_queue_as_it_was(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        ticket = desks.ticket(session)
        since = inbox.changes(session)
        assert inbox.opened_only(session, nadia, since) == (True, since)
        work.claim(session, nadia, ticket.id or 0)
        assert inbox.opened_only(session, nadia, since) == (True, inbox.changes(session))
        assert inbox.opened_only(session, sam, since) == (False, inbox.changes(session))
        work.assign(session, nadia, ticket.id or 0, nadia.id)
        assert inbox.opened_only(session, nadia, since) == (False, inbox.changes(session))


def test_what_only_a_manager_decides_stands_behind_for_staff(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        waiting(session, "sensitive, soon", due=5, approver="manager")
        waiting(session, "escalated, sooner", due=3, status=Status.ESCALATED)
        waiting(session, "routine, later", due=90)
        assert subjects(session, nadia) == ["routine, later", "escalated, sooner", "sensitive, soon"]
        assert subjects(session, sam) == ["escalated, sooner", "sensitive, soon", "routine, later"]


def test_among_all_tickets_what_waits_comes_first(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        for subject, age in (("long done", 40), ("just done", 1)):
            ticket = waiting(session, subject, due=-60 * 24 * age, status=Status.RESOLVED)
            ticket.updated_at = now() - timedelta(days=age)
            session.add(ticket)
        waits = waiting(session, "waits", due=60)
        pressing = waiting(session, "presses", due=20)
        assert subjects(session, nadia, View.ALL) == ["presses", "waits", "just done", "long done"]
        assert inbox.following(session, nadia, View.ALL, pressing.id or 0) == waits.id
        assert inbox.following(session, nadia, View.ALL, 0, below=[waits.id or 0]) == waits.id
        assert inbox.following(session, nadia, View.RESOLVED, pressing.id or 0) is None
