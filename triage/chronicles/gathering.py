"""Everything of one ticket in the order in which it happened, as far as a person may see it.

Whoever works the inbox sees the conversation, drafts, decisions, guards and deliveries; what runs cost and did, for their
own tickets or with the right to read the machinery; steps' words and the audit log, with that right alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from triage import traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import (
    Attachment,
    AuditEvent,
    BlockedAction,
    Customer,
    Decision,
    Draft,
    Episode,
    GuardVerdict,
    Message,
    Outbox,
    Run,
    RunStep,
    SignOff,
    Ticket,
    User,
)


@dataclass(frozen=True)
class Happening:
    """One thing that happened: when, what kind, by whom, in a line, its text, and further facts by name."""

    at: datetime
    kind: str
    who: str
    title: str
    text: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chronicle:
    """A ticket, its customer and what happened. `left_out` says what the reader's role does not show."""

    ticket: dict[str, Any]
    customer: dict[str, Any]
    happenings: list[Happening]
    left_out: list[str]


def gather(session: Session, user: User | None, ticket_id: int) -> Chronicle:
    """The chronicle for a person; for None (the command line of the machine) all of it.

    Raises AccessError, and InputError when there is no such ticket.
    """
    if user is not None:
        user = access.fresh(session, user)
        access.require(user, Permission.WORK_INBOX)
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.training:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    machinery = user is None or access.may(user, Permission.READ_MACHINERY)
    runs = machinery or (user is not None and traces.may_see(session, user, ticket_id))
    found = _Gathering(session, ticket)
    parts: list[Callable[[], Iterator[Happening]]] = [
        found.episodes, found.messages, found.drafts, found.decisions, found.verdicts, found.actions, found.deliveries,
    ]  # fmt: skip
    if runs:
        parts.append(lambda: found.runs(words=machinery))
    if machinery:
        parts.append(found.audit)
    left_out = [
        what
        for what, shown in (("runs of the agents", runs), ("the words of their steps", machinery), ("the audit log", machinery))
        if not shown
    ]
    happened = sorted((one for part in parts for one in part()), key=lambda one: one.at)
    return Chronicle(_plain(ticket, _TICKET), found.customer(), happened, left_out)


_TICKET = (
    "id", "channel", "status", "reason", "subject", "requester_name", "requester_email", "identity", "category", "priority",
    "sentiment", "language", "risk", "approver", "team", "merged_into", "created_at", "updated_at",
)  # fmt: skip


class _Gathering:
    def __init__(self, session: Session, ticket: Ticket) -> None:
        self.session, self.ticket = session, ticket
        self.people = {row.id: row.name for row in session.exec(select(User))}

    def _of(self, table: Any) -> list[Any]:
        return list(self.session.exec(select(table).where(table.ticket_id == self.ticket.id).order_by(col(table.id))).all())

    def _person(self, number: int | None) -> str:
        return self.people.get(number, f"person {number}") if number else ""

    def _actor(self, actor: str) -> str:
        kind, _, number = actor.partition(":")
        return self._person(int(number)) if kind == "user" and number.isdecimal() else actor

    def customer(self) -> dict[str, Any]:
        found = self.session.get(Customer, self.ticket.customer_id) if self.ticket.customer_id else None
        return _plain(found, ("external_id", "name", "email", "tier", "language", "country")) if found else {}

    def episodes(self) -> Iterator[Happening]:
        for row in self._of(Episode):
            yield Happening(
                row.started_at,
                "matter",
                "",
                f"Matter {row.number} began",
                facts=_plain(row, ("category", "language", "channel", "eligible")),
            )
            if row.escalated_at:
                yield Happening(row.escalated_at, "escalated", "", "Escalated to people", facts={"reason": row.escalation_reason})
            if row.resolved_at:
                yield Happening(
                    row.resolved_at, "resolved", "", "Resolved", facts=_plain(row, ("resolution", "replies", "transfers"))
                )
            if row.csat is not None:
                yield Happening(
                    row.resolved_at or row.started_at, "rated", "customer", f"Rated {row.csat} of 5", row.csat_comment
                )

    def messages(self) -> Iterator[Happening]:
        titles = {"in": "Message from the customer", "out": "Reply sent", "note": "Note"}
        files: dict[int, list[Attachment]] = {}
        of_ticket = (
            select(Attachment).join(Message, col(Message.id) == Attachment.message_id).where(Message.ticket_id == self.ticket.id)
        )
        for file in self.session.exec(of_ticket):
            files.setdefault(file.message_id, []).append(file)
        for row in self._of(Message):
            who = self._person(row.user_id) or row.author_name or row.author_email
            facts = _plain(row, ("subject", "author_email", "language", "hidden", "message_id"))
            facts["attachments"] = [
                f"{file.filename} ({file.content_type}, {file.size} bytes)" for file in files.get(row.id or 0, [])
            ]
            yield Happening(row.created_at, "message", who, titles.get(row.direction, row.direction), row.body, _told(facts))

    def drafts(self) -> Iterator[Happening]:
        for row in self._of(Draft):
            unsupported = [str(sentence["text"]) for sentence in row.sentences if not sentence.get("supported", True)]
            facts = _plain(
                row, ("version", "kind", "status", "confidence", "model", "approver", "approver_reasons", "cause", "run_id")
            )
            facts |= {"sources": [str(citation.get("passage")) for citation in row.citations], "without a source": unsupported}
            yield Happening(row.created_at, "draft", self._actor(row.created_by), f"Draft {row.version}", row.body, _told(facts))

    def decisions(self) -> Iterator[Happening]:
        for row in self._of(Decision):
            who = self._person(row.user_id)
            facts = _plain(row, ("draft_id", "reason", "comment", "edit_distance", "edit_class", "seal"))
            yield Happening(row.created_at, "decision", who, str(row.kind).replace("_", " ").capitalize(), row.body, _told(facts))
            if row.undone_at:
                yield Happening(row.undone_at, "undone", who, "The decision was taken back")

    def verdicts(self) -> Iterator[Happening]:
        for row in self._of(GuardVerdict):
            why = [str(finding.get("why", "")) for finding in row.findings]
            facts = _told({"rule": row.rule, "because": [text for text in why if text], "overruled": row.overruled})
            yield Happening(row.created_at, "guard", "guards", f"Guard at {row.stage}: {row.verdict}", facts=facts)

    def actions(self) -> Iterator[Happening]:
        for row in self._of(BlockedAction):
            facts = _plain(row, ("rule", "target", "amount", "status"))
            yield Happening(row.created_at, "blocked", "guards", f"Action refused: {row.action}", row.reason, _told(facts))
            for sign in self.session.exec(select(SignOff).where(SignOff.blocked_action_id == row.id)):
                said = "granted" if sign.granted else "refused"
                yield Happening(sign.created_at, "sign_off", self._person(sign.user_id), f"{row.action} {said}", sign.comment)

    def deliveries(self) -> Iterator[Happening]:
        for row in self._of(Outbox):
            facts = _plain(row, ("recipient", "subject", "message_id", "attempts", "error", "send_after"))
            yield Happening(row.sent_at or row.created_at, "delivery", "delivery", f"Mail {row.status}", facts=_told(facts))

    def runs(self, *, words: bool) -> Iterator[Happening]:
        for run in self.session.exec(select(Run).where(Run.ticket_id == self.ticket.id).order_by(col(Run.started_at))):
            facts = _plain(
                run,
                (
                    "status",
                    "cause",
                    "outcome",
                    "model",
                    "degraded",
                    "model_calls",
                    "input_tokens",
                    "output_tokens",
                    "cost_usd",
                    "error",
                ),
            )
            title = f"Run {run.id}" if run.forked_at is None else f"Run {run.id}, a fork: nothing of it was sent"
            yield Happening(run.started_at, "run", "agents", title, facts=_told(facts))
            for step in self.session.exec(select(RunStep).where(RunStep.run_id == run.id).order_by(col(RunStep.ordinal))):
                of = _plain(step, ("role", "name", "seconds", "cost_usd", "error", *(("request", "response") if words else ())))
                yield Happening(step.created_at, "step", "agents", f"Step {step.ordinal + 1}: {step.kind}", facts=_told(of))

    def audit(self) -> Iterator[Happening]:
        for row in self._of(AuditEvent):
            yield Happening(row.at, "audit", self._actor(row.actor), row.kind, facts={**row.data, "hash": row.hash})


def _plain(row: SQLModel, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    """What says something."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {}, False)}
