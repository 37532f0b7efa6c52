"""Held messages hold themselves when the world changes, and scheduled ones leave at their time, once, or come back to a person."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from triage import approval, delivery, scheduling, workspace
from triage.database import Database
from triage.delivery import watching
from triage.errors import AccessError, ConflictError, InputError
from triage.models import (
    Article,
    ArticleVersion,
    AuditEvent,
    Customer,
    Decision,
    DecisionKind,
    Draft,
    Outbox,
    Role,
    Status,
    Ticket,
    User,
    clock_at,
    now,
)
from triage.settings import Settings


class Post:
    """What delivery needs of a desk, noting what it enqueues."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.enqueued = database, settings, Enqueued()
        self.enqueue = recorder_of(self.enqueued)


@pytest.fixture
def post(database: Database, settings: Settings) -> Post:
    return Post(database, settings)


def approved(post: Post, *, at: datetime | None = None, **draft: Any) -> tuple[int, int, int]:
    """(decision, outbox, approver) of a reply that staff approved, to be sent at `at`."""
    with post.database.transaction() as session:
        waiting = waiting_draft(session, ticket(session), **draft)
        user = person(session)
        decision = approval.decide(
            session, post.enqueue, post.settings, user, waiting.id or 0, kind=DecisionKind.APPROVE, seal=waiting.seal
        )
        if at:
            scheduling.schedule(session, post.enqueue, user, decision.id or 0, at)
        outbox = session.exec(select(Outbox).where(Outbox.decision_id == decision.id)).one()
        return decision.id or 0, outbox.id or 0, user.id or 0


def mails(post: Post) -> int:
    folder = post.settings.home / "mail" / "sent" / "new"
    return len(list(folder.iterdir())) if folder.exists() else 0


def waits_again(post: Post, why: str) -> None:
    """The message was taken back with this reason, its text waits as a new version, and nothing was sent."""
    with post.database.read() as session:
        row = session.exec(select(Ticket)).one()
        newest = session.get_one(Draft, row.draft_id)
        assert newest.version == 2 and newest.status == "waiting" and why in newest.cause
        assert session.exec(select(Outbox)).one().status == "cancelled"
        assert session.exec(select(Decision)).one().undone_at is not None
    assert mails(post) == 0


def customer_writes(session: Session) -> None:
    say(session, session.exec(select(Ticket)).one(), "Never mind, it is solved.")


def guard_fires(session: Session) -> None:
    admin = person(session, Role.ADMIN, "Ines")
    rule = {"name": "Recall", "stage": "output", "effect": "escalate", "phrases": ["clearcal"]}
    workspace.put(session, "own_rules", [rule], user_id=admin.id or 0)


def article_changes(session: Session) -> None:
    article = session.get_one(Article, "care")
    session.add(ArticleVersion(article_id="care", number=2, title="Care", body="Other words.", author="system"))
    article.published_version = 2
    session.add(article)


def approver_leaves(session: Session) -> None:
    session.exec(select(User)).one().disabled_at = now()


def approver_becomes_a_trainee(session: Session) -> None:
    session.exec(select(User)).one().trainee = True


def it_becomes_a_managers(session: Session) -> None:
    session.exec(select(Ticket)).one().approver = "manager"


def _cited(session: Session) -> dict[str, Any]:
    session.add(Article(id="care", title="Care", category="", audience="public", published_version=1))
    session.flush()
    session.add(ArticleVersion(article_id="care", number=1, title="Care", body="Use ClearCal.", author="system"))
    session.flush()
    return {"citations": [{"passage": "care#1", "article": "care", "version": 1, "title": "Care"}]}


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (customer_writes, "the customer wrote again"),
        (guard_fires, "a guard stops it"),
        (article_changes, "cited as version 1"),
        (approver_leaves, "may not decide it any more"),
        (approver_becomes_a_trainee, "may not decide it any more"),
        (it_becomes_a_managers, "may not decide it any more"),
    ],
)
async def test_a_held_message_holds_itself(post: Post, change: Any, why: str, *, scheduled: bool) -> None:
    with post.database.transaction() as session:
        cited = _cited(session)
    at = now() + timedelta(hours=2)
    _, outbox_id, _ = approved(post, at=at if scheduled else None, **cited)
    with post.database.transaction() as session:
        change(session)
    with clock_at(at + timedelta(seconds=1)):
        assert await delivery.deliver(post, outbox_id) == "nothing to do"
    waits_again(post, why)


async def test_a_scheduled_message_leaves_at_its_time_and_once(post: Post) -> None:
    at = now() + timedelta(days=3)
    decision, outbox_id, _ = approved(post, at=at)
    assert await delivery.deliver(post, outbox_id) == "nothing to do"  # the end of the time to undo comes before it
    assert mails(post) == 0
    with clock_at(at):
        assert [await delivery.deliver(post, outbox_id) for _ in range(3)] == ["sent", "nothing to do", "nothing to do"]
    assert mails(post) == 1
    with post.database.transaction() as session, pytest.raises(ConflictError, match="too late"):
        scheduling.schedule(session, post.enqueue, session.exec(select(User)).one(), decision, now() + timedelta(hours=1))


async def test_moving_it_leaves_the_former_time_without_effect(post: Post) -> None:
    first, second = now() + timedelta(hours=1), now() + timedelta(hours=5)
    decision, outbox_id, user_id = approved(post, at=first)
    with post.database.transaction() as session:
        scheduling.schedule(session, post.enqueue, session.get_one(User, user_id), decision, second)
    with clock_at(first):
        assert await delivery.deliver(post, outbox_id) == "nothing to do"
    with clock_at(second):
        assert await delivery.deliver(post, outbox_id) == "sent"
    assert len({key for kind, key, _ in post.enqueued if kind == "deliver"}) == 3  # each time is a piece of work of its own


async def test_it_can_be_taken_back_or_sent_at_once(post: Post) -> None:
    decision, outbox_id, user_id = approved(post, at=now() + timedelta(days=1))
    with post.database.transaction() as session:
        scheduling.send_now(session, post.enqueue, session.get_one(User, user_id), decision, 20.0)
    assert await delivery.deliver(post, outbox_id) == "sent"


def test_undo_takes_a_scheduled_message_back(post: Post) -> None:
    decision, _, user_id = approved(post, at=now() + timedelta(days=1))
    with post.database.transaction() as session:
        approval.undo(session, session.get_one(User, user_id), decision)
    waits_again(post, "undone")


def test_who_and_when(post: Post) -> None:
    decision, _, user_id = approved(post)
    with post.database.transaction() as session:
        other, manager = person(session, name="Sam"), person(session, Role.MANAGER, "Omar")
        with pytest.raises(AccessError, match="or a manager"):
            scheduling.schedule(session, post.enqueue, other, decision, now() + timedelta(hours=1))
        for moment in (now() - timedelta(seconds=1), now() + timedelta(days=91)):
            with pytest.raises(InputError, match="in the future"):
                scheduling.schedule(session, post.enqueue, session.get_one(User, user_id), decision, moment)
        scheduling.schedule(session, post.enqueue, manager, decision, now() + timedelta(hours=1))
        assert session.exec(select(AuditEvent).where(AuditEvent.kind == "scheduled")).one().actor == manager.actor


def test_the_clock_brings_changed_ones_back_and_wakes_lost_ones(post: Post) -> None:
    at = now() + timedelta(days=2)
    _, outbox_id, _ = approved(post, at=at)
    desk = cast(Any, SimpleNamespace(database=post.database, settings=post.settings, enqueue=post.enqueue))
    assert watching.look(desk) == "1 messages wait for their time, 0 went back to a person"
    with clock_at(at):
        watching.look(desk)
    assert post.enqueued[-1][0] == "deliver" and post.enqueued[-1][2] == (outbox_id,)
    with post.database.transaction() as session:
        customer_writes(session)
    assert watching.look(desk).endswith("1 went back to a person")
    waits_again(post, "the customer wrote again")
    with post.database.read() as session:
        assert session.exec(select(Ticket)).one().status == Status.REOPENED


def test_a_message_that_cannot_be_looked_at_keeps_nobody_from_looking_at_the_next(post: Post) -> None:
    at = now() + timedelta(days=2)
    with post.database.transaction() as session:
        user = person(session)
        for _ in range(2):
            waiting = waiting_draft(session, ticket(session))
            decision = approval.decide(
                session, post.enqueue, post.settings, user, waiting.id or 0, kind=DecisionKind.APPROVE, seal=waiting.seal
            )
            scheduling.schedule(session, post.enqueue, user, decision.id or 0, at)
    with post.database.transaction() as session:
        broken, sound = session.exec(select(Outbox).order_by(col(Outbox.id))).all()
        broken.body = "Not what was approved."
        say(session, session.get_one(Ticket, sound.ticket_id), "Never mind, it is solved.")
    desk = cast(Any, SimpleNamespace(database=post.database, settings=post.settings, enqueue=post.enqueue))
    assert watching.look(desk).endswith("1 went back to a person")
    assert mails(post) == 0


def test_the_customers_morning_is_theirs(post: Post) -> None:
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    with post.database.transaction() as session, clock_at(friday):
        customer = Customer(external_id="c", name="Kim", email="kim@customer.example", country="NZ")
        session.add(customer)
        session.flush()
        row = ticket(session, customer_id=customer.id)
        assert scheduling.business_morning(session, row).astimezone(ZoneInfo("Pacific/Auckland")) == datetime(
            2026, 3, 9, 9, tzinfo=ZoneInfo("Pacific/Auckland")
        )
        customer.country = "Atlantis"  # the team's own morning
        session.add(customer)
        assert scheduling.business_morning(session, row) == datetime(2026, 3, 9, 8, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Africa/Cairo"]),
)
def test_a_morning_is_the_next_nine_oclock_of_a_working_day(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    found = scheduling.next_opening(moment, zone)
    local = found.astimezone(zone)
    assert (local.hour, local.minute) == (9, 0) and local.weekday() < 5
    assert moment < found <= moment + timedelta(days=3, hours=2)


async def test_send_now_gives_the_whole_moment_to_undo_even_right_after_the_approval(post: Post) -> None:
    decision, outbox, user = approved(post, at=now() + timedelta(days=1))
    pressed = now() + timedelta(seconds=15)
    with clock_at(pressed), post.database.transaction() as session:
        scheduling.send_now(session, post.enqueue, session.get_one(User, user), decision, post.settings.undo_seconds)
    with clock_at(now() + timedelta(seconds=20.5)):  # when the approval alone would have been sent
        assert await delivery.deliver(post, outbox) == "nothing to do" and mails(post) == 0
    with clock_at(pressed + timedelta(seconds=20.5)):
        assert await delivery.deliver(post, outbox) == "sent" and mails(post) == 1
