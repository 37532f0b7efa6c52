"""Approving the text of an incident once: a decision, a seal and an outbox row for each member, in one transaction.

Each instance goes through the same door as any reply (triage/approval.py), so that roles, guards, the seal, the undo
window and first-decision-wins hold for it unchanged. What is not as it was shown is left out and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import approval, audit, replies
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AlreadyDecided, ApprovalVoid, ConflictError, InputError, TriageError
from triage.incidents.asking_more import extras
from triage.incidents.members import Extras, Instance, examine
from triage.models import DecisionKind, Incident, IncidentReply, MasterDraft, Outbox, Status, User
from triage.seal import published_versions
from triage.transitions import move

if TYPE_CHECKING:
    from triage.office import Desk

MOST = 200  # members in one approval; the rest is approved after them


@dataclass(frozen=True)
class Approved:
    """The decisions made, and by ticket why it was left out after all."""

    decisions: list[int] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """What would be sent now, as one person sees it."""

    instances: list[Instance]
    changes: list[str]

    @property
    def ready(self) -> list[Instance]:
        return [one for one in self.instances if one.state == "ready"]

    @property
    def exceptions(self) -> list[Instance]:
        return [one for one in self.instances if one.state == "exception"]

    @property
    def sent(self) -> list[Instance]:
        return [one for one in self.instances if one.state == "sent"]

    @property
    def unsupported(self) -> list[int]:
        """The sentences that somebody has to take responsibility for."""
        return sorted({number for one in self.ready for number in one.unsupported})

    @property
    def shown(self) -> dict[int, str]:
        """By ticket the mark of what is shown; approving takes it back."""
        return {one.ticket.id or 0: one.mark for one in self.ready[:MOST]}


def preview(desk: "Desk", user: User, master: MasterDraft) -> Preview:
    """Every member with its text, or why it is left out."""
    more = extras(desk, master)
    with desk.database.read() as session:
        session.autoflush = False
        return Preview(examine(session, desk.settings, user, master, more), changed_articles(session, master))


def approve(
    desk: "Desk", user: User, master_id: int, *, shown: Mapping[int, str], acknowledged: Sequence[int] = (),
    active_seconds: float | None = None,
) -> Approved:  # fmt: skip
    """Approve the text for the members that were `shown` (ticket → mark); the others stay as they are.

    `acknowledged` are the unsupported sentences the person takes responsibility for; `active_seconds` were spent on all
    of them together. Raises AccessError, AlreadyDecided (all of it was sent), ApprovalVoid (the text or an article is
    another by now), ConflictError (the incident is not open) and InputError (what is missing); then nothing is changed.
    """
    with desk.database.read() as session:
        master = session.get(MasterDraft, master_id)
    if master is None:
        raise InputError("There is no such text; reload the incident.")
    more = extras(desk, master)  # embeds: before the transaction
    return desk.database.patiently(
        lambda session: _approve(session, desk, user, master_id, more, shown, acknowledged, active_seconds)
    )


def _approve(
    session: Session, desk: "Desk", user: User, master_id: int, more: Extras, shown: Mapping[int, str], acknowledged: Sequence[int],
    active_seconds: float | None,
) -> Approved:  # fmt: skip
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    master = session.get_one(MasterDraft, master_id, with_for_update=True)
    incident = session.get_one(Incident, master.incident_id, with_for_update=True)
    _approvable(session, incident, master)
    instances = examine(session, desk.settings, user, master, more, lock=True)
    chosen = [one for one in instances if one.ticket.id in shown]
    ready = [one for one in chosen if one.state == "ready" and shown[one.ticket.id or 0] == one.mark][:MOST]
    left_out = {one.ticket.id or 0: _why_not(one) for one in chosen if one not in ready}
    if not ready:
        if any(one.state == "sent" for one in chosen):
            raise AlreadyDecided("This text was sent to them already; reload to see where it stands.")
        raise InputError("Nothing can be sent: " + ("; ".join(left_out.values()) or "no member was chosen") + ".")
    for one in ready:
        for number in one.unsupported:
            if number not in acknowledged:
                raise InputError(
                    f"No source supports “{one.draft.sentences[number]['text']}”. Remove the sentence, or acknowledge it."
                )
    share = None if active_seconds is None else round(active_seconds / len(ready), 2)
    decisions = []
    for one in ready:
        try:
            with session.begin_nested():  # one that is refused at the door after all takes nobody with it
                decisions.append(_send(session, desk, user, master, one, share))
        except TriageError as error:
            left_out[one.ticket.id or 0] = str(error)
    if not decisions:
        raise InputError("Nothing can be sent: " + "; ".join(dict.fromkeys(left_out.values())))
    audit.append(
        session, "incident.approved", actor=f"user:{user.id}", incident=incident.id, round=master.round, version=master.version,
        decisions=decisions, left_out=sorted(left_out), exceptions=sorted(one.ticket.id or 0 for one in instances if one.state == "exception"),
    )  # fmt: skip
    return Approved(decisions, left_out)


def undo(desk: "Desk", user: User, incident_id: int, round_: int) -> int:
    """Take back all messages of a round that are still held; returns how many. Raises ConflictError when none is."""

    def take_back(session: Session) -> int:
        held = (
            select(Outbox.decision_id)
            .join(IncidentReply, col(IncidentReply.decision_id) == Outbox.decision_id)
            .where(IncidentReply.incident_id == incident_id, IncidentReply.round == round_, Outbox.status == "held")
            .order_by(col(Outbox.id))
        )
        decisions = [number for number in session.exec(held) if number is not None]
        for number in decisions:
            approval.undo(session, user, number)
        if not decisions:
            raise ConflictError("It is too late to undo: nothing of it waits any more.")
        audit.append(session, "incident.undone", actor=f"user:{user.id}", incident=incident_id, round=round_, decisions=decisions)
        return len(decisions)

    return desk.database.patiently(take_back)


def changed_articles(session: Session, master: MasterDraft) -> list[str]:
    """The cited articles that are another version by now, a sentence each."""
    published = published_versions(session, list(master.article_versions))
    return [
        f"the article {article}, cited as version {version}, " + (f"is now version {published[article]}" if article in published else "is no longer published")
        for article, version in master.article_versions.items()
        if published.get(article) != version
    ]  # fmt: skip


def _approvable(session: Session, incident: Incident, master: MasterDraft) -> None:
    if incident.state != "open":
        raise ConflictError(
            "The incident is not open: confirm it first." if incident.state == "proposed" else "The incident is over."
        )
    newest = session.exec(
        select(MasterDraft.id).where(MasterDraft.incident_id == incident.id).order_by(col(MasterDraft.round).desc(), col(MasterDraft.version).desc())
    ).first()  # fmt: skip
    if master.status != "waiting" or newest != master.id:
        raise ApprovalVoid(["there is a newer version of the text"])
    if changes := changed_articles(session, master):
        raise ApprovalVoid(changes)


def _why_not(one: Instance) -> str:
    if one.state == "ready":
        return f"#{one.ticket.id} changed since you looked"
    return f"#{one.ticket.id}: {'; '.join(one.reasons)}"


def _send(session: Session, desk: "Desk", user: User, master: MasterDraft, one: Instance, seconds: float | None) -> int:
    """One member: its own draft, sealed, decided, and booked as this round's reply."""
    ticket, draft = one.ticket, one.draft
    replies.seal(session, draft, ticket)
    if ticket.status == Status.DELIVERED:
        move(session, ticket, Status.AWAITING_APPROVAL, actor=f"user:{user.id}", draft=draft.id)
    decision = approval.decide(
        session, desk.enqueue, desk.settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal,
        acknowledged=list(one.unsupported), active_seconds=seconds,
    )  # fmt: skip
    reply = session.exec(
        select(IncidentReply).where(
            IncidentReply.incident_id == master.incident_id, IncidentReply.round == master.round, IncidentReply.ticket_id == ticket.id
        )
    ).first()  # a former one was taken back  # fmt: skip
    reply = reply or IncidentReply(
        incident_id=master.incident_id, round=master.round, ticket_id=ticket.id or 0, master_id=0, decision_id=0
    )
    reply.master_id, reply.decision_id = master.id or 0, decision.id or 0
    session.add(reply)
    session.flush()
    return decision.id or 0
