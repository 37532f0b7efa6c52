"""A settled matter is verified where its customer says so, by a kind last word that asks for nothing or by a good rating; or by a second model."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.desks import say, ticket, waiting_draft
from triage import confirming, replies
from triage.database import Database
from triage.learning.metrics import BusinessHours, Window, compute, slices
from triage.models import Episode, Message, Run, Status, Ticket, now

KIND = {"action": "answer", "sentiment": "positive", "questions": [], "missing": [], "requested_actions": []}


def written_again(session: Session, plan: dict[str, Any], *, answered: bool = True) -> Ticket:
    """A ticket whose customer was answered and wrote again, which the agents read so."""
    row = ticket(session, status=Status.AWAITING_APPROVAL)
    session.add(Run(id=f"r{row.id}", ticket_id=row.id or 0, episode_id=row.episode_id, status="ended", started_at=now()))
    if answered:
        session.add(Message(ticket_id=row.id or 0, episode_id=row.episode_id, direction="out", body="Hold the button."))
        session.flush()
    say(session, row, "It works, thank you!")
    waiting_draft(session, row, plan=plan, thread_head=row.thread_head)
    return row


@pytest.mark.parametrize(
    ("plan", "answered", "how"),
    [
        (KIND, True, "verified"),
        (KIND, False, "closed"),
        ({**KIND, "questions": ["How often do I descale it?"]}, True, "closed"),
        ({**KIND, "requested_actions": [{"action": "refund"}]}, True, "closed"),
        ({**KIND, "sentiment": "neutral"}, True, "closed"),
        ({**KIND, "action": "escalate"}, True, "closed"),
        ({}, True, "closed"),
    ],
)
def test_a_kind_last_word_verifies(database: Database, plan: dict[str, Any], answered: bool, how: str) -> None:
    with database.transaction() as session:
        row = written_again(session, plan, answered=answered)
        replies.resolve(session, row, actor="user:1", how="closed")
        episode = session.get_one(Episode, row.episode_id)
        assert episode.resolution == how and episode.resolved_at is not None
        assert episode.confirmed_by == ("customer" if how == "verified" else "")
        strict = compute(session, "resolution_strict", Window.last(1, BusinessHours()))
        assert (strict.numerator, strict.denominator) == (1 if how == "verified" else 0, 1)


def test_what_the_agents_read_before_the_last_word_says_nothing(database: Database) -> None:
    with database.transaction() as session:
        row = written_again(session, KIND)
        say(session, row, "Or so I thought: it leaks again.")
        assert not confirming.all_is_well(session, session.get_one(Episode, row.episode_id))


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        (("assumed", ""), "rating", ("verified", "rating")),
        (("closed", ""), "rating", ("verified", "rating")),
        (("merged", ""), "rating", ("merged", "")),
        (("assumed", ""), "model", ("verified", "model")),
        (("verified", "model"), "rating", ("verified", "rating")),
        (("verified", "customer"), "rating", ("verified", "customer")),
    ],
)
def test_a_later_word_verifies_what_was_settled(
    database: Database, before: tuple[str, str], by: str, after: tuple[str, str]
) -> None:
    with database.transaction() as session:
        episode = session.get_one(Episode, ticket(session).episode_id)
        confirming.confirm(session, episode, by)
        assert episode.resolution is None  # what is not settled cannot be confirmed
        episode.resolved_at, (episode.resolution, episode.confirmed_by) = now(), before
        confirming.confirm(session, episode, by)
        assert (episode.resolution, episode.confirmed_by) == after


@pytest.mark.parametrize(("by", "after"), [("model", ("assumed", "")), ("customer", ("verified", "customer"))])
def test_a_customer_who_is_not_content_outweighs_a_model(database: Database, by: str, after: tuple[str, str]) -> None:
    with database.transaction() as session:
        episode = session.get_one(Episode, ticket(session).episode_id)
        episode.resolved_at, episode.resolution, episode.confirmed_by = now(), "verified", by
        confirming.object_to(session, episode)
        assert (episode.resolution, episode.confirmed_by) == after


def test_what_verified_it_is_told_apart(database: Database) -> None:
    with database.transaction() as session:
        for by in ("customer", "rating", "model", "model"):
            row = written_again(session, KIND)
            episode = session.get_one(Episode, row.episode_id)
            episode.resolved_at, episode.resolution, episode.confirmed_by = now(), "verified", by
        session.flush()
        parts = slices(session, "resolution_strict", Window.last(1, BusinessHours()), by="source")
        assert {part.label: part.figure.numerator for part in parts} == {
            "a second model": 2, "a rating of 4 or 5": 1, "the customer's last word": 1,
        }  # fmt: skip
