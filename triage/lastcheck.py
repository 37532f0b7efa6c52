"""The last look at a text before it may leave: the output guards again, on exactly what a person is about to send."""

from sqlmodel import Session, col, select

from triage import judging
from triage.accounts import access
from triage.accounts.access import Permission
from triage.agents.customers import customer_card
from triage.briefs import CustomerCard, Evidence, Paragraph, Reply, Sentence
from triage.errors import GuardError
from triage.guardrails import own_rules
from triage.guardrails.output import check_output
from triage.models import Draft, Message, Passage, Ticket, User
from triage.reviewing import copies
from triage.settings import Settings


def check(
    session: Session, settings: Settings, user: User, ticket: Ticket, draft: Draft, text: str, rules: judging.Rules
) -> None:
    """Raises GuardError, naming what must go, when the text holds what may not leave by these rules."""
    if stopped := problems(session, settings, user, ticket, draft, text, rules=rules):
        raise GuardError("This text may not be sent: " + " ".join(stopped) + " Change it, or escalate it, and try again.")


def problems(
    session: Session, settings: Settings, user: User, ticket: Ticket, draft: Draft, text: str, *, flags: bool = False,
    rules: judging.Rules | None = None,
) -> list[str]:  # fmt: skip
    """What the text holds that may not leave, a sentence each; with `flags`, also what is only worth a look. `draft` gives subject and sources; it may be one that is not stored.

    `rules` are the desk's, when they have just been read.

    Flags are otherwise the person's own judgement; a manager may promise what only people may grant, and send what a rule of the desk's own stops.
    """
    rules = rules or judging.Rules.load(session, settings)
    words = Sentence(text=text, kind="courtesy", passages=[])
    reply = Reply(subject=draft.subject, paragraphs=[Paragraph(style="text", sentences=[words])])
    checked = judging.output_check(
        reply, ticket, said_in(session, ticket), cited(session, draft), customer_of(session, ticket), rules, settings,
        language=ticket.language,
    )  # fmt: skip
    grants = ("promise", own_rules.PREFIX) if access.may(user, Permission.DECIDE_SENSITIVE) else ()
    said = check_output(checked)
    return [
        verdict.why or verdict.rule
        for verdict in said
        if (verdict.blocked or (flags and verdict.verdict == "flag")) and not verdict.rule.startswith(grants)
    ]


def said_in(session: Session, ticket: Ticket) -> str:
    """All that the customer wrote in this ticket."""
    if ticket.training:
        return copies.said(session, ticket.id or 0)
    inbound = session.exec(
        select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in").order_by(col(Message.id))
    )
    return "\n".join([ticket.subject, *inbound])


def customer_of(session: Session, ticket: Ticket) -> CustomerCard | None:
    """The record of the ticket's own customer; None unless their identity is verified."""
    owner = ticket.customer_id if ticket.identity == "verified" else None
    return customer_card(session, owner, ticket.id or 0) if owner else None


def cited(session: Session, draft: Draft) -> list[Evidence]:
    """The passages that a draft cites, as they are published."""
    ids = [str(citation["passage"]) for citation in draft.citations]
    rows = session.exec(select(Passage).where(col(Passage.id).in_(ids)))
    return [
        Evidence(id=row.id, article=row.article_id, version=row.version, title=row.title, heading=row.heading, text=row.text)
        for row in rows
    ]
