"""The last look at a text before it may leave: the output guards again, on exactly what a person is about to send."""

from sqlmodel import Session, col, select

from triage import judging
from triage.accounts import access
from triage.accounts.access import Permission
from triage.agents.customers import customer_card
from triage.briefs import Evidence, Paragraph, Reply, Sentence
from triage.errors import GuardError
from triage.guardrails.output import check_output
from triage.models import Draft, Message, Passage, Ticket, User
from triage.settings import Settings


def check(session: Session, settings: Settings, user: User, ticket: Ticket, draft: Draft, text: str) -> None:
    """Raises GuardError, naming what must go, when the text holds what may not leave.

    Flags are the person's own judgement, and a manager may promise what only people may grant.
    """
    inbound = session.exec(
        select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in").order_by(col(Message.id))
    )
    owner = ticket.customer_id if ticket.identity == "verified" else None
    customer = customer_card(session, owner, ticket.id or 0) if owner else None
    said, rules = "\n".join([ticket.subject, *inbound]), judging.Rules.load(session, settings)
    words = Sentence(text=text, kind="courtesy", passages=[])
    reply = Reply(subject=draft.subject, paragraphs=[Paragraph(style="text", sentences=[words])])
    checked = judging.output_check(
        reply, ticket, said, _cited(session, draft), customer, rules, settings, language=ticket.language
    )
    grants = {"promise"} if access.may(user, Permission.DECIDE_SENSITIVE) else set()
    stopped = [verdict.why or verdict.rule for verdict in check_output(checked) if verdict.blocked and verdict.rule not in grants]
    if stopped:
        raise GuardError("This text may not be sent: " + " ".join(stopped) + " Change it, or escalate it, and try again.")


def _cited(session: Session, draft: Draft) -> list[Evidence]:
    ids = [str(citation["passage"]) for citation in draft.citations]
    rows = session.exec(select(Passage).where(col(Passage.id).in_(ids)))
    return [
        Evidence(id=row.id, article=row.article_id, version=row.version, title=row.title, heading=row.heading, text=row.text)
        for row in rows
    ]
