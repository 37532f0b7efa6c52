"""A flood of one sender: past the hour's limit messages are set aside, each kept and shown, for a person to let in."""

from datetime import timedelta

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from triage import workspace
from triage.database import direct
from triage.intake.message import Incoming
from triage.models import GuardVerdict, Message, QuarantineReason, now
from triage.settings import Settings

RULE = "flood"
HOUR = timedelta(hours=1)
_FEW = 10  # nobody's limit is lower: ordinary senders cost one look into an index
_MOST = 100_000

_LATELY = select(func.count()).select_from(
    select(Message.id)
    .where(
        Message.author_email == bindparam("sender"),
        col(Message.created_at) > bindparam("since"),
        Message.direction == "in",
    )
    .limit(_MOST)
    .subquery()
)


def judged(session: Session, incoming: Incoming, settings: Settings) -> Incoming:
    """The message, marked for quarantine when its sender wrote more than the limit in the hour before."""
    if not incoming.sender_email or incoming.quarantine is not None:
        return incoming
    lately = {"sender": incoming.sender_email, "since": now() - HOUR}
    [count] = direct.first(session, _LATELY, lately)
    if count < _FEW or not 0 < (limit := _limit(session, settings)) <= count:
        return incoming
    problem = f"Its sender wrote {count:,} messages in the hour before; {limit:,} are taken in without asking."
    return incoming.model_copy(update={"quarantine": QuarantineReason.FLOOD, "problem": problem})


def tell(session: Session, ticket_id: int, why: str) -> None:
    """Keep that the rule fired, for the figures of the Guardrails screen."""
    session.add(
        GuardVerdict(
            ticket_id=ticket_id,
            stage="input",
            rule=RULE,
            verdict="block",
            findings=[{"kind": RULE, "why": why}],
            created_at=now(),
        )
    )


def _limit(session: Session, settings: Settings) -> int:
    changed = workspace.get(session, "limits")
    return int(changed.get("sender_hour_messages", settings.sender_hour_messages)) if isinstance(changed, dict) else 0
