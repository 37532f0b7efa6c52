"""Work with drafts beside people alone, and what it is meant to reach."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from triage.database import Database
from triage.learning.metrics import Counts, Filters, Window, baselines, claims, compute, tickets, wording
from triage.models import Decision, Draft, Episode, Run, Ticket, User, clock_at

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Amsterdam
WEEK = Window(datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 8, 23, tzinfo=UTC))


def solve(session: Session, category: str, minutes: float, *, by: str, count: int, rating: int | None = None) -> None:
    """Tickets of a category that were resolved after about so many business minutes, by a draft of agents or of people."""
    for number in range(count):
        ticket = Ticket(subject="Hours", status="resolved", category=category, language="en")
        session.add(ticket)
        session.flush()
        resolved = MONDAY + timedelta(minutes=minutes, seconds=number)
        episode = Episode(
            ticket_id=ticket.id or 0, started_at=MONDAY, category=category, language="en", first_reply_at=resolved, resolved_at=resolved,
            resolution="closed", replies=1, csat=rating,
        )  # fmt: skip
        session.add(episode)
        session.flush()
        of = {"ticket_id": episode.ticket_id, "episode_id": episode.id or 0}
        run = Run(**of, status="ended", started_at=MONDAY, ended_at=MONDAY) if by == "agents" else None
        if run:
            session.add(run)
            session.flush()
        draft = Draft(**of, run_id=run.id if run else None, status="approved", created_by=by, created_at=MONDAY, body="At nine.")
        session.add(draft)
        session.flush()
        distance = 0.0 if by == "agents" else None
        session.add(
            Decision(draft_id=draft.id or 0, **of, user_id=1, kind="approve", seal="", body="At nine.", edit_distance=distance)
        )


@pytest.fixture
def desk(empty: Database) -> Iterator[Session]:
    """Drafts halve the time of either matter, but most of them are about the one that takes long."""
    with empty.transaction() as session:
        session.add(User(id=1, email="a@larkfield.example", name="Ada"))
        session.flush()
        solve(session, "advice", 20, by="user", count=80, rating=4)
        solve(session, "repair", 200, by="user", count=40, rating=4)
        solve(session, "advice", 10, by="agents", count=40, rating=5)
        solve(session, "repair", 100, by="agents", count=80, rating=5)
    with empty.read() as session:
        yield session


def test_the_change_is_that_of_the_same_mix_of_matters(desk: Session) -> None:
    whole, *rows = baselines(desk, WEEK)
    assert (whole.assisted.value or 0) > (whole.people.value or 0)  # which would say that drafts take longer
    assert whole.change == pytest.approx(-0.5, abs=0.01)
    assert whole.low is not None and whole.high is not None and whole.low <= (whole.change or 0) <= whole.high < -0.49
    assert {row.category: round(row.change or 0, 1) for row in rows} == {"advice": -0.5, "repair": -0.5}
    assert {row.category: (row.people.numerator, row.assisted.numerator) for row in rows} == {
        "advice": (80, 40),
        "repair": (40, 80),
    }


def test_claims_stand_on_figures_whose_tickets_open(desk: Session) -> None:
    found = {claim.name: claim for claim in claims(desk, WEEK)}
    assert {name: (claim.target, claim.reached, claim.surely) for name, claim in found.items()} == {
        "without_rework": (0.6, True, True),
        "faster": (-0.4, True, True),
        "rating": (4.2, True, True),
    }
    for claim in found.values():
        assert claim.with_drafts == compute(desk, claim.assisted, WEEK)
        assert len(tickets(desk, claim.assisted, WEEK)) == claim.with_drafts.numerator
        assert claim.alone == (compute(desk, claim.people, WEEK) if claim.people else None)
    assert found["rating"].value == 5 and found["rating"].alone and found["rating"].alone.value == 4


def test_too_few_cases_claim_nothing(desk: Session) -> None:
    for claim in claims(desk, WEEK, Filters(category="press")):
        assert (claim.value, claim.reached, claim.surely) == (None, None, False)
        assert wording.reached(claim) == "not enough data"


def test_counted_days_claim_what_the_tables_do(past: Database) -> None:
    with clock_at(NOW), past.read() as session:
        window = Window.last(30, Counts(session).hours)
        part = Window(window.start + timedelta(hours=1), window.end)  # no whole days: asked from the tables
        assert [claim.name for claim in claims(session, part)] == ["without_rework", "faster", "rating"]
        assert claims(session, window) == claims(Counts(session, rollups=False), window)


def test_words_of_claims(desk: Session) -> None:
    said = [
        f"{wording.claimed(c.unit, c.target)} {wording.claimed(c.unit, c.value)} {wording.reached(c)}" for c in claims(desk, WEEK)
    ]
    assert said[0] == "60.0% 100.0% yes"
    assert said[1] == "−40% −50% yes"
    assert said[2] == "4.2 of 5 5.0 of 5 yes"
