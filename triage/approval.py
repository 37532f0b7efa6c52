"""Nothing leaves without a decision: who decides what, on exactly what, once.

A decision is one transaction: the decision row, the ticket's status, the outbox row, the enqueued delivery
and the audit event stand or fall together. A draft row never changes after it is sealed; whatever comes
back to a person (undone, escalated, changed world) comes back as a new version of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from sqlmodel import Session, col, select

from knowledge_base import signals
from triage import audit, lastcheck, locks, mistakes, overruling, replies, tracing, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.drafts import own_replies, proof
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, InputError, Unsupported
from triage.judging import Rules
from triage.learning import edits
from triage.macros.filling import gaps
from triage.models import (
    DECIDABLE,
    BlockedAction,
    Decision,
    DecisionKind,
    Draft,
    Episode,
    Outbox,
    Role,
    Run,
    SignOff,
    Status,
    Ticket,
    User,
    now,
)
from triage.notifications.telling import name_of, tell
from triage.runs import start_run
from triage.seal import seal_of, what_changed
from triage.settings import Settings
from triage.sla import clocks
from triage.spoken import bounded, spoken
from triage.tickets import fields
from triage.transitions import move

Enqueue = Callable[..., None]
"""(session, kind, key, *args, delay=seconds): triage.durable.Durable.enqueue."""

REJECT_REASONS = ("wrong facts", "wrong tone", "does not answer", "against policy", "not our matter", "other")
LONGEST_COMMENT = 10_000  # characters
_VERBS = {
    "approve": "approved",
    "reject": "rejected",
    "request_changes": "sent back for changes",
    "escalate": "escalated",
    "resolve": "closed",
}


@dataclass(frozen=True)
class Choice:
    """What a person chose, as the page or the API sends it."""

    kind: DecisionKind
    seal: str
    body: str | None = None
    reason: str = ""
    comment: str = ""
    acknowledged: Sequence[int] = ()
    vouched: Sequence[str] = ()
    active_seconds: float | None = None


def decide(
    session: Session,
    enqueue: Enqueue,
    settings: Settings,
    user: User,
    draft_id: int,
    *,
    kind: DecisionKind,
    seal: str,
    body: str | None = None,
    reason: str = "",
    comment: str = "",
    acknowledged: Sequence[int] = (),
    vouched: Sequence[str] = (),
    active_seconds: float | None = None,
) -> Decision:
    """Decide a draft in the caller's transaction.

    `seal` is the draft's seal as the person saw it; `body` the text to send when it was edited;
    `acknowledged` the indexes of unsupported sentences the person takes responsibility for, `vouched` those of the
    person's own, word for word.
    Raises AccessError, AlreadyDecided (who and when), ApprovalVoid (what changed), GuardError (what may
    never leave) and InputError (what is missing); then nothing is changed.
    """
    user = access.fresh(session, user)
    body = None if body is None else bounded(body, replies.LONGEST, "This reply")
    reason, comment = spoken(reason), bounded(comment, LONGEST_COMMENT, "This comment")
    vouched = [spoken(sentence) for sentence in vouched]
    choice = Choice(DecisionKind(kind), seal, body, reason.strip(), comment.strip(), acknowledged, vouched, active_seconds)
    held = locks.draft(session, draft_id)
    if held is None:
        raise InputError(f"There is no draft {draft_id}.")
    ticket, draft = held
    undecided(session, draft, ticket)
    rules = Rules.load(session, settings)
    _allowed(user, draft, ticket, choice, rules)
    if choice.kind == DecisionKind.APPROVE:
        _unchanged(session, draft, choice)
        _sendable(session, settings, user, draft, ticket, choice, rules)
    run = session.get(Run, draft.run_id) if draft.run_id else None
    edited, sensitive = body is not None and body.strip() != draft.body, access.is_sensitive(draft, ticket)
    with tracing.decision(choice.kind.value, ticket.id, run, edited=edited, sensitive=sensitive):
        decision = _record(session, user, draft, ticket, choice)
        clocks.decided(ticket)
        _CONSEQUENCES[choice.kind](session, enqueue, settings, user, draft, ticket, decision)
    return decision


def undo(session: Session, user: User, decision_id: int) -> Draft:
    """Take an approval back while its message is held; the text, edits included, waits again as a new version."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    decision = session.get(Decision, decision_id)
    locks.ticket(session, decision.ticket_id if decision else None)
    outbox = locks.outbox_of(session, decision_id)
    if decision is None or outbox is None:
        raise InputError("There is nothing to undo.")
    if decision.user_id != user.id and not access.may(user, Permission.DECIDE_SENSITIVE):
        raise AccessError("Only the person who approved it, or a manager, can undo this.")
    if outbox.status != "held":
        raise ConflictError(
            "It is too late to undo: the message is already on its way."
            if outbox.status != "cancelled"
            else "This was undone before."
        )
    ticket, draft = session.get_one(Ticket, outbox.ticket_id), session.get_one(Draft, decision.draft_id)
    mistakes.undone(session, user, ticket, draft)
    return take_back(session, outbox, f"user:{user.id}", f"Sending was undone by {user.name}.")


def take_back(session: Session, outbox: Outbox, actor: str, cause: str) -> Draft:
    """Cancel a held message and put its text before a person again. Used by undo and by delivery when the world changed."""
    decision = session.get_one(Decision, outbox.decision_id)
    ticket = session.get_one(Ticket, outbox.ticket_id)
    draft = session.get_one(Draft, decision.draft_id)
    outbox.status, decision.undone_at = "cancelled", now()
    session.add_all([outbox, decision])
    signals.withdrawn(session, draft)
    overruling.taken_back(session, draft)
    renewed = replies.renew(session, draft, cause=cause, body=decision.body)
    move(session, ticket, replies.waiting_status(draft), actor=actor, reason=_reason(session, ticket, draft), cause=cause)
    return renewed


def sign_off(session: Session, user: User, blocked_action_id: int, *, granted: bool, comment: str) -> BlockedAction:
    """One manager's word on a blocked action. One refusal closes it; two different people grant it.

    Granting only closes the dossier as granted: people carry the action out in their own systems.
    """
    user, comment = access.fresh(session, user), bounded(comment, LONGEST_COMMENT, "This comment")
    access.require(user, Permission.SIGN_OFF)
    action = session.get(BlockedAction, blocked_action_id, with_for_update=True)
    if action is None:
        raise InputError(f"There is no blocked action {blocked_action_id}.")
    if action.status in ("granted", "refused"):
        raise AlreadyDecided(f"This was already {action.status}.")
    if not comment.strip():
        raise InputError("Write in a few words why you decide so; it stands in the dossier.")
    given = session.exec(select(SignOff).where(SignOff.blocked_action_id == action.id)).all()
    if any(sign.user_id == user.id for sign in given):
        raise ConflictError("You have signed this already; a second person has to sign.")
    run = session.get(Run, action.run_id) if action.run_id else None
    with tracing.decision("sign_off", action.ticket_id, run, granted=granted, sensitive=True):
        _sign(session, user, action, granted, comment, first=not given)
    return action


def _sign(session: Session, user: User, action: BlockedAction, granted: bool, comment: str, *, first: bool) -> None:
    session.add(SignOff(blocked_action_id=action.id or 0, user_id=user.id or 0, granted=granted, comment=comment.strip()))
    action.status = "refused" if not granted else "signed once" if first else "granted"
    if action.status != "signed once":
        action.closed_at = now()
    session.add(action)
    audit.append(
        session,
        "sign_off",
        actor=f"user:{user.id}",
        ticket_id=action.ticket_id,
        action=action.action,
        granted=granted,
        status=action.status,
    )


def edit_distance(draft: str, sent: str) -> float:
    """Token Levenshtein divided by the longer length, 0 to 1, white space ignored (metrics.md)."""
    return float(Levenshtein.normalized_distance(draft.split(), sent.split()))


# ---- checks -----------------------------------------------------------------------------------------------


def undecided(session: Session, draft: Draft, ticket: Ticket) -> None:
    """Raises AlreadyDecided (who and when) or ConflictError unless this draft, which is held, is the one that waits.

    A decision ends the waiting in its own transaction, and no draft can have two.
    """
    if draft.status == "waiting" and ticket.draft_id == draft.id and ticket.status in DECIDABLE:
        return
    decided = session.exec(
        select(Decision, User).join(User, col(User.id) == Decision.user_id).where(Decision.draft_id == draft.id)
    ).first()
    if decided:
        decision, who = decided
        raise AlreadyDecided(
            f"{who.name} {_VERBS[decision.kind]} this draft at {decision.created_at:%H:%M} UTC on {decision.created_at:%d %b}."
        )
    raise ConflictError("This draft is no longer the one that waits; reload the ticket to see the newest version.")


def _allowed(user: User, draft: Draft, ticket: Ticket, choice: Choice, rules: Rules) -> None:
    access.require(user, Permission.WORK_INBOX)
    prepares = choice.kind in (DecisionKind.REQUEST_CHANGES, DecisionKind.ESCALATE)
    switch = rules.every_draft_needs_manager
    if not prepares and not access.can_decide(user, draft, ticket, every_draft_needs_manager=switch):
        if user.trainee:
            raise AccessError(
                "As a trainee you do not decide drafts: change it or hand it in as it is, and a colleague decides it."
            )
        why = "; ".join(draft.approver_reasons) or "it is a sensitive matter"
        raise AccessError(
            f"A manager has to decide this draft ({why}). You can prepare it: request changes, or escalate it with a note."
        )


def may_decide(session: Session, user: User, draft: Draft, ticket: Ticket) -> bool:
    """Whether the person may decide this draft as the desk is set now."""
    switch = bool(workspace.get(session, "every_draft_needs_manager"))
    return access.can_decide(user, draft, ticket, every_draft_needs_manager=switch)


def _unchanged(session: Session, draft: Draft, choice: Choice) -> None:
    changes = what_changed(session, draft)
    if choice.seal != draft.seal:
        changes = changes or ["the page showed another version of this draft"]
    if changes:
        raise ApprovalVoid(changes)


def _sendable(
    session: Session, settings: Settings, user: User, draft: Draft, ticket: Ticket, choice: Choice, rules: Rules
) -> None:
    text = draft.body if choice.body is None else choice.body
    if not text.strip():
        raise InputError("The reply is empty; write something, or reject the draft.")
    if open_gaps := gaps(text):
        raise InputError(f"The reply still has a gap: {open_gaps[0]} Fill it in, or take it out.")
    if not ticket.requester_email:
        raise InputError("This ticket has no address to reply to; add one, or resolve it without a reply.")
    lastcheck.check(session, settings, user, ticket, draft, text, rules)
    for row in proof.open_points(proof.of_text(session, draft, ticket, text), choice.acknowledged, choice.vouched)[:1]:
        raise Unsupported(f"No source supports “{row['text']}”. {row.get('why') or ''} Remove the sentence, or acknowledge it.")


# ---- consequences -----------------------------------------------------------------------------------------


def _record(session: Session, user: User, draft: Draft, ticket: Ticket, choice: Choice) -> Decision:
    text = draft.body if choice.body is None else choice.body.strip()
    decision = Decision(
        draft_id=draft.id or 0,
        ticket_id=draft.ticket_id,
        episode_id=draft.episode_id,
        user_id=user.id or 0,
        kind=choice.kind,
        seal=draft.seal,
        body=text,
        reason=choice.reason,
        comment=choice.comment,
        acknowledged=list(choice.acknowledged),
        active_seconds=choice.active_seconds,
        created_at=now(),
    )
    if choice.kind == DecisionKind.APPROVE:
        decision.edit_distance = edit_distance(draft.body, text)
    draft.status = {"approve": "approved", "reject": "rejected"}.get(choice.kind, "superseded")
    session.add_all([decision, draft])
    session.flush()
    edits.record(session, decision, draft)
    signals.decided(session, draft, choice.kind.value, body=text, reason=choice.reason)
    audit.append(
        session,
        "decision",
        actor=f"user:{user.id}",
        ticket_id=draft.ticket_id,
        draft=draft.id,
        version=draft.version,
        decision=choice.kind.value,
        seal=draft.seal,
        edited=bool(decision.edit_distance),
        reason=choice.reason,
        comment=choice.comment,
        acknowledged=list(choice.acknowledged),
        **({"vouched": list(choice.vouched)} if choice.vouched else {}),
    )
    return decision


def _approve(
    session: Session, enqueue: Enqueue, settings: Settings, user: User, draft: Draft, ticket: Ticket, decision: Decision
) -> None:
    outbox = replies.post(session, settings, draft, ticket, decision)
    overruled = not decision.edit_distance and overruling.sent_as_it_was(session, draft)
    mistakes.approved(session, user, ticket, draft, decision, overruled=overruled)
    move(session, ticket, Status.APPROVED, actor=f"user:{user.id}", draft=draft.id)
    enqueue(session, "deliver", f"{outbox.key}", outbox.id, delay=settings.undo_seconds)


def _reject(
    session: Session, enqueue: Enqueue, settings: Settings, user: User, draft: Draft, ticket: Ticket, decision: Decision
) -> None:
    if not decision.reason:
        raise InputError("Choose why you reject the draft; the agents and the metrics learn from it.")
    if ticket.status != Status.REJECTED:
        move(session, ticket, Status.REJECTED, actor=f"user:{user.id}", reason=decision.reason)
    mistakes.rejected(session, user, ticket, draft, decision)


def _request_changes(
    session: Session, enqueue: Enqueue, settings: Settings, user: User, draft: Draft, ticket: Ticket, decision: Decision
) -> None:
    if not decision.comment:
        raise InputError("Write what should change; the comment goes to the agent that can act on it.")
    if author := own_replies.goes_back(session, draft, user):
        own_replies.give_back(session, user, author, draft, ticket, decision.comment)
        return
    move(session, ticket, Status.TRIAGING, actor=f"user:{user.id}", comment=decision.comment)
    mistakes.sent_back(session, user, ticket, draft, decision)
    start_run(session, enqueue, ticket, cause="changes", decision_id=decision.id)


def _escalate(
    session: Session, enqueue: Enqueue, settings: Settings, user: User, draft: Draft, ticket: Ticket, decision: Decision
) -> None:
    note = f"{user.name} escalated this" + (f": {decision.comment}" if decision.comment else ".")
    replies.renew(session, draft, cause=note, approver="manager", reasons=[note])
    reason = decision.reason or "policy_restriction"
    if ticket.status != Status.ESCALATED:
        move(session, ticket, Status.ESCALATED, actor=f"user:{user.id}", reason=reason)
    episode = session.get_one(Episode, draft.episode_id)
    episode.escalated_at, episode.escalation_reason = episode.escalated_at or now(), episode.escalation_reason or reason
    session.add(episode)
    tell(session, "escalated", f"{name_of(ticket)}: {note}", role=Role.MANAGER, ticket_id=ticket.id, by=user)


def _resolve(
    session: Session, enqueue: Enqueue, settings: Settings, user: User, draft: Draft, ticket: Ticket, decision: Decision
) -> None:
    fields.require_filled(session, ticket)
    replies.resolve(session, ticket, actor=f"user:{user.id}", how="closed")


def _reason(session: Session, ticket: Ticket, draft: Draft) -> str | None:
    episode = session.get_one(Episode, draft.episode_id)
    return episode.escalation_reason if replies.waiting_status(draft) == Status.ESCALATED else None


_CONSEQUENCES = {
    DecisionKind.APPROVE: _approve,
    DecisionKind.REJECT: _reject,
    DecisionKind.REQUEST_CHANGES: _request_changes,
    DecisionKind.ESCALATE: _escalate,
    DecisionKind.RESOLVE: _resolve,
}

__all__ = ["REJECT_REASONS", "Choice", "decide", "edit_distance", "seal_of", "sign_off", "take_back", "undo", "what_changed"]
