"""Exercises made by the clock, now and then, for people who want reviewer signals.

One is made of a reply that a colleague sent word for word: right as it was, it gets one known defect. A defect that the desk's
own guards would stop is not taken, because it would test nobody.
"""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy import func
from sqlmodel import Session, col, select

from triage import audit, lastcheck, replies, workspace
from triage.accounts import access, reading
from triage.accounts.access import Permission
from triage.learning.metrics.real import REAL_DRAFT, REAL_TICKET
from triage.models import (
    Attachment,
    Decision,
    DecisionKind,
    Draft,
    Exercise,
    Message,
    Order,
    ReviewerConsent,
    Status,
    Ticket,
    User,
    now,
)
from triage.reviewing import copies, defects
from triage.reviewing.defects import Defect, Good, Stranger
from triage.seal import published_versions
from triage.settings import Settings

WAITS = timedelta(hours=24)
"""How long an exercise waits before it goes away by itself."""
DAYS = 60
_CANDIDATES = 200
_TRIED = 20  # of them, so that no writer waits long
_NAMES = ("Carla Lindqvist", "Jonas Okeke", "Mireille Tanaka", "Tomasz Ferreira")
RATE = "exercises_per_100"
MOST = 20
"""The most exercises among 100 decisions that can be set."""


def keep_up(session: Session, settings: Settings) -> str:
    """Let go what waited long enough, and make what is due."""
    gone = expire(session)
    rate = workspace.get(session, RATE)
    assert isinstance(rate, int | float)
    people = select(ReviewerConsent, User).join(User, col(User.id) == ReviewerConsent.user_id).order_by(col(User.id))
    due = [user for consent, user in session.exec(people).all() if rate > 0 and _is_due(session, user, consent, rate)]
    made = sum(make(session, settings, user) is not None for user in due)
    return f"{made} exercises made, {gone} gone"


def expire(session: Session) -> int:
    """Exercises that nobody decided go away, and count neither way."""
    old = session.exec(select(Exercise).where(Exercise.ended == "", col(Exercise.made_at) < now() - WAITS)).all()
    for exercise in old:
        exercise.ended, exercise.ended_at, exercise.shown = "expired", now(), {}
        session.add(exercise)
    return len(old)


def make(session: Session, settings: Settings, user: User, dice: random.Random | None = None) -> Exercise | None:
    """Put an exercise in this person's queue; None when one waits already or nothing suits."""
    session.get(User, user.id, with_for_update=True)  # so that two processes make one
    if copies.waiting(session, user):
        return None
    dice = dice or random.Random()
    for ticket, message, draft in islice(_suitable(session, user, dice), _TRIED):
        good = Good(draft.body, draft.sentences, ticket.language, _questions(draft), _stranger(session, dice))
        for defect in defects.put_in(good, dice):
            if not lastcheck.problems(session, settings, user, ticket, draft, defect.body):
                return _put_up(session, user, ticket, message, draft, defect)
    return None


def _is_due(session: Session, user: User, consent: ReviewerConsent, rate: float) -> bool:
    """Whether the person decided enough since the last one: 100 ÷ rate on average, half as many more or less by chance."""
    if not access.may(user, Permission.DECIDE_ROUTINE):
        return False
    last = session.exec(select(Exercise).where(Exercise.user_id == user.id).order_by(col(Exercise.id).desc()).limit(1)).first()
    since = last.made_at if last else consent.since
    decided = select(func.count()).select_from(Decision).where(Decision.user_id == user.id, col(Decision.created_at) > since)
    gap = 100 / rate * random.Random(f"{user.id}:{last.id if last else 0}").uniform(0.5, 1.5)
    return session.exec(decided).one() >= gap


def _suitable(session: Session, user: User, dice: random.Random) -> Iterator[tuple[Ticket, Message, Draft]]:
    """What colleagues sent word for word of late, in an order of chance: routine, one message without files, its sources as they were."""
    had = select(Exercise.source_id).where(Exercise.user_id == user.id)
    own = select(Decision.ticket_id).where(Decision.user_id == user.id)
    found = session.exec(
        select(Ticket, Draft)
        .join(Draft, col(Draft.ticket_id) == Ticket.id)
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .where(
            Decision.kind == DecisionKind.APPROVE, Decision.edit_distance == 0, col(Decision.undone_at).is_(None),
            col(Decision.created_at) > now() - timedelta(days=DAYS),
            Draft.kind == "reply", Draft.created_by == "agents", Draft.version == 1, Draft.approver == "staff",
            REAL_TICKET, REAL_DRAFT, Ticket.approver == "staff", Ticket.requester_email != "", col(Ticket.merged_into).is_(None),
            col(Ticket.id).not_in(had), col(Ticket.id).not_in(own),
        )
        .order_by(col(Decision.id).desc())
        .limit(_CANDIDATES)
    ).all()  # fmt: skip
    order = list(found)
    dice.shuffle(order)
    for ticket, draft in order:
        message = _only_message(session, ticket)
        if message and reading.reads(user, ticket.language) and _stands(session, draft):
            yield ticket, message, draft


def _only_message(session: Session, ticket: Ticket) -> Message | None:
    """The customer's message, where there is one and no file with it."""
    inbound = session.exec(select(Message).where(Message.ticket_id == ticket.id, Message.direction == "in").limit(2)).all()
    files = select(Attachment.id).join(Message).where(Message.ticket_id == ticket.id).limit(1)
    return inbound[0] if len(inbound) == 1 and session.exec(files).first() is None else None


def _stands(session: Session, draft: Draft) -> bool:
    """Whether all of a draft has its sources, in the versions that are published now."""
    supported = all(row.get("supported", True) for row in draft.sentences)
    return supported and published_versions(session, list(draft.article_versions)) == draft.article_versions


def _questions(draft: Draft) -> int:
    asked = draft.plan.get("questions")
    return len(asked) if isinstance(asked, list) else 0


def _stranger(session: Session, dice: random.Random) -> Stranger | None:
    """Somebody who is no customer, with an order that looks like one: nobody's data is given away to show that it may not be."""
    like = session.exec(select(Order.number).limit(1)).first()
    number = re.sub(r"\d", lambda _: str(dice.randrange(10)), like or "")
    return Stranger(dice.choice(_NAMES), number) if number and session.get(Order, number) is None else None


def _put_up(session: Session, user: User, ticket: Ticket, message: Message, draft: Draft, defect: Defect) -> Exercise:
    bare = Ticket(status=Status.EXERCISE, training=True)
    session.add(bare)
    session.flush()
    exercise = Exercise(
        user_id=user.id or 0, ticket_id=bare.id or 0, source_id=ticket.id or 0, defect=defect.kind, wrong=defect.wrong, right=defect.right,
        told=defect.told, shown=copies.of(ticket, message, draft, defect.body, replies.locate(defect.body, defect.sentences)),
    )  # fmt: skip
    session.add(exercise)
    session.flush()
    audit.append(session, "exercise.made", actor="clock", exercise=exercise.id, for_whom=user.id)
    return exercise
