"""Finding incidents: what is one matter of several customers, and what is not."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from knowledge_base.embedding import embedder
from tests.incidents.conftest import Put
from tests.incidents.stories import OTHERS, OUTAGE, PEOPLE
from triage import audit, locks
from triage.incidents import finding, keeping
from triage.incidents.seen import embedded
from triage.incidents.seen import of as seen_of
from triage.incidents.watch import Watch
from triage.models import Incident, IncidentMember, Notification, Ticket, TicketVector, User, clock_at, now
from triage.office import Desk
from triage.sla import clocks, plan


def incidents(session: Session) -> dict[str, set[int]]:
    """The tickets of each incident that is not dissolved, by its title."""
    members = select(Incident, IncidentMember.ticket_id).join(IncidentMember).where(Incident.state != "dissolved", IncidentMember.out.is_(False))  # type: ignore[attr-defined,call-overload]  # fmt: skip
    found: dict[str, set[int]] = {}
    for incident, ticket in session.exec(members):
        found.setdefault(incident.title, set()).add(ticket)
    return found


def test_a_burst_is_proposed_once_and_the_rest_is_left_alone(desk: Desk, put: Put) -> None:
    hit = [put(name, body) for name, body in zip(PEOPLE, OUTAGE, strict=False)]
    for n, (category, body) in enumerate(OTHERS):
        put(f"Other{n}", body, category=category)
    assert finding.find(desk) == "0 tickets joined, 1 incidents proposed"
    with desk.database.read() as session:
        (members,) = incidents(session).values()
        incident = session.exec(select(Incident)).one()
        assert members == set(hit) and incident.state == "proposed" and incident.burst
        assert "hardly any ticket of this category is usual in 12 hours" in incident.why
        assert "4 customers wrote about the same" in incident.why
        assert [note.kind for note in session.exec(select(Notification))] == ["incident"]
        assert len(session.exec(select(TicketVector)).all()) == len(hit) + len(OTHERS)
    assert finding.find(desk) == "0 tickets joined, 0 incidents proposed"


def test_a_later_report_joins_and_another_matter_does_not(desk: Desk, put: Put) -> None:
    for name, body in zip(PEOPLE, OUTAGE, strict=False):
        put(name, body)
    finding.find(desk)
    late = put("Edith", "Your app has been unable to reach the service all day, my kettle is offline. Outage?")
    put("Faisal", "Where is my parcel?", category="orders")
    assert finding.find(desk) == "1 tickets joined, 0 incidents proposed"
    with desk.database.read() as session:
        (members,) = incidents(session).values()
        assert late in members and len(members) == 5


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_one_customer_writing_often_is_no_incident(desk: Desk, put: Put) -> None:
    for body in OUTAGE:
        put("Anna", body)
    finding.find(desk)
    with desk.database.read() as session:
        assert incidents(session) == {}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_was_written_long_ago_is_no_burst(desk: Desk, put: Put) -> None:
    with clock_at(now() - timedelta(hours=desk.settings.incident_hours + 1)):
        for name, body in zip(PEOPLE, OUTAGE[:2], strict=False):
            put(name, body)
    for name, body in zip(PEOPLE[2:], OUTAGE[2:], strict=False):
        put(name, body)
    finding.find(desk)
    with desk.database.read() as session:
        assert incidents(session) == {}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_different_error_codes_are_different_matters(desk: Desk, put: Put) -> None:
    for code, name in zip(("E3", "E3", "E3", "E9"), PEOPLE, strict=False):
        put(
            name, f"Error {code} on my kettle. The kettle shows {code} and does not heat since this morning.", category="cleaning"
        )
    finding.find(desk)
    with desk.database.read() as session:
        incident = session.exec(select(Incident)).one()
        assert "name the code E3" in incident.why and len(next(iter(incidents(session).values()))) == 3


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_the_clock_writes_to_the_audit_log_when_it_waits_for_no_ticket_any_more(desk: Desk, put: Put) -> None:
    """Otherwise who holds a ticket of the second proposal, and then writes to the log, would wait for ever: a deadlock."""
    for n in range(5):
        put(f"Writer{n}", "Error E3 on my kettle. It shows E3 and does not heat since this morning.", category="cleaning")
    for name, body in zip(PEOPLE, OUTAGE, strict=False):
        last = put(name, body)
    with desk.database.read() as session:
        seen = seen_of(session, list(session.exec(select(Ticket))))
    embedded(desk, seen)  # which waits for held tickets by itself
    with ThreadPoolExecutor(1) as pool:
        with desk.database.transaction() as session:
            assert locks.ticket(session, last)
            look = pool.submit(finding.find, desk)
            while not look.done() and not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                time.sleep(0.01)
            audit.append(session, "status", actor="user:1", ticket_id=last)
        assert look.result(30) == "0 tickets joined, 2 incidents proposed"


def test_what_people_did_stays(desk: Desk, put: Put, staff: User) -> None:
    numbers = [put(name, body) for name, body in zip(PEOPLE, OUTAGE, strict=False)]
    finding.find(desk)
    with desk.database.transaction() as session:
        incident = session.exec(select(Incident)).one()
        keeping.take_out(session, staff, incident.id or 0, numbers[0])
    finding.find(desk)
    with desk.database.transaction() as session:
        assert incidents(session) == {incident.title: set(numbers[1:])}
        keeping.dissolve(session, staff, incident.id or 0)
    put("Edith", OUTAGE[0])
    finding.find(desk)
    with desk.database.read() as session:
        assert incidents(session) == {}


@given(count=st.integers(1, 60), usual=st.floats(0, 50))
def test_more_of_the_same_is_never_less_of_a_burst(count: int, usual: float) -> None:
    assert not finding.is_burst(count, usual) or finding.is_burst(count + 1, usual)
    assert not (count <= usual and finding.is_burst(count, usual))


def test_arrivals_of_one_matter_ask_for_a_look_without_embedding_anything_new() -> None:
    class Counting:
        name, made = "counting", list[str]()

        def encode(self, texts: list[str]):  # type: ignore[no-untyped-def]
            self.made += texts
            return embedder().encode(texts)

    watch = Watch(Counting())
    told = []
    for number, body in enumerate([*OUTAGE, "Where is my parcel?"]):
        watch.heard(number, body)
        told.append(watch.arrived(number, f"c{number}@customer.example"))
    assert told == [False, False, True, True, False]
    assert not watch.arrived(99, "x@customer.example")  # no run of this process embedded it
    assert Counting.made == [*OUTAGE, "Where is my parcel?"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_looks_within_one_stretch_are_one_piece_of_work(desk: Desk) -> None:
    asked = []
    with desk.database.transaction() as session:
        for _ in range(3):
            finding.look(session, lambda _s, kind, key, *args, delay=0.0: asked.append((kind, key, args)))
    assert len(set(asked)) <= 2 and asked[0][0] == "chore" and asked[0][2] == ("incidents",)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_few_tickets_of_a_busy_category_are_no_incident(desk: Desk, put: Put) -> None:
    for day in range(1, 25):
        with clock_at(now() - timedelta(days=day)):
            for n in range(4):
                put(f"Before{day}x{n}", "Where is my parcel?")
    for name, body in zip(PEOPLE, OUTAGE, strict=False):
        put(name, body)
    finding.find(desk)
    with desk.database.read() as session:
        assert incidents(session) == {}
    for n, body in enumerate(OUTAGE):
        put(f"More{n}", body)
    finding.find(desk)
    with desk.database.read() as session:
        assert session.exec(select(Incident)).one().burst


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_proposal_that_nobody_takes_up_goes_by_itself(desk: Desk, put: Put) -> None:
    for name, body in zip(PEOPLE, OUTAGE, strict=False):
        put(name, body)
    finding.find(desk)
    with clock_at(now() + finding.UNTAKEN + timedelta(minutes=1)):
        finding.find(desk)
    with desk.database.read() as session:
        assert session.exec(select(Incident)).one().state == "dissolved"


def test_what_the_clock_adds_to_a_confirmed_incident_is_held_with_it(desk: Desk, put: Put, staff: User) -> None:
    with desk.database.transaction() as session:
        plan.kept(session, plan.default().model_copy(update={"pause_incident": True}), user_id=None)
    for name, body in zip(PEOPLE, OUTAGE, strict=False):
        put(name, body)
    finding.find(desk)
    early = _late_report(desk, put, "Edith")
    finding.find(desk)
    with desk.database.transaction() as session:
        assert not session.get_one(Ticket, early).paused  # nobody has confirmed it yet
        keeping.confirm(session, staff, session.exec(select(Incident)).one().id or 0)
    late = _late_report(desk, put, "Faisal")
    assert finding.find(desk) == "1 tickets joined, 0 incidents proposed"
    with desk.database.read() as session:
        assert [session.get_one(Ticket, number).paused for number in (early, late)] == [clocks.INCIDENT] * 2
        assert session.get_one(Ticket, late).due_at is None


def _late_report(desk: Desk, put: Put, name: str) -> int:
    """One more report of the outage, whose clocks run."""
    number = put(name, "Your app has been unable to reach the service all day, my kettle is offline. Outage?")
    with desk.database.transaction() as session:
        clocks.begin(session, session.get_one(Ticket, number), now())
    return number
