"""The last look at a text before it may leave: the output guards again, on exactly what a person is about to send."""

from sqlmodel import Session, col, select

from triage import judging
from triage.agents.customers import customer_card
from triage.briefs import Evidence
from triage.errors import GuardError
from triage.guardrails.output import check_output
from triage.models import Draft, Message, Passage, Ticket
from triage.settings import Settings


def check(session: Session, settings: Settings, ticket: Ticket, draft: Draft, text: str) -> None:
    """Raises GuardError, naming what must go, when the text holds what never leaves. Flags are the person's own judgement."""
    inbound = session.exec(
        select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in").order_by(col(Message.id))
    )
    owner = ticket.customer_id if ticket.identity == "verified" else None
    verdicts = check_output(
        judging.output_check(
            text, ticket_text="\n".join([ticket.subject, *inbound]), passages=_cited(session, draft),
            customer=customer_card(session, owner, ticket.id or 0) if owner else None, recipient=ticket.requester_email,
            language=ticket.language, hosts=judging.Rules.load(session, settings).allowed_link_hosts, unsupported=[],
        )
    )  # fmt: skip
    stopped = [verdict.why or verdict.rule for verdict in verdicts if verdict.blocked]
    if stopped:
        raise GuardError("This text may not be sent: " + "; ".join(stopped) + ". Change it and try again.")


def _cited(session: Session, draft: Draft) -> list[Evidence]:
    ids = [str(citation["passage"]) for citation in draft.citations]
    rows = session.exec(select(Passage).where(col(Passage.id).in_(ids)))
    return [
        Evidence(id=row.id, article=row.article_id, version=row.version, title=row.title, heading=row.heading, text=row.text)
        for row in rows
    ]
