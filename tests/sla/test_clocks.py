"""The clocks of a ticket through its life, and what people hear of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from tests.desks import person, say, ticket, waiting_draft
from triage import audit, replies, teams
from triage.database import Database
from triage.models import AuditEvent, Draft, Episode, Notification, Priority, Role, Status, Team, Ticket, clock_at, now
from triage.sla import clocks, plan, reading, retargeting, watching
from triage.sla.plan import Plan, Step
from triage.transitions import move

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Amsterdam; the desk is open until 18:00


@pytest.fixture
def monday() -> Iterator[None]:
    with clock_at(MONDAY):
        yield


def hours(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


def asked(session: Session, **fields: object) -> Ticket:
    """A ticket whose clocks run since Monday morning."""
    with clock_at(MONDAY):
        row = ticket(session, **fields)
        clocks.begin(session, row, MONDAY)
        episode = session.get_one(Episode, row.episode_id)
        episode.started_at, episode.first_reply_due, episode.resolve_due = MONDAY, row.first_reply_due, row.resolve_due
    session.add_all([row, episode])
    session.flush()
    return row


def changed(session: Session, **fields: object) -> Plan:
    wanted = plan.read(plan.current(session)[1].model_dump(mode="json") | fields)
    plan.kept(session, wanted, user_id=None)
    return wanted


def test_a_demand_runs_to_its_reply_and_to_its_solution(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        assert (row.first_reply_due, row.due_kind) == (hours(8), "first_reply")
        assert row.due_at == row.first_reply_due and row.resolve_due == hours(
            72
        )  # 9 of its 30 hours on Monday, 10 on Tuesday and Wednesday
        assert row.clock_at == hours(6)  # warned at three quarters


def test_triage_sets_the_targets_of_the_priority_and_the_group(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        row.priority = Priority.URGENT
        clocks.described(session, row)
        assert row.first_reply_due == hours(1) == session.get_one(Episode, row.episode_id).first_reply_due
        session.add(Team(name="Night"))
        session.flush()
        changed(session, hours={"": {}, "Night": {"week": "Mon-Sun 12:00-24:00", "zone": "UTC"}})
        teams.hand(session, person(session), row.id or 0, "Night")
        assert row.first_reply_due == MONDAY.replace(hour=13)


def test_the_clock_worth_a_word_is_the_customers_until_the_drafts_is_close(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        with clock_at(hours(2)):
            draft = waiting_draft(session, row)
            assert row.due_kind == "approval" and reading.foremost(row) == (hours(8), "first_reply")
        with clock_at(hours(2.8)):
            assert reading.foremost(row) == (draft.decide_due, "approval")
        with clock_at(hours(3)):
            clocks.pause(session, row, "customer")
            assert reading.foremost(row) == (None, "")


def test_a_draft_has_a_clock_of_its_own_until_somebody_decides(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        with clock_at(hours(2)):
            draft = waiting_draft(session, row)
            assert draft.decide_due == row.decide_due == row.due_at == hours(3) and row.due_kind == "approval"
        with clock_at(hours(2.5)):
            newer = replies.renew(session, draft, cause="again")
            assert newer.decide_due == hours(3)  # a newer version is no new promise
            clocks.decided(row)
        assert row.decide_due is None and row.due_at == hours(8)


def test_waiting_for_the_customer_stops_the_clock_and_their_answer_starts_it(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        episode = session.get_one(Episode, row.episode_id)
        promised = row.resolve_due
        with clock_at(hours(1)):
            clocks.replied(row, episode)
            move(session, row, Status.AWAITING_APPROVAL, Status.APPROVED, Status.DELIVERING, Status.DELIVERED, actor="test")
            move(session, row, Status.NEEDS_INFO, actor="test")
        assert (row.paused, row.due_at, row.clock_at, episode.resolve_due) == ("customer", None, None, None)
        assert reading.of(session, row).paused == "customer"
        with clock_at(hours(4)):
            say(session, row, "It is LF-1.")
            clocks.customer_wrote(session, row, now())
            move(session, row, Status.REOPENED, actor="test")
        assert promised and row.resolve_due == episode.resolve_due == promised + timedelta(hours=3)
        assert (row.paused, row.due_kind, row.first_reply_due) == (
            "",
            "next_reply",
            hours(24 + 2),
        )  # five of its eight hours today
        with clock_at(hours(5)):
            clocks.replied(row, episode)
        assert (episode.next_replies, episode.next_late) == (1, 0)


def test_an_answer_that_nobody_came_back_to_is_kept_in_time(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        episode = session.get_one(Episode, row.episode_id)
        with clock_at(hours(1)):
            clocks.replied(row, episode)
            move(session, row, Status.AWAITING_APPROVAL, Status.APPROVED, Status.DELIVERING, Status.DELIVERED, actor="test")
        with clock_at(hours(24 * 30)):
            replies.resolve(session, row, actor="clock", how="assumed")
            assert episode.resolve_due and episode.resolved_at and episode.resolved_at <= episode.resolve_due
        assert (row.due_at, row.resolve_due, row.clock_at, row.paused) == (None, None, None, "")


def test_what_is_late_stays_late_while_the_customer_is_waited_for(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        with clock_at(hours(24 * 20)):
            clocks.replied(row, session.get_one(Episode, row.episode_id))
            move(session, row, Status.AWAITING_APPROVAL, Status.APPROVED, Status.DELIVERING, Status.DELIVERED, actor="test")
            assert row.resolve_due and row.resolve_due < now()


def test_a_pause_of_an_incident_is_no_pause_for_the_customer(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session)
        with clock_at(hours(1)):
            clocks.pause(session, row, clocks.INCIDENT)
        assert (row.paused, row.due_at) == ("incident", None)
        with clock_at(hours(3)):
            clocks.customer_wrote(session, row, now())
            assert row.paused == "incident"
            clocks.resume(session, row, clocks.INCIDENT)
        assert row.first_reply_due == hours(24)  # two hours later: one of them today, at nine the next morning


def test_people_are_warned_once_and_told_once(database: Database) -> None:
    with database.transaction() as session:
        worker = person(session)
        number = asked(session, status=Status.AWAITING_APPROVAL, assignee_id=worker.id).id
    for moment, said in (
        (5, "0 warned, 0 past"),
        (6.1, "1 warned, 0 past"),
        (6.2, "0 warned, 0 past"),
        (8.1, "0 warned, 1 past"),
        (9, "0 warned, 0 past"),
    ):
        with clock_at(hours(moment)), database.transaction() as session:
            assert watching.watch(session).startswith(said)
    with database.read() as session:
        told = session.exec(select(Notification).order_by(col(Notification.id))).all()
        assert [(one.kind, one.user_id or one.role) for one in told] == [
            ("sla_warning", worker.id), ("sla_warning", Role.MANAGER), ("sla_breach", worker.id), ("sla_breach", Role.MANAGER)
        ]  # fmt: skip
        assert "First reply is due in 1:54 h" in told[0].text and "First reply is overdue" in told[2].text
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.ticket_id == number).order_by(col(AuditEvent.id))).all()
        assert kinds == ["target_warning", "target_breach"] and audit.verify(session) is None


def test_the_clock_raises_hands_over_and_promises_stay(database: Database) -> None:
    with database.transaction() as session:
        session.add(Team(name="Seniors"))
        session.flush()
        changed(session, steps=[
            Step(at="warning", do="raise_priority").model_dump(), Step(clock="first_reply", do="hand", to="Seniors").model_dump(), Step(do="hand").model_dump(),
        ])  # fmt: skip
        row = asked(session, status=Status.AWAITING_APPROVAL)
        number, promised = row.id or 0, row.first_reply_due
    for moment in (6.5, 8.5):
        with clock_at(hours(moment)), database.transaction() as session:
            watching.watch(session)
    with database.transaction() as session:
        row = session.get_one(Ticket, number)
        assert (row.priority, row.team, row.approver, row.first_reply_due) == (Priority.HIGH, "Seniors", "manager", promised)
        row.priority = Priority.NORMAL  # the agents judge it again, no more pressing than before
        clocks.described(session, row)
        assert (row.priority, row.first_reply_due) == (Priority.HIGH, promised)


def test_open_tickets_follow_another_plan_and_old_ones_get_clocks(database: Database) -> None:
    with database.transaction() as session:
        numbers = [asked(session).id, asked(session, email="b@x.example").id]
        old = session.get_one(Ticket, numbers[1])
        old.sla, old.target_plan, old.clock_at = {}, -1, None
        waiting_draft(session, session.get_one(Ticket, numbers[0]))
        targets = {"normal": {"first_reply": 30, "resolve": 60, "approval": 5}}
        changed(session, policies=[{"name": "Quick", "targets": targets}])
    with database.transaction() as session:
        assert retargeting.some(session) == numbers and retargeting.some(session) == []
    with database.read() as session:
        for number in numbers:
            row = session.get_one(Ticket, number)
            assert (row.first_reply_due, row.resolve_due) == (hours(0.5), hours(1))
            assert session.get_one(Episode, row.episode_id).resolve_due == hours(1)
        first = session.get_one(Ticket, numbers[0])
        draft = session.get_one(Draft, first.draft_id)
        assert draft.decide_due == first.decide_due and draft.decide_due
        assert draft.decide_due >= draft.created_at + timedelta(minutes=5)


def test_quarantine_has_no_clock_and_letting_in_gives_it_back(database: Database) -> None:
    with database.transaction() as session:
        row = asked(session, status=Status.RECEIVED)
        promised = row.first_reply_due
        move(session, row, Status.QUARANTINED, actor="test", reason="spam")
        assert (row.due_at, row.clock_at) == (None, None)
        with clock_at(hours(3)):
            move(session, row, Status.RECEIVED, actor="test")
        assert row.first_reply_due == promised
