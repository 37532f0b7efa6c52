"""Word to the team when agents got something wrong, and to whoever wrote a reply when it was decided otherwise."""

from sqlmodel import Session

from triage.models import Decision, Draft, Ticket, User
from triage.notifications.telling import name_of, tell, tell_team


def rejected(session: Session, user: User, ticket: Ticket, draft: Draft, decision: Decision) -> None:
    """A draft was rejected."""
    said = f"{user.name} rejected the draft: {decision.reason}" + (f", {decision.comment}" if decision.comment else "")
    if (writer := _writer(draft)) is None:
        tell_team(session, ticket, "wrong_rejected", f"{said}.", by=user)
    else:
        tell(session, "draft_rejected", f"{name_of(ticket)}: {said}.", user_id=writer, ticket_id=ticket.id, by=user)


def sent_back(session: Session, user: User, ticket: Ticket, draft: Draft, decision: Decision) -> None:
    """Changes were asked for: whoever wrote the reply hears it; what agents wrote goes back to them."""
    if (writer := _writer(draft)) is not None:
        text = f"{name_of(ticket)}: {user.name} sent your reply back: {decision.comment}"
        tell(session, "draft_changed", text, user_id=writer, ticket_id=ticket.id, by=user)


def approved(session: Session, user: User, ticket: Ticket, draft: Draft, decision: Decision, *, overruled: bool) -> None:
    """A reply was sent: changed words are told to who wrote it, an overruled guard to the team."""
    writer = _writer(draft)
    if writer is not None and decision.edit_distance:
        tell(session, "draft_changed", f"{name_of(ticket)}: {user.name} changed your reply and sent it.", user_id=writer,
             ticket_id=ticket.id, by=user)  # fmt: skip
    if overruled:
        text = f"{user.name} sent what the guards at the exit had flagged, as it was."
        tell_team(session, ticket, "wrong_overruled", text, by=user)


def undone(session: Session, user: User, ticket: Ticket, draft: Draft) -> None:
    """A sending was taken back before it left."""
    if _writer(draft) is None:
        tell_team(session, ticket, "wrong_undone", f"{user.name} took the reply back before it was sent.", by=user)


def _writer(draft: Draft) -> int | None:
    """The person who wrote a reply; None when agents did."""
    kind, _, number = draft.created_by.partition(":")
    return int(number) if kind == "user" and number.isdecimal() else None
