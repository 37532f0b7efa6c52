"""What is typed is kept on the desk, whom a note names is told, and groups share what comes in."""

import pytest
from sqlmodel import select

from tests.desks import person, ticket
from triage.database import Database
from triage.errors import InputError
from triage.models import Notification, Role, Status, Team, TeamMember, Ticket, TypedText, User, clock_at, now
from triage.tickets import sharing, typed, work
from triage.tickets.noting import mentioned


def test_what_is_typed_comes_back_to_its_author_alone(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam, row = person(session), person(session, name="Sam"), ticket(session)
        for text in ("H", "Hello", "Hello\x00 you"):
            typed.keep(session, nadia, row.id or 0, typed.REPLY, text, draft_id=7)
        typed.keep(session, nadia, row.id or 0, typed.NOTE, "Ask Sam")
        kept = typed.of(session, nadia, row.id or 0)
        assert (kept[typed.REPLY].text, kept[typed.REPLY].draft_id, kept[typed.NOTE].text) == ("Hello you", 7, "Ask Sam")
        assert typed.of(session, sam, row.id or 0) == {}
        typed.forget(session, nadia, row.id or 0, typed.REPLY)
        assert set(typed.of(session, nadia, row.id or 0)) == {typed.NOTE}
        for field, ticket_id, text in (("other", row.id, "x"), (typed.REPLY, 999, "x"), (typed.REPLY, row.id, "x" * 100_001)):
            with pytest.raises(InputError):
                typed.keep(session, sam, ticket_id or 0, field, text)
    with database.transaction() as session:
        from datetime import timedelta

        with clock_at(now() + timedelta(days=31)):
            typed.forget_old(session)
        assert session.exec(select(TypedText)).all() == []


def people(*names: str) -> list[User]:
    return [User(id=number, email=f"{number}@desk.example", name=name) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Ann Lee, see this", ["Ann Lee"]), ("ask @ann lee-moor", ["Ann Lee-Moor"]), ("@Ann Lee-Moor and @Ann Lee", ["Ann Lee-Moor", "Ann Lee"]),
        ("mail ann@Ann Lee.example", []), ("@Ann", []), ("(@Jörg Ö) twice @Jörg Ö", ["Jörg Ö"]), ("@@Ann Lee", []),
    ],
)  # fmt: skip
def test_whom_a_note_names(text: str, expected: list[str]) -> None:
    assert [person.name for person in mentioned(text, people("Ann Lee", "Ann Lee-Moor", "Jörg Ö"))] == expected


def test_who_is_named_is_told_once_and_its_author_is_not(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam, row = person(session, name="Nadia Brandt"), person(session, name="Sam Okoro"), ticket(session)
        work.note(session, nadia, row.id or 0, "@Sam Okoro please, and again @sam okoro. @Nadia Brandt")
        told = session.exec(select(Notification).where(Notification.kind == "mentioned")).one()
        assert told.user_id == sam.id and told.ticket_id == row.id and "Nadia Brandt named you" in told.text


def shared(database: Database, way: str, loads: list[int], tickets: int) -> list[str | None]:
    """Who gets new tickets of a group whose people have so many open ones."""
    with database.transaction() as session:
        session.add(Team(name="Billing"))
        session.flush()
        for number, load in enumerate(loads):
            user = person(session, name=f"P{number}")
            session.add(TeamMember(team="Billing", user_id=user.id or 0))
            for _ in range(load):
                ticket(session, status=Status.ESCALATED, assignee_id=user.id)
        session.flush()
        admin = person(session, Role.ADMIN, "Ines")
        sharing.set_way(session, admin, "Billing", way)
        fresh = [ticket(session, status=Status.AWAITING_APPROVAL, team="Billing") for _ in range(tickets)]
        ticket(session, status=Status.TRIAGING, team="Billing")  # the agents are not done with it
        sharing.share(session)
        names = {user.id: user.name for user in session.exec(select(User))}
        return [names.get(session.get_one(Ticket, row.id).assignee_id or 0) for row in fresh]


def test_turns_go_round(database: Database) -> None:
    assert shared(database, "turn", [5, 0, 0], 4) == ["P0", "P1", "P2", "P0"]


def test_whoever_has_least_gets_the_next(database: Database) -> None:
    assert shared(database, "load", [3, 0, 1], 4) == ["P1", "P2", "P1", "P2"]


def test_by_hand_gives_nothing_and_what_a_person_gave_up_is_not_given_again(database: Database) -> None:
    assert shared(database, "", [0, 0], 1) == [None]
    with database.transaction() as session:
        row, user = (
            session.exec(select(Ticket).where(Ticket.status == Status.AWAITING_APPROVAL)).one(),
            session.exec(select(User)).first(),
        )
        assert user
        work.assign(session, user, row.id or 0, user.id)
        work.assign(session, user, row.id or 0, None)
        sharing.set_way(session, session.exec(select(User).where(User.role == Role.ADMIN)).one(), "Billing", "turn")
        sharing.share(session)
        assert row.assignee_id is None
