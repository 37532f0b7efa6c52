"""The demo's past obeys the rules of the real flow."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, func, select

from tests.learning.conftest import NOW, fill
from triage.database import Database
from triage.demo.history import seed_history
from triage.errors import InputError
from triage.learning.metrics import Window, compute
from triage.models import (
    Article,
    Customer,
    Decision,
    Draft,
    Episode,
    EscalationReason,
    Message,
    Outbox,
    Passage,
    Run,
    RunStep,
    Ticket,
    User,
)


def test_history_is_marked_and_made_once(empty: Database) -> None:
    with empty.transaction() as session:
        assert fill(session) == 260
    with empty.transaction() as session:
        assert seed_history(session, until=NOW) == 0
        assert all(str(t.source_id).startswith("demo-history-") and t.status == "resolved" for t in session.exec(select(Ticket)))


def test_history_needs_customers(empty: Database) -> None:
    with empty.transaction() as session, pytest.raises(InputError, match="customers"):
        seed_history(session, until=NOW)


def test_drafts_cite_the_published_articles(empty: Database) -> None:
    with empty.transaction() as session:
        session.add(Article(id="return-an-order", published_version=3, status="published"))
        session.flush()
        session.add_all(
            Passage(
                id=f"return-an-order#{n}",
                article_id="return-an-order",
                version=3,
                ordinal=n,
                title="Return an order",
                text=f"Part {n}",
            )
            for n in (1, 2)
        )
        session.flush()
        fill(session)
        cited = [d for d in session.exec(select(Draft)) if "return-an-order" in d.article_versions]
        assert cited and all(d.article_versions == {"return-an-order": 3} for d in cited)
        assert {str(d.citations[0]["text"]) for d in cited} == {"Part 1"}


def test_history_is_the_same_every_time(empty: Database, session: Session) -> None:
    with empty.transaction() as other:
        fill(other)
        query = select(Decision.created_at, Decision.edit_distance).order_by(col(Decision.id))
        assert list(other.exec(query)) == list(session.exec(query))


def test_what_was_delivered_was_approved_by_somebody_who_may(session: Session) -> None:
    rows = session.exec(
        select(Outbox, Decision, Draft, User)
        .join(Decision, col(Decision.id) == col(Outbox.decision_id))
        .join(Draft, col(Draft.id) == col(Decision.draft_id))
        .join(User, col(User.id) == col(Decision.user_id))
    ).all()
    assert len(rows) == session.exec(select(func.count()).select_from(Outbox)).one() > 250
    for outbox, decision, draft, user in rows:
        assert (outbox.status, decision.kind, draft.status) == ("sent", "approve", "approved")
        assert outbox.body == decision.body and decision.seal == draft.seal and outbox.recipient == draft.recipient
        assert draft.approver == "staff" or user.role == "manager"
        assert outbox.send_after > decision.created_at >= draft.created_at
        assert outbox.sent_at and outbox.sent_at >= outbox.send_after
        assert all(str(draft.sentences[n]["text"]) in decision.body for n in decision.acknowledged)


def test_no_draft_waits_and_every_kind_of_decision_left_its_mark(session: Session) -> None:
    decided = {decision.draft_id: decision for decision in session.exec(select(Decision))}
    for draft in session.exec(select(Draft)):
        assert draft.status in ("approved", "rejected", "superseded")
        if draft.status != "superseded":
            assert decided[draft.id or 0].kind in ("approve", "reject")
        for sentence in draft.sentences:
            assert draft.body[sentence["start"] : sentence["end"]] == sentence["text"]  # type: ignore[misc]
    assert {decision.kind for decision in decided.values()} == {"approve", "reject", "request_changes"}
    assert all(d.comment for d in decided.values() if d.kind == "request_changes")
    assert all(d.reason for d in decided.values() if d.kind == "reject")


def test_times_run_forward(session: Session) -> None:
    for episode in session.exec(select(Episode)):
        moments = [episode.started_at, episode.draft_ready_at, episode.first_reply_at, episode.resolved_at]
        known = [moment for moment in moments if moment]
        assert known == sorted(known) and known[-1] <= NOW
        assert (episode.escalated_at is None) == (episode.escalation_reason is None)
        assert episode.escalation_reason is None or EscalationReason(episode.escalation_reason)
        sent = session.exec(
            select(func.count()).where(col(Message.episode_id) == episode.id, col(Message.direction) == "out")
        ).one()
        assert sent == episode.replies


def test_tickets_point_at_their_newest_rows(session: Session) -> None:
    for ticket in session.exec(select(Ticket)):
        newest = session.exec(select(func.max(Message.created_at)).where(Message.ticket_id == ticket.id)).one()
        head = session.get_one(Message, ticket.thread_head)
        assert head.created_at == newest
        assert session.get_one(Episode, ticket.episode_id).ticket_id == ticket.id
        versions = session.exec(select(Draft.version).where(Draft.ticket_id == ticket.id).order_by(col(Draft.version))).all()
        assert list(versions) == list(range(1, len(versions) + 1))


def test_the_offline_engine_cost_nothing(session: Session) -> None:
    assert session.exec(select(func.sum(Run.cost_usd))).one() == 0
    assert set(session.exec(select(RunStep.name).where(RunStep.kind == "model"))) == {"offline"}


def test_figures_are_believable(session: Session, window: Window) -> None:
    def value(name: str) -> float:
        return compute(session, name, window).value or 0.0

    assert 0.55 < value("assisted_resolution") < 0.85
    assert 0.05 < value("escalation_rate") < 0.25
    assert 0.45 < value("accepted_as_is") < 0.8
    assert 0 < value("unsupported_at_send") < value("unsupported_at_draft") < 0.08
    assert value("first_reply_assisted") < value("first_reply_people")
    assert value("autonomous_resolution") == 0
    weekend = [e.started_at for e in session.exec(select(Episode)) if e.started_at.astimezone(UTC).weekday() >= 5]
    assert 0 < len(weekend) < 60
    assert session.exec(select(Customer)).first() and datetime(2026, 10, 4, tzinfo=UTC) < min(weekend)
