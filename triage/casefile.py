"""What the desk knows of a ticket when the agents begin: read once, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col

from knowledge_base.articles import languages_of
from triage.briefs import CategoryCard, EarlierMessage, TicketBrief
from triage.database import direct
from triage.models import Attachment, Category, Decision, Draft, Message, Run, Ticket, User

EARLIER_MESSAGES = 6
_MOST_UNANSWERED = 20

# Statements of every run, built once and read as plain rows: building one costs as much as running it, and objects twice that.
_MESSAGES = (
    columns(
        col(Message.id), col(Message.direction), col(Message.subject), col(Message.body), col(Message.hidden),
        col(Message.language), col(Message.duplicate_of),
    ).where(col(Message.ticket_id) == bindparam("ticket_id")).order_by(col(Message.id))
)  # fmt: skip
_ATTACHMENTS = (
    columns(col(Attachment.filename), col(Attachment.text))
    .where(col(Attachment.message_id) == bindparam("message_id"))
    .order_by(col(Attachment.id))
)
_CATEGORIES = columns(
    col(Category.slug), col(Category.title), col(Category.description), col(Category.default_priority), col(Category.team)
).order_by(col(Category.slug))


@dataclass(frozen=True)
class CaseFile:
    """One ticket as the agents and guards see it; `instruction` and `former` are a person's request for changes."""

    run_id: str
    cause: str
    ticket: Ticket
    brief: TicketBrief
    hidden: str
    attachment_texts: list[str]
    thread_head: int | None
    categories: list[CategoryCard]
    teams: dict[str, str]
    """The group of each category that has one."""
    languages: list[str]
    """Those of the published articles, the one of most articles first."""
    instruction: str = ""
    instructed_by: str = ""
    former: Draft | None = None
    unanswered: tuple[str, ...] = ()
    """What else the customer wrote since our last reply: guarded like the newest message, which alone is the brief's body."""

    @property
    def said(self) -> str:
        """All that the customer wrote in this ticket."""
        earlier = [message.body for message in self.brief.earlier if message.direction == "in"]
        return "\n".join([self.brief.subject, *earlier, self.brief.body])


def open_case(
    session: Session, run: Run, decision_id: int | None, *, body_limit: int, thread_head: int | None = None
) -> CaseFile:
    """Read everything that one run needs. `decision_id` is a person's request for changes, with its comment.

    With `thread_head`, the conversation as it stood when that was its last message.
    """
    ticket = session.get_one(Ticket, run.ticket_id)
    messages = direct.rows(session, _MESSAGES, {"ticket_id": ticket.id})
    messages = [m for m in messages if thread_head is None or (m.id or 0) <= thread_head]
    newest = next((m for m in reversed(messages) if m.direction == "in"), None)
    attachments = direct.rows(session, _ATTACHMENTS, {"message_id": newest.id}) if newest else []
    decision = session.get(Decision, decision_id) if decision_id else None
    categories = direct.rows(session, _CATEGORIES)
    brief = TicketBrief(
        ticket_id=run.ticket_id,
        subject=ticket.subject,
        body=newest.body[:body_limit] if newest else "",
        channel=ticket.channel,
        language=newest.language if newest else "",
        requester_name=ticket.requester_name,
        verified=ticket.identity == "verified",
        earlier=[_earlier(m) for m in messages if m.direction != "note" and (newest is None or m.id != newest.id)][
            -EARLIER_MESSAGES:
        ],
        attachments=[a.filename for a in attachments],
    )
    return CaseFile(
        run_id=run.id,
        cause=run.cause,
        ticket=ticket,
        brief=brief,
        hidden=newest.hidden if newest else "",
        attachment_texts=[a.text for a in attachments if a.text],
        thread_head=thread_head or ticket.thread_head,
        categories=[_category(c) for c in categories],
        teams={c.slug: c.team for c in categories if c.team},
        languages=languages_of(session),
        instruction=decision.comment if decision else "",
        instructed_by=session.get_one(User, decision.user_id).name if decision else "",
        former=session.get(Draft, decision.draft_id) if decision else None,
        unanswered=_unanswered(messages, newest, body_limit),
    )


def _unanswered(messages: Sequence[Any], newest: Any, body_limit: int) -> tuple[str, ...]:
    """Inbound messages after the last outbound one, the newest left out; hidden text counts as written."""
    ours = max((index for index, message in enumerate(messages) if message.direction == "out"), default=-1)
    others = [
        m
        for m in messages[ours + 1 :]
        if m.direction == "in" and newest is not None and m.id != newest.id and m.duplicate_of is None
    ]
    return tuple(f"{m.subject}\n{m.body}\n{m.hidden}"[:body_limit] for m in others[-_MOST_UNANSWERED:])


def _earlier(message: Any) -> EarlierMessage:
    direction = message.direction if message.direction in ("in", "out", "note") else "in"
    return EarlierMessage(direction=direction, body=message.body[:4_000])


def _category(category: Any) -> CategoryCard:
    return CategoryCard(
        slug=category.slug, title=category.title, description=category.description, default_priority=category.default_priority
    )
