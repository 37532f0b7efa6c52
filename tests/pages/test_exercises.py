"""An exercise on the review desk: like any ticket until it is decided, then told at once; and who sees what afterwards."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.pages.desk import html, open_small_desk, opened, person
from tests.reviewing.conftest import sent_by
from triage.learning.metrics.statistics import ENOUGH
from triage.models import Decision, Exercise, Outbox, Role
from triage.reviewing import consent, copies, making
from triage.reviewing.consent import Word


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    with open_small_desk(tmp_path / "home") as small:
        yield small


def put_up(desk: Any, word: Word = Word.OWN) -> Exercise:
    """What waits for the staff member, made of what the manager sent."""
    nadia, marco = person(desk, Role.STAFF), person(desk, Role.MANAGER)
    with desk.database.transaction() as session:
        consent.say(session, nadia, word)
        sent_by(session, desk.settings, marco)
        made = making.make(session, desk.settings, nadia, random.Random(1))
        assert made
        return made


def how_many(desk: Any) -> tuple[int, int]:
    with desk.database.read() as session:
        return len(session.exec(select(Outbox)).all()), len(session.exec(select(Decision)).all())


def test_approving_it_is_told_at_once_and_sends_nothing(desk: Any) -> None:
    made = put_up(desk)
    before = how_many(desk)
    page = opened(desk, "inbox.py", Role.STAFF, ticket=str(made.ticket_id))
    assert "How do I descale it?" in html(page) and made.wrong in html(page) and "exercise" not in html(page).lower()
    page.button(key="td_approve").click().run()
    assert not page.exception
    assert "This was an exercise, and this one got past you" in html(page) and made.right in html(page)
    assert how_many(desk) == before and not page.session_state["td_sent"]
    you = html(opened(desk, "you.py", Role.STAFF, part="signals"))
    assert "got past you" in you and "0 of 1 caught" in you


def test_rejecting_it_is_told_as_caught(desk: Any) -> None:
    made = put_up(desk)
    page = opened(desk, "inbox.py", Role.STAFF, ticket=str(made.ticket_id))
    page.button(key="td_reject").click().run()
    page.session_state[f"td_reject_why_{made.ticket_id}"] = "wrong facts"
    page.button(key="td_submit").click().run()
    assert not page.exception and "This was an exercise, and you caught it" in html(page)
    assert "1 of 1 caught" in html(opened(desk, "you.py", Role.STAFF, part="signals"))


def test_nobody_else_can_open_it(desk: Any) -> None:
    made = put_up(desk)
    for role in (Role.MANAGER, Role.ADMIN):
        said = html(opened(desk, "inbox.py", role, ticket=str(made.ticket_id)))
        assert "No such ticket" in said and made.wrong not in said


def test_managers_see_who_shares_and_a_share_only_of_enough(desk: Any) -> None:
    made = put_up(desk)
    nadia = person(desk, Role.STAFF)
    assert "Reviewer signals" not in html(opened(desk, "metrics.py", Role.MANAGER))
    with desk.database.transaction() as session:
        consent.say(session, nadia, Word.SHARED)
    shared = html(opened(desk, "metrics.py", Role.MANAGER))
    assert "Reviewer signals" in shared and "not enough data" in shared
    assert "Reviewer signals" not in html(opened(desk, "metrics.py", Role.STAFF))
    with desk.database.transaction() as session:
        for number in range(ENOUGH):
            bare = copies.ticket(made)
            bare.id = None
            session.add(bare)
            session.flush()
            session.add(
                Exercise(
                    user_id=nadia.id or 0, ticket_id=bare.id or 0, source_id=made.source_id, defect="figure", told="Wrong.",
                    ended="caught" if number % 3 else "missed",
                )
            )  # fmt: skip
    told = html(opened(desk, "metrics.py", Role.MANAGER))
    assert "67%" in told and "of 30" in told and "Wrong." not in told
    with desk.database.transaction() as session:
        consent.say(session, nadia, Word.OFF)
    assert "Reviewer signals" not in html(opened(desk, "metrics.py", Role.MANAGER))
