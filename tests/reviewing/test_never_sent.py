"""Nothing of an exercise leaves, by whatever way it is tried: each route refuses it, and so does the database itself."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select
from starlette.testclient import TestClient

from tests.desks import person
from tests.reviewing.conftest import nothing
from triage import api, approval, chores, replies, runs, scheduling, teams, transitions
from triage.accounts import apikeys
from triage.batches import forming
from triage.database import Database
from triage.drafts import lock, own_replies
from triage.errors import TransitionError, TriageError
from triage.incidents import keeping
from triage.intake import receive
from triage.intake.payload import TicketPayload
from triage.models import (
    CsatRequest,
    Decision,
    DecisionKind,
    Draft,
    Episode,
    Exercise,
    Message,
    Outbox,
    Role,
    Run,
    Status,
    Ticket,
    User,
    now,
)
from triage.ratings import asking
from triage.replay import for_people
from triage.reviewing import copies, exercises
from triage.settings import Settings
from triage.tickets import merging, priorities, tags, work

Route = Callable[[Session, Settings, User, Exercise], object]


def _ticket(session: Session, exercise: Exercise) -> Ticket:
    return session.get_one(Ticket, exercise.ticket_id)


def _decide(session: Session, settings: Settings, user: User, exercise: Exercise) -> object:
    return approval.decide(session, nothing, settings, user, -(exercise.id or 0), kind=DecisionKind.APPROVE, seal="")


def _post(session: Session, settings: Settings, user: User, exercise: Exercise) -> object:
    decision = session.exec(select(Decision)).first()
    assert decision
    return replies.post(session, settings, copies.draft(exercise), copies.ticket(exercise), decision)


def _rate(session: Session, settings: Settings, user: User, exercise: Exercise) -> object:
    request, episode = CsatRequest(ticket_id=exercise.ticket_id, episode_id=1), session.get_one(Episode, 1)
    return asking._mail(session, settings, request, _ticket(session, exercise), episode)


ROUTES: dict[str, Route] = {
    "the desk's own approval": _decide,
    "a decision stored by hand": _post,
    "a rating mail": _rate,
    "a draft sealed on its ticket": lambda s, c, u, e: replies.seal(s, Draft(ticket_id=e.ticket_id, episode_id=1), _ticket(s, e)),
    "one's own reply": lambda s, c, u, e: replies.write_reply(s, u, e.ticket_id, "Hello"),
    "a trainee's reply": lambda s, c, u, e: own_replies.hand_in(s, cast(Any, c), u, e.ticket_id, "Hello", []),
    "a text prepared for a manager": lambda s, c, u, e: work.prepare(s, u, e.ticket_id, "Hello"),
    "kept in a changed world": lambda s, c, u, e: lock.keep(s, c, u, -(e.id or 0), seal="", seen=""),
    "written anew": lambda s, c, u, e: lock.redraft(s, nothing, u, -(e.id or 0), seal=""),
    "the agents": lambda s, c, u, e: runs.start_run(s, nothing, _ticket(s, e)),
    "tried again": lambda s, c, u, e: work.retry(s, u, nothing, e.ticket_id),
    "let in": lambda s, c, u, e: work.let_in(s, u, nothing, e.ticket_id),
    "sent later": lambda s, c, u, e: scheduling.schedule(s, nothing, u, 10_000 + e.ticket_id, now() + timedelta(hours=1)),
    "taken back": lambda s, c, u, e: approval.undo(s, u, 10_000 + e.ticket_id),
    "a batch": lambda s, c, u, e: forming.form(s, c, u, [e.ticket_id] * 3),
    "a batch of what is alike": lambda s, c, u, e: forming.form_alike(s, c, u, e.ticket_id),
    "an incident": lambda s, c, u, e: keeping.start(s, u, [e.ticket_id], "Outage"),
    "merged into a real ticket": lambda s, c, u, e: merging.merge(s, u, nothing, e.ticket_id, e.source_id),
    "a real ticket merged into it": lambda s, c, u, e: merging.merge(s, u, nothing, e.source_id, e.ticket_id),
    "given to a colleague": lambda s, c, u, e: work.assign(s, u, e.ticket_id, u.id),
    "handed to a manager": lambda s, c, u, e: work.hand_to_manager(s, u, e.ticket_id),
    "given to a group": lambda s, c, u, e: teams.hand(s, u, e.ticket_id, ""),
    "put off": lambda s, c, u, e: work.snooze(s, u, e.ticket_id, now() + timedelta(hours=1)),
    "a note that names somebody": lambda s, c, u, e: work.note(s, u, e.ticket_id, "@Tom look"),
    "closed": lambda s, c, u, e: work.resolve(s, u, e.ticket_id),
    "tagged": lambda s, c, u, e: tags.put(s, u, e.ticket_id, ["bad"]),
    "made urgent": lambda s, c, u, e: priorities.put(s, u, e.ticket_id, "urgent"),
}  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_leads_out_or_to_other_people(
    database: Database, settings: Settings, people: tuple[User, User], exercise: Exercise, route: str
) -> None:
    """Refused in words that do not tell what it is, with nothing changed."""
    with database.read() as session:
        before = _everything(session)
    with pytest.raises(TriageError) as refused, database.transaction() as session:
        ROUTES[route](session, settings, people[0], session.get_one(Exercise, exercise.id))
    assert "exercise" not in str(refused.value).lower()
    with database.read() as session:
        assert _everything(session) == before


def _everything(session: Session) -> tuple[int, ...]:
    return tuple(len(session.exec(select(table)).all()) for table in (Outbox, Decision, Draft, Message, Run))  # type: ignore[var-annotated]


def test_its_ticket_can_become_nothing_else(database: Database, exercise: Exercise) -> None:
    for status in Status:
        with pytest.raises(TransitionError), database.transaction() as session:
            transitions.move(session, _ticket(session, exercise), status, actor="test")


def test_the_database_takes_no_mail_on_it(database: Database, exercise: Exercise) -> None:
    """Neither a new one nor one moved there, and the mark cannot be taken away first."""

    def mail(ticket_id: int) -> Outbox:
        return Outbox(ticket_id=ticket_id, recipient="a@customer.example", subject="s", message_id="<1@x>")

    with pytest.raises(DBAPIError, match="an exercise is never sent"), database.transaction() as session:
        session.add(mail(exercise.ticket_id))
    with database.transaction() as session:
        session.add(mail(exercise.source_id))
    statements = (
        f"UPDATE outbox SET ticket_id = {exercise.ticket_id}",
        f"UPDATE ticket SET training = {'false' if not database.is_sqlite else '0'} WHERE id = {exercise.ticket_id}",
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="an exercise"), database.transaction() as session:
            session.execute(text(statement))


def test_chores_leave_it_alone(database: Database, settings: Settings, exercise: Exercise) -> None:
    with database.transaction() as session:
        before = _everything(session)
        for name in ("assume_resolved", "rescue", "share", "targets", "tidy", "backfill_solved", "class_edits", "learn_sureness"):
            chores.CHORES[name](session)
        assert _ticket(session, exercise).status == Status.EXERCISE
        after = _everything(session)
    assert after == before


def test_mail_that_names_its_number_opens_a_ticket_of_its_own(database: Database, settings: Settings, exercise: Exercise) -> None:
    with database.transaction() as session:
        said = {"subject": f"Re: Descaling [#{exercise.ticket_id}]", "body": "And now?", "from": "priya@customer.example"}
        receipt = receive(session, TicketPayload.model_validate(said).incoming(settings), settings, enqueue=nothing)
        assert receipt.ticket_id not in (exercise.ticket_id, None)
        assert session.exec(select(Message).where(Message.ticket_id == exercise.ticket_id)).all() == []


def test_the_interface_knows_no_such_ticket(database: Database, settings: Settings, exercise: Exercise) -> None:
    with database.transaction() as session:
        _, key = apikeys.create(session, "tests", actor="test")
    client = TestClient(api.create(settings, database, lambda: nothing), headers={"Authorization": f"Bearer {key}"})
    listed = client.get("/tickets").json()["tickets"]
    assert [row["id"] for row in listed] == [exercise.source_id]
    assert client.get(f"/tickets/{exercise.ticket_id}").status_code == 404
    headers = {"Idempotency-Key": "1", "Content-Type": "application/json"}
    sent = client.post(f"/tickets/{exercise.ticket_id}/messages", content=json.dumps({"body": "Hello"}), headers=headers)
    assert sent.status_code == 404


def test_the_command_line_finds_nothing_to_approve(
    database: Database, settings: Settings, exercise: Exercise, tmp_path: Path
) -> None:
    from triage.cli import approve

    with database.read() as session:
        for name in (str(exercise.ticket_id), f"#{exercise.ticket_id}", "Descaling"):
            assert approve._find(session, name) is None


def test_there_is_no_run_of_it_to_replay_or_fork(database: Database, people: tuple[User, User], exercise: Exercise) -> None:
    """A copy takes no run along: the run behind its source knows nothing of the defect."""
    with database.transaction() as session:
        admin = person(session, Role.ADMIN, "Ines")
        assert session.exec(select(Run).where(Run.ticket_id == exercise.ticket_id)).all() == []
        assert copies.draft(session.get_one(Exercise, exercise.id)).run_id is None
        with pytest.raises(TriageError):
            for_people.exported(session, admin, str(exercise.ticket_id))
        drafts = session.exec(select(Draft.body)).all()
        assert not any(exercise.wrong in body for body in drafts)


def test_deciding_it_sends_nothing(database: Database, people: tuple[User, User], exercise: Exercise) -> None:
    with database.transaction() as session:
        before = _everything(session)
        body = copies.draft(session.get_one(Exercise, exercise.id)).body
        exercises.decide(session, people[0], exercise.ticket_id, kind=DecisionKind.APPROVE, body=body)
        assert _everything(session) == before
