"""A settled matter is verified where its customer says so: by a kind last word that asks for nothing, or by a good rating."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.desks import say, ticket, waiting_draft
from triage import confirming, replies
from triage.database import Database
from triage.learning.metrics import BusinessHours, Window, compute
from triage.models import Episode, Message, Run, Status, Ticket, now

KIND = {"action": "answer", "sentiment": "positive", "questions": [], "missing": [], "requested_actions": []}


def written_again(session: Session, plan: dict[str, Any], *, answered: bool = True) -> Ticket:
    """A ticket whose customer was answered and wrote again, which the agents read so."""
    row = ticket(session, status=Status.AWAITING_APPROVAL)
    session.add(Run(id="r", ticket_id=row.id or 0, episode_id=row.episode_id, status="ended", started_at=now()))
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
        strict = compute(session, "resolution_strict", Window.last(1, BusinessHours()))
        assert (strict.numerator, strict.denominator) == (1 if how == "verified" else 0, 1)


def test_what_the_agents_read_before_the_last_word_says_nothing(database: Database) -> None:
    with database.transaction() as session:
        row = written_again(session, KIND)
        say(session, row, "Or so I thought: it leaks again.")
        assert not confirming.all_is_well(session, session.get_one(Episode, row.episode_id))


@pytest.mark.parametrize(("before", "after"), [("assumed", "verified"), ("closed", "verified"), ("merged", "merged")])
def test_a_later_word_verifies_what_was_settled(database: Database, before: str, after: str) -> None:
    with database.transaction() as session:
        episode = session.get_one(Episode, ticket(session).episode_id)
        confirming.confirm(session, episode)
        assert episode.resolution is None  # what is not settled cannot be confirmed
        episode.resolved_at, episode.resolution = now(), before
        confirming.confirm(session, episode)
        assert episode.resolution == after
