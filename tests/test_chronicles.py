"""The dossier of a ticket: complete, in order, escaped, by role, and noted."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from triage import chronicles
from triage.chronicles import Form
from triage.database import Database
from triage.errors import AccessError, InputError
from triage.models import (
    Attachment,
    AuditEvent,
    BlockedAction,
    Customer,
    Decision,
    Draft,
    Episode,
    GuardVerdict,
    Message,
    Outbox,
    Role,
    Run,
    RunStep,
    SignOff,
    Ticket,
    User,
)

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
EVIL = "<script>alert('x')</script><img src=https://evil.example/x.png onerror=alert(1)>"


@pytest.fixture
def told(database: Database) -> Database:
    """One ticket through its whole life, with a hostile customer."""

    def at(minutes: int) -> datetime:
        return START + timedelta(minutes=minutes)

    with database.transaction() as session:
        session.add_all([User(id=n, email=f"{role}@x.example", name=role.title(), role=role) for n, role in enumerate(Role, 1)])
        session.add(Customer(id=1, external_id="C-1", name=EVIL, email="c@x.example"))
        session.flush()
        session.add(Ticket(id=1, subject=EVIL, customer_id=1, requester_name=EVIL, created_at=at(0)))
        session.flush()
        session.add(
            Episode(id=1, ticket_id=1, started_at=at(0), resolved_at=at(60), resolution="closed", csat=2, csat_comment=EVIL)
        )
        session.flush()
        session.add(
            Message(id=1, ticket_id=1, episode_id=1, direction="in", author_name=EVIL, body=EVIL, hidden=EVIL, created_at=at(0))
        )
        session.flush()
        session.add(Attachment(message_id=1, filename=f"{EVIL}.pdf", content_type="application/pdf", size=3))
        session.add(Run(id="r1", ticket_id=1, episode_id=1, started_at=at(1), cost_usd=0.02))
        session.flush()
        session.add(
            RunStep(run_id="r1", ordinal=0, kind="model", name="gpt-5", request={"said": "words of a step"}, created_at=at(2))
        )
        session.add(Draft(id=1, ticket_id=1, episode_id=1, run_id="r1", body="Our reply.", created_at=at(3),
                          sentences=[{"text": "Our reply.", "kind": "fact", "supported": False}]))  # fmt: skip
        session.add(
            GuardVerdict(ticket_id=1, stage="output", rule="links", verdict="flag", findings=[{"why": EVIL}], created_at=at(4))
        )
        session.add(BlockedAction(id=1, ticket_id=1, action="issue_refund", rule="payments", reason=EVIL, created_at=at(5)))
        session.flush()
        session.add(SignOff(blocked_action_id=1, user_id=2, granted=False, comment="no", created_at=at(6)))
        session.add(
            Decision(
                id=1,
                draft_id=1,
                ticket_id=1,
                episode_id=1,
                user_id=2,
                kind="approve",
                seal="s",
                body="Our reply.",
                created_at=at(7),
            )
        )
        session.flush()
        session.add(
            Outbox(
                ticket_id=1, decision_id=1, status="sent", recipient="c@x.example", subject="Re", message_id="<1>", sent_at=at(8)
            )
        )
        session.add(Message(id=2, ticket_id=1, episode_id=1, direction="note", user_id=1, body="a note", created_at=at(9)))
    return database


def taken(database: Database, role: Role | None, form: Form = "json", ticket: int = 1) -> str:
    def take(session: Session) -> str:
        user = session.exec(select(User).where(User.role == role)).first() if role else None
        return chronicles.export(session, user, ticket, form)[1].decode()

    return database.run_now(take)


def test_everything_is_there_in_order(told: Database) -> None:
    happened = json.loads(taken(told, None))["happenings"]
    assert [one["kind"] for one in happened][:14] == [
        "matter", "message", "run", "step", "draft", "guard", "blocked", "sign_off", "decision", "delivery", "message", "resolved", "rated",
    ][:14]  # fmt: skip
    assert [one["at"] for one in happened] == sorted(one["at"] for one in happened)
    by_kind = {one["kind"]: one for one in happened}
    assert by_kind["decision"]["who"] == "Manager" and by_kind["draft"]["facts"]["without a source"] == ["Our reply."]
    assert by_kind["step"]["facts"]["request"] == {"said": "words of a step"}


def test_the_page_needs_nothing_and_runs_nothing(told: Database) -> None:
    page = taken(told, None, "html")
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    assert not re.search(r"<[^>]*(src|href)=", page)
    assert "Europe/Amsterdam" in page and "2 November 2026, 10:00:00" in page


def test_each_role_takes_what_it_may_see(told: Database) -> None:
    staff, manager = (json.loads(taken(told, role)) for role in (Role.STAFF, Role.MANAGER))
    kinds = {one["kind"] for one in staff["happenings"]}
    assert {"message", "decision", "delivery"} <= kinds and not {"run", "step", "audit"} & kinds
    assert staff["left_out"] == ["runs of the agents", "the words of their steps", "the audit log"]
    assert "words of a step" not in json.dumps(staff) and "words of a step" in json.dumps(manager)
    assert manager["left_out"] == [] and "audit" in {one["kind"] for one in manager["happenings"]}
    assert "runs of the agents" in taken(told, Role.STAFF, "html")
    with told.transaction() as session:
        ticket = session.get_one(Ticket, 1)
        ticket.assignee_id = 1
        session.add(ticket)
    own = json.loads(taken(told, Role.STAFF))
    assert "step" in {one["kind"] for one in own["happenings"]} and "words of a step" not in json.dumps(own)


def test_taking_it_is_noted_and_not_for_everybody(told: Database) -> None:
    taken(told, Role.STAFF)
    with told.transaction() as session:
        noted = session.exec(select(AuditEvent).where(AuditEvent.kind == "dossier_exported")).one()
        assert noted.actor == "user:1" and noted.ticket_id == 1
        gone = session.get_one(User, 1)
        gone.disabled_at = START
        session.add(gone)
    with pytest.raises(AccessError):
        taken(told, Role.STAFF)
    with pytest.raises(InputError, match="no ticket 9"):
        taken(told, None, ticket=9)
