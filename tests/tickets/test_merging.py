"""Two tickets become one and one becomes two; nothing said is lost, and everything can be taken back."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from tests.homes import fresh
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.intake import earlier
from triage.intake.message import Incoming
from triage.models import (
    AuditEvent,
    BlockedAction,
    Draft,
    Episode,
    Message,
    Outbox,
    Role,
    Run,
    Status,
    Ticket,
    TicketMerge,
    User,
)
from triage.settings import load_settings
from triage.tickets import fields, merging, tags
from triage.tickets.fields import Definition

work = Enqueued()
enqueue = recorder_of(work)


def pair(session: Session, **fields: str) -> tuple[Ticket, Ticket]:
    """(the one that goes, the one that stays), each with a message and a waiting draft."""
    stays = ticket(session, body="First matter")
    goes = ticket(session, body="Second matter", **fields)
    for row in (stays, goes):
        waiting_draft(session, row)
    return goes, stays


def bodies(session: Session, ticket_id: int | None) -> list[str]:
    rows = select(Message).where(Message.ticket_id == ticket_id, col(Message.direction) != "note").order_by(col(Message.id))
    return [row.body for row in session.exec(rows)]


def test_merging_puts_both_conversations_into_one_and_has_it_drafted_anew(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        goes, stays = pair(session)
        goes.assignee_id = user.id
        session.add(BlockedAction(ticket_id=goes.id or 0, action="refund", rule="payments"))
        tags.put(session, user, goes.id or 0, ["late"])
        merging.merge(session, user, enqueue, goes.id or 0, stays.id or 0)
        assert bodies(session, stays.id) == ["First matter", "Second matter"] and bodies(session, goes.id) == []
        assert (goes.status, goes.reason, goes.merged_into) == (Status.RESOLVED, "merged", stays.id)
        assert stays.status == Status.REOPENED and stays.assignee_id == user.id and tags.of(session, stays.id or 0) == ["late"]
        assert stays.thread_head == session.exec(select(Message.id).order_by(col(Message.id).desc())).first()
        assert {draft.status for draft in session.exec(select(Draft))} == {"superseded"}
        assert session.exec(select(Run)).one().ticket_id == stays.id
        assert session.exec(select(BlockedAction)).one().ticket_id == stays.id
        gone = session.get_one(Episode, goes.episode_id)
        assert gone.resolution == "merged" and not gone.eligible
        kinds = {(event.kind, event.ticket_id) for event in session.exec(select(AuditEvent))}
        assert {("merged", goes.id), ("merged_in", stays.id), ("status", goes.id), ("status", stays.id)} <= kinds


def test_mail_of_either_thread_goes_to_the_one_that_stays(database: Database) -> None:
    with database.transaction() as session:
        goes, stays = pair(session)
        known = session.exec(select(Message.message_id).where(Message.ticket_id == goes.id)).one()
        merging.merge(session, person(session), enqueue, goes.id or 0, stays.id or 0)
        for mail in (
            Incoming(channel="email", sender_email="priya@customer.example", subject=f"Re: [#{goes.id}]", body="And?"),
            Incoming(channel="email", sender_email="priya@customer.example", subject="Re", body="And?", in_reply_to=known),
            Incoming(channel="api", sender_email="priya@customer.example", subject="Re", body="And?", ticket_id=goes.id),
        ):
            found, _ = earlier.thread_of(session, mail, None)
            assert found is not None and found.id == stays.id


def test_undoing_gives_everything_back(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        goes, stays = pair(session)
        session.add(BlockedAction(ticket_id=goes.id or 0, action="refund", rule="payments"))
        row = merging.merge(session, user, enqueue, goes.id or 0, stays.id or 0)
        with pytest.raises(ConflictError, match="agents are working"):
            merging.undo(session, user, enqueue, row.id or 0)
        stays.status = Status.AWAITING_APPROVAL  # once they are done
        say(session, stays, "Something new")
        merging.undo(session, user, enqueue, row.id or 0)
        assert bodies(session, stays.id) == ["First matter", "Something new"] and bodies(session, goes.id) == ["Second matter"]
        assert goes.merged_into is None and goes.status == Status.REOPENED and stays.status == Status.REOPENED
        assert session.exec(select(BlockedAction)).one().ticket_id == goes.id
        episode = session.get_one(Episode, goes.episode_id)
        assert episode.resolved_at is None and episode.eligible
        with pytest.raises(ConflictError, match="before"):
            merging.undo(session, user, enqueue, row.id or 0)


def test_two_customers_are_merged_by_a_manager_who_confirms_it_alone(database: Database) -> None:
    with database.transaction() as session:
        goes, stays = pair(session, email="other@customer.example")
        numbers = goes.id or 0, stays.id or 0
        manager = person(session, Role.MANAGER, "Omar")
        with pytest.raises(AccessError, match="only a manager"):
            merging.merge(session, person(session), enqueue, *numbers, across=True)
        with pytest.raises(ConflictError, match="Confirm"):
            merging.merge(session, manager, enqueue, *numbers)
        merging.merge(session, manager, enqueue, *numbers, across=True)
        assert goes.merged_into == stays.id


@pytest.mark.parametrize("status", [Status.TRIAGING, Status.APPROVED, Status.DELIVERING, Status.QUARANTINED])
def test_nothing_is_merged_while_something_is_under_way(database: Database, status: Status) -> None:
    with database.transaction() as session:
        goes, stays = pair(session)
        goes.status = status
        with pytest.raises(ConflictError):
            merging.merge(session, person(session), enqueue, goes.id or 0, stays.id or 0)
        with pytest.raises(InputError, match="into itself"):
            merging.merge(session, person(session, name="Sam"), enqueue, stays.id or 0, stays.id or 0)
        assert session.exec(select(TicketMerge)).all() == []


def test_no_ticket_goes_whose_last_reply_may_have_left(database: Database) -> None:
    with database.transaction() as session:
        goes, stays = pair(session)
        session.add(
            Outbox(
                ticket_id=goes.id or 0, status="uncertain", recipient="a@b.example", subject="Re", message_id="<1@desk.example>"
            )
        )
        with pytest.raises(ConflictError, match="settle that"):
            merging.merge(session, person(session), enqueue, goes.id or 0, stays.id or 0)
        assert goes.merged_into is None


def test_a_resolved_ticket_joins_quietly(database: Database) -> None:
    with database.transaction() as session:
        goes, stays = ticket(session, status=Status.RESOLVED, body="Old"), ticket(session, status=Status.RESOLVED, body="Older")
        merging.merge(session, person(session), enqueue, goes.id or 0, stays.id or 0)
        assert stays.status == Status.RESOLVED and session.exec(select(Run)).all() == []


def test_splitting_makes_a_ticket_that_the_agents_take_up(database: Database) -> None:
    with database.transaction() as session:
        user, row = person(session), ticket(session, body="Descale")
        other = say(session, row, "And my refund?")
        waiting_draft(session, row)
        made = merging.split(session, user, enqueue, row.id or 0, [other.id or 0], "Refund")
        assert bodies(session, row.id) == ["Descale"] and bodies(session, made.id) == ["And my refund?"]
        assert made.subject == "Refund" and made.status == Status.RECEIVED and made.thread_head == other.id
        assert row.status == Status.REOPENED and row.thread_head != other.id
        assert {run.ticket_id for run in session.exec(select(Run))} == {row.id, made.id}
        for wrong in ([], [row.thread_head or 0], [999]):
            row.status = Status.AWAITING_APPROVAL
            with pytest.raises(InputError, match="at least one"):
                merging.split(session, user, enqueue, row.id or 0, wrong)


def test_fields_are_inherited_where_the_other_has_none(database: Database) -> None:
    with database.transaction() as session:
        admin = person(session, Role.ADMIN, "Ines")
        serial = fields.define(session, admin, Definition("Serial")).key
        cause = fields.define(session, admin, Definition("Cause")).key
        goes, stays = pair(session)
        fields.fill(session, admin, goes.id or 0, {serial: "A1", cause: "wear"})
        fields.fill(session, admin, stays.id or 0, {cause: "misuse"})
        merging.merge(session, admin, enqueue, goes.id or 0, stays.id or 0)
        assert fields.values(session, stays.id or 0) == {serial: "A1", cause: "misuse"}


@pytest.fixture(scope="module")
def module_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return fresh(load_settings(home=Path(tmp_path_factory.mktemp("home"))))


@given(counts=st.tuples(st.integers(1, 4), st.integers(1, 4)), later=st.integers(0, 3), order=st.booleans())
@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merging_and_undoing_loses_no_message_and_moves_none(
    module_database: Database, counts: tuple[int, int], later: int, *, order: bool
) -> None:
    """Whatever was said stays where it was said, and what came after the merge stays with the ticket that it reached."""
    with module_database.transaction() as session:
        user = session.exec(select(User)).first() or person(session)
        rows = [ticket(session, body="0", status=Status.DELIVERED) for _ in range(2)]
        for row, count in zip(rows, counts, strict=True):
            for number in range(1, count):
                say(session, row, str(number))
        goes, stays = rows if order else reversed(rows)
        before = {row.id: bodies(session, row.id) for row in rows}
        merge = merging.merge(session, user, enqueue, goes.id or 0, stays.id or 0)
        assert len(bodies(session, stays.id)) == sum(counts) and not bodies(session, goes.id)
        for number in range(later):
            say(session, stays, f"later {number}")
        merging.undo(session, user, enqueue, merge.id or 0)
        assert bodies(session, goes.id) == before[goes.id]
        assert bodies(session, stays.id) == [*before[stays.id], *(f"later {number}" for number in range(later))]
