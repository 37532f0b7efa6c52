"""What people do with incidents: a ticket is in one at most, and what is over stays as it is."""

import pytest
from sqlmodel import Session, select

from tests import desks
from tests.incidents.stories import PEOPLE
from triage import audit
from triage.chores import assume_resolved
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.incidents import keeping
from triage.models import Incident, IncidentMember, Role, Status, Ticket, User, clock_at, now
from triage.sla import clocks, plan


def members(session: Session, incident: Incident) -> set[int]:
    rows = select(IncidentMember.ticket_id).where(IncidentMember.incident_id == incident.id, IncidentMember.out.is_(False))  # type: ignore[attr-defined]  # fmt: skip
    return set(session.exec(rows))


def tickets(session: Session, count: int = 4) -> list[int]:
    return [desks.ticket(session, email=f"{name}@customer.example").id or 0 for name in PEOPLE[:count]]


def test_split_and_merge_move_tickets_and_keep_each_in_one(database: Database) -> None:
    with database.transaction() as session:
        user, numbers = desks.person(session), tickets(session)
        first = keeping.start(session, user, numbers, "First")
        second = keeping.split(session, user, first.id or 0, numbers[:2], "Second")
        assert (members(session, first), members(session, second)) == (set(numbers[2:]), set(numbers[:2]))
        for wrong in ([], numbers, [99]):
            with pytest.raises(InputError):
                keeping.split(session, user, first.id or 0, wrong, "No")
        keeping.merge(session, user, first.id or 0, second.id or 0)
        assert members(session, first) == set(numbers) and session.get_one(Incident, second.id).state == "dissolved"
        with pytest.raises(InputError):
            keeping.merge(session, user, first.id or 0, first.id or 0)
        assert audit.verify(session) is None


def test_names_states_and_strangers(database: Database) -> None:
    with database.transaction() as session:
        user, numbers = desks.person(session), tickets(session)
        incident = keeping.start(session, user, numbers)
        number = incident.id or 0
        keeping.rename(session, user, number, "  Service   outage ")
        assert incident.title == "Service outage"
        with pytest.raises(InputError):
            keeping.rename(session, user, number, " ")
        keeping.take_out(session, user, number, numbers[0])
        with pytest.raises(ConflictError):
            keeping.take_out(session, user, number, numbers[0])
        keeping.add(session, user, number, numbers[0])
        assert members(session, incident) == set(numbers)
        gone = desks.person(session, Role.ADMIN, "Olda")
        gone.disabled_at = now()
        with pytest.raises(AccessError):
            keeping.dissolve(session, gone, number)
        keeping.end(session, user, number)
        for late in (keeping.confirm, keeping.dissolve, keeping.end):
            with pytest.raises(ConflictError, match="over already"):
                late(session, user, number)


def test_answered_tickets_of_an_open_incident_wait_for_its_end(database: Database) -> None:
    with database.transaction() as session:
        user, numbers = desks.person(session), tickets(session, 2)
        for number in numbers:
            session.get_one(Ticket, number).status = Status.DELIVERED
        incident = keeping.start(session, user, numbers[:1])
    with clock_at(now().replace(year=now().year + 1)), database.transaction() as session:
        assume_resolved(session)
        assert [session.get_one(Ticket, number).status for number in numbers] == [Status.DELIVERED, Status.RESOLVED]
        keeping.end(session, session.get_one(User, user.id), incident.id or 0)
        assume_resolved(session)
        assert session.get_one(Ticket, numbers[0]).status == Status.RESOLVED


def test_a_ticket_in_quarantine_is_not_put_in(database: Database) -> None:
    with database.transaction() as session:
        user, numbers = desks.person(session), tickets(session)
        incident = keeping.start(session, user, numbers[:1])
        session.get_one(Ticket, numbers[1]).status = Status.QUARANTINED
        with pytest.raises(ConflictError, match="quarantine"):
            keeping.add(session, user, incident.id or 0, numbers[1])


def test_an_incident_holds_the_clocks_of_its_tickets_where_the_plan_says_so(database: Database) -> None:
    with database.transaction() as session:
        plan.kept(session, plan.default().model_copy(update={"pause_incident": True}), user_id=None)
        user, rows = desks.person(session), [desks.ticket(session, email=f"{n}@customer.example") for n in range(3)]
        for row in rows:
            clocks.begin(session, row, now())
        incident = keeping.start(session, user, [row.id or 0 for row in rows[:2]], "Down")
        keeping.add(session, user, incident.id or 0, rows[2].id or 0)
        assert [row.paused for row in rows] == ["incident"] * 3 and rows[0].due_at is None
        keeping.take_out(session, user, incident.id or 0, rows[0].id or 0)
        assert [row.paused for row in rows] == ["", "incident", "incident"]
        rows[1].status = Status.DELIVERED
        keeping.end(session, user, incident.id or 0)
        assert [row.paused for row in rows] == ["", "customer", ""]
