"""Who sees what, and what of it is read."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from tests.desks import person, recorder_of, ticket, waiting_draft
from triage import approval
from triage.database import Database
from triage.errors import InputError
from triage.models import DecisionKind, Notification, NotificationRead, Role, Status, Team, TeamMember, User, clock_at, now
from triage.notifications import events, reading, settings
from triage.notifications.telling import tell
from triage.settings import Settings


def seen(session: Session, user: User) -> list[str]:
    return [row.note.text for row in reading.listing(session, user).rows]


def test_word_reaches_a_person_a_group_or_a_role_and_never_who_did_it(database: Database) -> None:
    with database.transaction() as session:
        staff, other = person(session), person(session, name="Sam")
        manager, admin = person(session, Role.MANAGER, "Marco"), person(session, Role.ADMIN, "Ada")
        session.add(Team(name="Billing"))
        session.flush()
        session.add(TeamMember(team="Billing", user_id=other.id or 0))
        tell(session, "assigned", "to staff", user_id=staff.id)
        tell(session, "sla_breach", "to the group", team="Billing")
        tell(session, "escalated", "to managers", role=Role.MANAGER, by=manager)
        tell(session, "failed", "to everybody", role=Role.STAFF, by=staff)
        session.flush()
        assert seen(session, staff) == ["to staff"]
        assert seen(session, other) == ["to everybody", "to the group"]
        assert seen(session, manager) == ["to everybody"]
        assert seen(session, admin) == ["to everybody", "to managers"]
        assert [reading.unread(session, one) for one in (staff, other, manager, admin)] == [1, 2, 1, 2]


def test_a_new_colleague_is_not_told_the_past(database: Database) -> None:
    with database.transaction() as session:
        with clock_at(now() - timedelta(days=1)):
            tell(session, "failed", "yesterday", role=Role.STAFF)
        assert seen(session, person(session)) == []


def test_reading_one_all_and_taking_it_back(database: Database) -> None:
    with database.transaction() as session:
        user, other = person(session), person(session, name="Sam")
        numbers = []
        for number in range(5):
            note = tell(session, "failed", f"word {number}", role=Role.STAFF)
            session.flush()
            numbers.append(note.id or 0)
        reading.mark(session, user, numbers[1:3])
        reading.mark(session, user, numbers[1:3])  # twice is once
        assert reading.unread(session, user) == 3 and reading.unread(session, other) == 5
        assert [row.note.id for row in reading.listing(session, user, only_unread=True).rows] == [
            numbers[4],
            numbers[3],
            numbers[0],
        ]
        reading.read_all(session, user)
        assert reading.unread(session, user) == 0 and session.exec(select(NotificationRead)).all() == []
        reading.mark(session, user, [numbers[2]], read=False)
        assert [row.note.id for row in reading.listing(session, user, only_unread=True).rows] == [numbers[2]]
        tell(session, "failed", "later", role=Role.STAFF)
        session.flush()
        assert reading.unread(session, user) == 2
        theirs = tell(session, "assigned", "not yours", user_id=other.id)
        session.flush()
        reading.mark(session, user, [theirs.id or 0])
        assert reading.unread(session, other) == 7


def test_opening_a_ticket_reads_what_was_told_of_it(database: Database) -> None:
    with database.transaction() as session:
        user, row = person(session), ticket(session)
        tell(session, "assigned", "this one", user_id=user.id, ticket_id=row.id)
        tell(session, "alert", "something else", role=Role.STAFF)
        session.flush()
        assert reading.seen_of_ticket(session, user, row.id or 0) == 1
        assert [one.note.text for one in reading.listing(session, user, only_unread=True).rows] == ["something else"]


def test_what_a_person_does_not_want_is_not_counted(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        for kind in ("sla_breach", "gap", "no kind we know"):
            tell(session, kind, kind, role=Role.STAFF)
        session.flush()
        settings.choose(session, user, "gap", [])
        assert seen(session, user) == ["no kind we know", "sla_breach"]
        settings.choose(session, user, "other", ["mail"])
        assert seen(session, user) == ["sla_breach"] and reading.unread(session, user) == 1
        assert seen(session, user) == [row.note.text for row in reading.listing(session, user, event="sla_breach").rows]
        with pytest.raises(InputError):
            settings.choose(session, user, "gap", ["pigeon"])


def test_pages_of_the_list(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        for number in range(7):
            tell(session, "failed", str(number), role=Role.STAFF)
        session.flush()
        first, last = (reading.listing(session, user, page=page, size=5) for page in (1, 2))
        assert [row.note.text for row in (*first.rows, *last.rows)] == ["6", "5", "4", "3", "2", "1", "0"]
        assert first.more and not last.more


def test_long_read_notifications_go(database: Database) -> None:
    with database.transaction() as session:
        with clock_at(now() - 2 * reading.KEPT):
            user = person(session)
            old = tell(session, "failed", "old", role=Role.STAFF)
            session.flush()
            reading.mark(session, user, [old.id or 0])
        tell(session, "failed", "new", role=Role.STAFF)
        session.flush()
        reading.forget_old(session)
        assert session.exec(select(Notification.text)).all() == ["new"]


@pytest.mark.parametrize(
    ("quiet", "hour", "expected"),
    [
        ({"from": "22:00", "to": "07:00", "zone": "Europe/Amsterdam"}, 21, True),  # 22:00 in Amsterdam in winter
        ({"from": "22:00", "to": "07:00", "zone": "Europe/Amsterdam"}, 20, False),
        ({"from": "22:00", "to": "07:00", "zone": "Europe/Amsterdam"}, 5, True),
        ({"from": "22:00", "to": "07:00", "zone": "Europe/Amsterdam"}, 6, False),
        ({"from": "09:00", "to": "10:00", "zone": "UTC"}, 9, True),
        ({"from": "", "to": "", "zone": "UTC", "weekends": True}, 12, False),
        ({}, 3, False),
    ],
)
def test_quiet_hours_are_those_of_the_persons_own_clock(quiet: dict[str, object], hour: int, expected: bool) -> None:
    assert settings.is_quiet(quiet, datetime(2026, 11, 25, hour, tzinfo=UTC)) is expected
    assert settings.is_quiet(quiet | {"weekends": True, "zone": "UTC"}, datetime(2026, 11, 28, hour, tzinfo=UTC)) is True


def test_the_team_hears_when_agents_got_something_wrong(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, other = person(session), person(session, name="Sam")
        row = ticket(session)
        draft = waiting_draft(session, row)
        approval.decide(
            session,
            recorder_of([]),
            settings,
            user,
            draft.id or 0,
            kind=DecisionKind.REJECT,
            seal=draft.seal,
            reason="wrong facts",
        )
        assert "Nadia rejected the draft: wrong facts." in seen(session, other)[0] and seen(session, user) == []
        own = waiting_draft(session, row, created_by=f"user:{other.id}")
        approval.decide(
            session, recorder_of([]), settings, user, own.id or 0, kind=DecisionKind.REJECT, seal=own.seal, reason="wrong tone"
        )
        assert reading.listing(session, other).rows[0].event == "draft"
        sent = waiting_draft(session, ticket(session, email="b@x.example"))
        decision = approval.decide(
            session, recorder_of([]), settings, user, sent.id or 0, kind=DecisionKind.APPROVE, seal=sent.seal
        )
        session.flush()
        approval.undo(session, user, decision.id or 0)
        assert "took the reply back" in seen(session, other)[0]
        assert {events.event_of(row.note.kind) for row in reading.listing(session, other).rows} == {"draft", "wrong"}
        assert row.status == Status.REJECTED


def test_every_kind_that_is_written_belongs_to_an_event() -> None:
    """A kind that no event names is "everything else", which nobody chose on purpose."""
    written = {
        kind for path in (Path(__file__).parents[2] / "triage").rglob("*.py") for kind in _kinds(ast.parse(path.read_text()))
    }
    assert {"assigned", "escalated", "wrong_undone"} <= written
    assert {kind for kind in written if events.event_of(kind) == "other"} == set()


def _kinds(tree: ast.Module) -> Iterator[str]:
    """Kinds written out where a notification is made: `Notification(kind=…)`, `tell(session, …)`, `tell_team(session, ticket, …)`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        name = call.func.id  # type: ignore[attr-defined]
        place = {"tell": 1, "tell_team": 2}.get(name)
        given = [word.value for word in call.keywords if name == "Notification" and word.arg == "kind"]
        given += call.args[place : place + 1] if place else []
        yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))
