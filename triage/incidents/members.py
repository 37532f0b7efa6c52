"""What each member of an incident would get, and who is left out and why: nothing is stored here.

An exception stays an ordinary ticket. Left out is whoever asks for more than the incident is about, whom a guard or a
colleague has an eye on, or for whom the text cannot be completed from their own record and ticket.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, func, or_, select

from triage import handover, judging, lastcheck, replies, workspace
from triage.accounts import access
from triage.briefs import Paragraph, Reply, Sentence
from triage.incidents import slots
from triage.models import (
    AT_WORK,
    TO_MANY,
    BlockedAction,
    Draft,
    EscalationReason,
    GuardVerdict,
    IncidentMember,
    IncidentReply,
    MasterDraft,
    Message,
    Outbox,
    Status,
    Ticket,
    User,
)
from triage.settings import Settings

_ANSWERED_BY_THE_TEXT = frozenset(
    {
        EscalationReason.MISSING_KNOWLEDGE,
        EscalationReason.LOW_CONFIDENCE,
        EscalationReason.TOOL_FAILURE,
        EscalationReason.BUDGET_EXCEEDED,
        EscalationReason.PENDING_CLARIFICATION,
    }
)
_STANDING = ("held", "sending", "sent", "failed", "uncertain")
_IN_THE_WAY = {
    Status.QUARANTINED: "it is in quarantine",
    Status.REJECTED: "a colleague rejected its draft",
    Status.FAILED: "work on it failed",
    Status.APPROVED: "another answer is on its way",
    Status.DELIVERING: "another answer is on its way",
    Status.RESOLVED: "it is closed",
}
Extras = Mapping[int, list[str]]
"""By ticket: what it asks beyond the incident."""


@dataclass(frozen=True)
class Instance:
    """One member and its text. `state` is ready, exception or sent; `reasons` say why, or what happened.

    `manager` says that only a manager decides it, `unsupported` the sentences to acknowledge; `mark` changes with
    everything that was shown of it.
    """

    ticket: Ticket
    draft: Draft
    state: str
    reasons: tuple[str, ...] = ()
    manager: bool = False
    unsupported: tuple[int, ...] = ()
    mark: str = ""


def examine(
    session: Session, settings: Settings, user: User, master: MasterDraft, extras: Extras, *, lock: bool = False
) -> list[Instance]:
    """The members in the order of their tickets; with `lock` their rows are held until the transaction ends."""
    statement = (
        select(Ticket)
        .join(IncidentMember, col(IncidentMember.ticket_id) == Ticket.id)
        .where(IncidentMember.incident_id == master.incident_id, col(IncidentMember.out).is_(False))
        .order_by(col(Ticket.id))
    )
    tickets = session.exec(statement.with_for_update(of=Ticket) if lock else statement).all()
    if lock:  # tickets before drafts, as every decision takes them
        drafts = [ticket.draft_id for ticket in tickets]
        session.exec(select(Draft.id).where(col(Draft.id).in_(drafts)).order_by(col(Draft.id)).with_for_update()).all()
    strict = bool(workspace.get(session, "every_draft_needs_manager"))
    careful = bool(workspace.get(session, "unsupported_needs_manager"))
    got = replies_of(session, master)
    reached = {outbox.recipient.lower(): number for number, rounds in got.items() if (outbox := rounds.get(master.round))}
    found = []
    for ticket in tickets:
        own = _agents_draft(session, ticket)
        if standing := got.get(ticket.id or 0, {}).get(master.round):
            found.append(_sent(ticket, standing))
            continue
        draft, missing = _draft(session, master, ticket, own, careful=careful)
        reasons = [
            *_in_the_way(session, ticket, own, followed=bool(got.get(ticket.id or 0))),
            *_asks_more(own, extras.get(ticket.id or 0, [])),
        ]
        reasons += _speaks_otherwise(ticket, master) + missing
        if other := reached.get(ticket.requester_email.lower()):
            reasons.append(f"the same customer gets it by #{other}")
        if not reasons:
            reasons += lastcheck.problems(session, settings, user, ticket, draft, draft.body)
            reasons += _own_unsupported(draft, master)
        sensitive = access.is_sensitive(draft, ticket, every_draft_needs_manager=strict)
        if not reasons and not access.can_decide(user, draft, ticket, every_draft_needs_manager=strict):
            reasons.append("a manager decides it" + (f" ({draft.approver_reasons[0]})" if draft.approver_reasons else ""))
        if not reasons:
            reached[ticket.requester_email.lower()] = ticket.id or 0
        open_ = tuple(n for n, one in enumerate(draft.sentences) if not one.get("supported", True))
        instance = Instance(ticket, draft, "exception" if reasons else "ready", tuple(dict.fromkeys(reasons)), sensitive, open_)
        found.append(replace(instance, mark=_mark(instance)))
    return found


def replies_of(session: Session, master: MasterDraft) -> dict[int, dict[int, Outbox]]:
    """By ticket and round what members got of the incident, unless it was taken back."""
    rows = session.exec(
        select(IncidentReply, Outbox)
        .join(Outbox, col(Outbox.decision_id) == IncidentReply.decision_id)
        .where(IncidentReply.incident_id == master.incident_id, col(Outbox.status).in_(_STANDING))
    )
    found: dict[int, dict[int, Outbox]] = {}
    for reply, outbox in rows:
        found.setdefault(reply.ticket_id, {})[reply.round] = outbox
    return found


def _sent(ticket: Ticket, outbox: Outbox) -> Instance:
    said = {"held": "it is being sent", "sending": "it is being sent", "sent": "sent"}.get(
        outbox.status, outbox.error or "not sent"
    )
    shown = Draft(ticket_id=ticket.id or 0, episode_id=0, subject=outbox.subject, body=outbox.body)
    return Instance(ticket, shown, "sent", (said,))


# ---- the text for one member ------------------------------------------------------------------------------


def _draft(session: Session, master: MasterDraft, ticket: Ticket, own: Draft | None, *, careful: bool) -> tuple[Draft, list[str]]:
    """The member's draft, not stored, and what it lacks."""
    customer, said = lastcheck.customer_of(session, ticket), lastcheck.said_in(session, ticket)
    wanted = slots.named(master.body)
    given = slots.values(slots.Source(ticket, said, customer, master.language), wanted)
    body = slots.fill(master.body, given)
    draft = Draft(
        ticket_id=ticket.id or 0, episode_id=ticket.episode_id or 0, kind="reply", body=body, citations=list(master.citations),
        subject=f"Re: {ticket.subject}" if ticket.subject else master.subject, recipient=ticket.requester_email, confidence=1.0,
        model=master.model, degraded=list(master.degraded), created_by=f"{TO_MANY}{master.incident_id}",
        cause=f"From the text for incident {master.incident_id}, message {master.round}, version {master.version}.",
    )  # fmt: skip
    passages = lastcheck.cited(session, draft)
    sentences = []
    for one in master.sentences:
        text = slots.fill(str(one["text"]), given)
        if text != one["text"]:  # what was put in has to stand in this customer's own record or words
            sentence = Sentence(text=text, kind=one["kind"], passages=list(one.get("passages") or []))  # type: ignore[call-overload]
            reply = Reply(subject="", paragraphs=[Paragraph(style="text", sentences=[sentence])])
            one = {**one, **judging.support(reply, passages, customer, f"{said}\n{ticket.requester_name}\n#{ticket.id}")[0]}
        sentences.append(one)
    draft.sentences = replies.locate(body, sentences)
    former = own.approver_reasons if own and own.approver != "staff" else []
    lacking = sum(not one.get("supported", True) for one in sentences)
    reasons = list(former) + (["a sentence has no source"] if careful and lacking else [])
    held = ticket.approver != "staff" or (own is not None and own.approver != "staff")
    draft.approver, draft.approver_reasons = ("manager" if reasons or held else "staff"), reasons
    return draft, [f"there is no {slots.SLOTS[name].what} for {{{{{name}}}}}" for name in wanted if not given.get(name)]


def _own_unsupported(draft: Draft, master: MasterDraft) -> list[str]:
    """Sentences that the sources carry for others, but not with what was put in for this one."""
    return [
        f"its own data does not carry “{here['text']}”"
        for here, there in zip(draft.sentences, master.sentences, strict=True)
        if there.get("supported", True) and not here.get("supported", True)
    ]


def _mark(instance: Instance) -> str:
    """A hash of all that decides what is sent to whom, and by whom."""
    ticket, draft = instance.ticket, instance.draft
    content = [
        ticket.id, ticket.requester_email, ticket.thread_head, ticket.draft_id, str(ticket.status), draft.subject, draft.body,
        instance.state, instance.manager, list(instance.unsupported),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


# ---- why a member is left out -----------------------------------------------------------------------------


def _in_the_way(session: Session, ticket: Ticket, own: Draft | None, *, followed: bool) -> list[str]:
    reasons: list[str] = []
    waiting = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if not ticket.requester_email:
        reasons.append("it has no address to reply to")
    if ticket.episode_id is None:
        reasons.append("it has no open matter")
    if ticket.status in AT_WORK:
        reasons.append("the agents are at work on it")
    if ticket.status in _IN_THE_WAY:
        reasons.append(_IN_THE_WAY[Status(ticket.status)])
    if ticket.status == Status.DELIVERED and not followed:
        reasons.append("it was answered already")
    if ticket.status == Status.NEEDS_INFO and (waiting is None or waiting.status != "waiting"):
        reasons.append("we asked the customer and wait for the answer")
    if ticket.status == Status.ESCALATED and ticket.reason not in _ANSWERED_BY_THE_TEXT:
        reasons.append(f"it is escalated: {(ticket.reason or 'for a person').replace('_', ' ')}")
    if waiting is not None and waiting.status == "waiting" and waiting.created_by.startswith("user:"):
        reasons.append("a colleague is writing its reply")
    if ticket.risk == "high":
        reasons.append("the matter is of high risk")
    if handover.handed_over(session, ticket):
        reasons.append("a colleague handed it to the managers")
    if _wrote_again(session, ticket, own):
        reasons.append("the customer wrote again")
    return reasons + guarded(session, ticket)


def _wrote_again(session: Session, ticket: Ticket, own: Draft | None) -> bool:
    """Whether there is a message that no draft of the agents has read; what nobody has read at all is one, too."""
    counts = or_(col(Message.duplicate_of).is_(None), col(Message.id) == ticket.thread_head)  # an exact repetition says nothing
    inbound = select(func.max(Message.id)).where(Message.ticket_id == ticket.id, Message.direction == "in", counts)
    newest = session.exec(inbound).one()
    return newest is not None and (own is None or (own.thread_head or 0) < newest) and ticket.status not in AT_WORK


def guarded(session: Session, ticket: Ticket) -> list[str]:
    """What guards said of the customer's words, and actions that code refused, as long as nobody overruled or closed them."""
    verdicts = select(GuardVerdict.rule).where(
        GuardVerdict.ticket_id == ticket.id, GuardVerdict.stage == "input", GuardVerdict.verdict != "allow",
        col(GuardVerdict.overruled).is_(False),
    )  # fmt: skip
    reasons = [f"a guard flagged it: {rule.replace('_', ' ')}" for rule in dict.fromkeys(session.exec(verdicts))]
    refused = select(BlockedAction.action).where(
        BlockedAction.ticket_id == ticket.id, col(BlockedAction.status).not_in(("granted", "refused"))
    )
    return reasons + [f"an action is blocked: {action.replace('_', ' ')}" for action in dict.fromkeys(session.exec(refused))]


def _asks_more(own: Draft | None, extra: list[str]) -> list[str]:
    wishes: Any = (own.plan.get("requested_actions") if own else None) or []
    more = [f"it asks for more: {str(wish.get('action', '')).replace('_', ' ')}" for wish in wishes if isinstance(wish, dict)]
    return more + [f"it asks more: “{question}”" for question in extra]


def _speaks_otherwise(ticket: Ticket, master: MasterDraft) -> list[str]:
    spoken, written = ticket.language[:2].lower(), master.language[:2].lower()
    if spoken in ("", "un") or not written or spoken == written:
        return []
    return [f"it is written in another language ({spoken})"]


def _agents_draft(session: Session, ticket: Ticket) -> Draft | None:
    """The agents' newest draft of the running matter: what they understood of it."""
    own = select(Draft).where(Draft.ticket_id == ticket.id, Draft.episode_id == ticket.episode_id, Draft.created_by == "agents")
    return session.exec(own.order_by(col(Draft.id).desc()).limit(1)).first()
