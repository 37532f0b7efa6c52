"""How one past demand went: drafted, decided, sent, resolved; every step by the rules of the real flow."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from triage.demo import history_words as words
from triage.demo.history_rows import Archive
from triage.models import (
    BlockedAction,
    Customer,
    Decision,
    DecisionKind,
    Draft,
    Episode,
    GuardVerdict,
    Outbox,
    Priority,
    Run,
    SignOff,
    Status,
    Ticket,
    User,
)
from triage.sla.clocks import Pause

UNDO = timedelta(seconds=20)
SILENCE = timedelta(days=3)
_REJECTED = ("wrong facts", "does not answer", "wrong tone", "against policy", "not our matter")


@dataclass(frozen=True)
class Case:
    """One past demand: the text, who wrote it, when, how far into the weeks (0 to 1), and what its draft cites."""

    item: dict[str, Any]
    customer: Customer
    started: datetime
    progress: float
    source: dict[str, Any]


def tell(archive: Archive, dice: random.Random, case: Case) -> None:
    """One ticket from its first message to its end, sometimes with a second episode."""
    item, customer = case.item, case.customer
    ticket = archive.ticket(case.started, item["subject"], customer.name, customer.email, Status.RESOLVED)
    ticket.category, ticket.language = item["category"], item["language"]
    ticket.channel = dice.choices(("email", "form", "chat"), (7, 2, 1))[0]
    ticket.customer_id, ticket.identity = customer.id, "verified" if customer.verified else "unverified"
    ticket.priority, ticket.sentiment = Priority(item["priority"]), item["sentiment"]
    ticket.confidence = round(dice.uniform(0.62, 0.95), 2) if item["outcome"] == "resolved" else round(dice.uniform(0.3, 0.6), 2)
    ended = Story(archive, dice, case, ticket, 1).tell(item["body"])
    again = ended + timedelta(hours=dice.uniform(6, 110))
    if dice.random() < 0.065 and again < archive.until - timedelta(days=1):
        later = Case({**item, "outcome": "resolved"}, customer, again, case.progress, case.source)
        Story(archive, dice, later, ticket, 2).tell(words.in_language(words.AGAIN, item["language"]))


class Story:
    """One episode, told step by step."""

    def __init__(self, archive: Archive, dice: random.Random, case: Case, ticket: Ticket, number: int) -> None:
        self.archive, self.dice, self.case, self.ticket = archive, dice, case, ticket
        item = case.item
        first, resolve = (archive.promised(kind, case.started, case.customer, ticket) for kind in ("first_reply", "resolve"))
        self.language = item["language"]
        self.episode: Episode = archive.add(
                Episode, {"ticket_id": ticket},
                number=number, started_at=case.started, first_reply_due=first, resolve_due=resolve, category=item["category"],
                language=item["language"], channel=ticket.channel,
            )  # fmt: skip
        archive.latest(ticket, "episode_id", self.episode)
        self.waits: list[Pause] = []
        self.version = archive.drafts_of(ticket)
        self.final = words.final_reply(item, case.customer)

    def tell(self, body: str) -> datetime:
        """From the first message to the resolution; returns when it was resolved."""
        author = self.case.customer.name
        self.head = self.archive.message(self.ticket, self.episode, self.case.started, "in", body, author)
        told = {"escalated": self._escalated, "rejected": self._rejected}.get(self.case.item["outcome"], self._answered)
        return self._resolve(told())

    # ---- three ways -------------------------------------------------------------------------------------------

    def _answered(self) -> datetime:
        """A draft that was sent, perhaps after a question to the customer or a second try; or people wrote themselves."""
        roll, moment, cause = self.dice.random(), self.case.started, "message"
        if roll < 0.07:
            moment, cause = self._clarified(), "reply"
        run, ready = self.archive.agents.run(self.dice, self.ticket, self.episode, moment, cause, "awaiting_approval")
        edit = self._edit()
        draft = self._draft(ready, words.drafted(self.dice, self.final, edit, self.language), run=run)
        if roll > 0.9 - 0.12 * (1 - self.case.progress):
            draft.status = "superseded"
            return self._own(self.archive.at_work(self.dice, ready, 75), self._person(draft))
        if roll > 0.72:
            person = self._person(draft)
            decided = self._decide(
                draft, DecisionKind.REQUEST_CHANGES, person, 25, comment="Please answer the second question too."
            )
            run, ready = self.archive.agents.run(self.dice, self.ticket, self.episode, decided, "changes", "awaiting_approval")
            edit = self.dice.choice(("", "", "tone"))
            draft = self._draft(ready, words.drafted(self.dice, self.final, edit, self.language), run=run)
        return self._approve(draft, self._person(draft), self._minutes(), self._sent_text(draft, edit), edit)

    def _escalated(self) -> datetime:
        """Agents hand over, often with a holding reply; a manager answers."""
        reason = self.case.item["reason"]
        run, ready = self.archive.agents.run(
            self.dice, self.ticket, self.episode, self.case.started, "message", "escalated",
            error="ToolError: order_status did not answer within 5 s" if reason == "tool_failure" else None,
        )  # fmt: skip
        self.episode.escalated_at, self.episode.escalation_reason = ready, reason
        self.episode.transfers, self.ticket.approver = 1, "manager"
        self._guarded(run, reason, ready)
        manager, moment = self.archive.team.manager, ready
        if self.dice.random() < 0.6:
            text = words.short_reply(self.case.item, self.case.customer, words.HOLDING)
            draft = self._draft(ready, text, kind="holding", run=run)
            moment = self._approve(draft, manager, self._minutes() * 1.5, text, "")
        return self._own(self.archive.at_work(self.dice, moment, 150), manager)

    def _rejected(self) -> datetime:
        """A draft that nobody could use; the person wrote the reply."""
        run, ready = self.archive.agents.run(
            self.dice, self.ticket, self.episode, self.case.started, "message", "awaiting_approval"
        )
        draft = self._draft(ready, words.drafted(self.dice, self.final, "rewrite", self.language), run=run)
        person = self._person(draft)
        decided = self._decide(
            draft, DecisionKind.REJECT, person, self._minutes(), reason=self.dice.choices(_REJECTED, (5, 4, 2, 2, 1))[0]
        )
        return self._own(decided + timedelta(minutes=self.dice.uniform(4, 14)), person)

    def _clarified(self) -> datetime:
        """A question to the customer; returns when the answer came."""
        run, ready = self.archive.agents.run(self.dice, self.ticket, self.episode, self.case.started, "message", "needs_info")
        text = words.short_reply(self.case.item, self.case.customer, words.ASKING)
        draft = self._draft(ready, text, kind="clarify", run=run)
        sent = self._approve(draft, self._person(draft), self._minutes(), text, "")
        answered = min(sent + timedelta(hours=self.dice.uniform(0.4, 9)), self.archive.until - timedelta(hours=3))
        self.waits.append((sent, answered))
        number = f"LF-{self.dice.randrange(10100, 10480)}"
        self.head = self.archive.message(self.ticket, self.episode, answered, "in", number, self.case.customer.name)
        return answered

    # ---- small steps ------------------------------------------------------------------------------------------

    def _own(self, moment: datetime, person: User) -> datetime:
        """A reply that a person wrote, decided like any other; a manager's where only a manager may."""
        draft = self._draft(moment, self.final, created_by=person)
        return self._approve(draft, person, 0.4, self.final, "")

    def _draft(
        self, moment: datetime, body: str, *, kind: str = "reply", run: Run | None = None, created_by: User | None = None
    ) -> Draft:
        doubt = 0.004 if kind != "reply" or created_by else 0.016 - 0.009 * self.case.progress
        source = self.case.source
        text = words.read_sentences(self.dice, body, source["passage"], 0.0 if kind != "reply" else doubt)
        self.version += 1
        lacking = len(text.unsupported)
        reasons = (
            [f"{lacking} {'sentence has' if lacking == 1 else 'sentences have'} no source"] if lacking and not created_by else []
        )
        if self.ticket.approver == "manager":
            reasons = [*reasons, "the ticket was escalated"]
        cited = kind == "reply" and created_by is None
        draft: Draft = self.archive.add(
                Draft, {"ticket_id": self.ticket, "episode_id": self.episode, "run_id": run, "thread_head": self.head},
                version=self.version, kind=kind, status="waiting", subject=f"Re: {self.ticket.subject}", body=body,
                recipient=self.ticket.requester_email, sentences=[] if created_by else text.sentences,
                citations=[{**source, "score": 0.81}] if cited else [], article_versions={source["article"]: source["version"]} if cited else {},
                approver="manager" if reasons else "staff", approver_reasons=reasons, model="" if created_by else "offline",
                confidence=1.0 if created_by else self.ticket.confidence, created_at=moment,
                created_by=f"user:{created_by.id}" if created_by else "agents",
                cause=f"Written by {created_by.name}." if created_by else "",
                seal=hashlib.sha256(f"{self.ticket.source_id}/{self.version}/{body}".encode()).hexdigest(),
                degraded=run.degraded if run else [],
                decide_due=self.archive.promised("approval", moment, self.case.customer, self.ticket),
            )  # fmt: skip
        if run is not None:
            self.episode.draft_ready_at = self.episode.draft_ready_at or moment
            if lacking:
                self.archive.add(
                    GuardVerdict, {"ticket_id": self.ticket, "draft_id": draft}, stage="output", rule="grounding", verdict="flag",
                    run_id=run.id, findings=[{"why": reasons[0]}], created_at=moment,
                )  # fmt: skip
        self.archive.latest(self.ticket, "draft_id", draft)
        return draft

    def _decide(
        self, draft: Draft, kind: DecisionKind, person: User, minutes: float, *, body: str = "", edit: str = "", reason: str = "", comment: str = ""
    ) -> datetime:  # fmt: skip
        moment = self.archive.at_work(self.dice, draft.created_at, minutes)
        hurry = 0.8 if person.name.startswith("Tom") else 1.2
        pace = self.dice.lognormvariate(0, 0.55) * hurry
        if draft.created_by == "agents":
            active = min(pace * (8 + len(draft.body) / 18), (moment - draft.created_at).total_seconds())
        else:  # writing it oneself takes its time before there is a draft: about 180 characters a minute
            active = pace * len(draft.body) / 3
        sent = body or draft.body
        approved = kind == DecisionKind.APPROVE
        draft.status = {"approve": "approved", "reject": "rejected"}.get(kind.value, "superseded")
        lacking = [n for n, s in enumerate(draft.sentences) if not s["supported"] and str(s["text"]) in sent] if approved else []
        self.decision: Decision = self.archive.add(
                Decision, {"draft_id": draft, "ticket_id": self.ticket, "episode_id": self.episode},
                user_id=person.id, kind=kind, seal=draft.seal, body=sent, reason=reason, comment=comment, acknowledged=lacking,
                edit_distance=words.distance(draft.body, sent) if approved else None, edit_class=edit if approved and sent != draft.body else "",
                active_seconds=round(active, 1), created_at=moment,
            )  # fmt: skip
        return moment

    def _approve(self, draft: Draft, person: User, minutes: float, body: str, edit: str) -> datetime:
        """Approve, hold for the undo window, send; returns when it was sent."""
        named = {"middle": "fact", "rewrite": "fact"}.get(edit, edit)
        moment = self._decide(draft, DecisionKind.APPROVE, person, minutes, body=body, edit=named)
        sent = moment + UNDO + timedelta(seconds=self.dice.uniform(0.2, 2))
        message = self.archive.message(self.ticket, self.episode, sent, "out", body, words.SIGNATURE, person)
        message.in_reply_to = self.head.message_id
        message.references = [str(self.head.message_id)]
        self.archive.add(
                Outbox, {"ticket_id": self.ticket, "decision_id": self.decision},
                status="sent", recipient=draft.recipient, subject=draft.subject, body=body, message_id=str(message.message_id),
                in_reply_to=message.in_reply_to, references=message.references, send_after=moment + UNDO, attempts=1,
                created_at=moment, sent_at=sent,
            )  # fmt: skip
        self.episode.replies += 1
        self.episode.first_reply_at = self.episode.first_reply_at or sent
        return sent

    def _resolve(self, sent: datetime) -> datetime:
        """Closed by a person, confirmed by the customer, or assumed after three silent days."""
        how = self.dice.choices(("closed", "verified", "assumed"), (4, 3, 3))[0]
        until = self.archive.until - timedelta(minutes=30)
        end = {"closed": sent + timedelta(minutes=self.dice.uniform(1, 90)), "assumed": sent + SILENCE}.get(how)
        if how == "verified":
            end = sent + timedelta(hours=self.dice.lognormvariate(0.7, 0.9))
        if end is None or end > until:
            how, end = "closed", min(sent + timedelta(minutes=self.dice.uniform(1, 20)), self.archive.until)
        if how == "verified":
            thanks = self.dice.choice(words.in_language(words.THANKS, self.language))
            self.archive.message(self.ticket, self.episode, end, "in", thanks, self.case.customer.name)
        self.waits.append((sent, end))
        self.episode.resolve_due = self.archive.promised(
            "resolve", self.case.started, self.case.customer, self.ticket, self.waits
        )
        self.episode.resolved_at, self.episode.resolution = end, how
        self.ticket.reason, self.ticket.updated_at = how, end
        return end

    def _guarded(self, run: Run, reason: str, moment: datetime) -> None:
        """What a guard said when it was a guard that stopped the agents; a refund that was asked for stays a refused dossier."""
        if reason == "guardrail_block":
            self.archive.add(
                GuardVerdict, {"ticket_id": self.ticket}, stage="input", rule="injection", verdict="block", run_id=run.id,
                findings=[{"why": "Carries orders for the agents."}], created_at=moment,
            )  # fmt: skip
        elif reason == "unsupported_request":
            closed = moment + timedelta(hours=2)
            dossier = self.archive.add(
                BlockedAction, {"ticket_id": self.ticket}, action="issue_refund", rule="payments", reason=self.ticket.subject,
                run_id=run.id, identity=self.ticket.identity, status="refused", created_at=moment, closed_at=closed,
            )  # fmt: skip
            self.archive.add(
                SignOff, {"blocked_action_id": dossier}, user_id=self.archive.team.manager.id, granted=False,
                comment="Billing decides this after inspection.", created_at=closed,
            )  # fmt: skip

    def _edit(self) -> str:
        """What people did to the draft; the drafts got better over the weeks."""
        as_is = 0.52 + 0.2 * self.case.progress
        rest = 1 - as_is
        weights = (as_is, rest * 0.34, rest * 0.28, rest * 0.12, rest * 0.17, rest * 0.09)
        return self.dice.choices(("", "fact", "tone", "format", "middle", "rewrite"), weights)[0]

    def _sent_text(self, draft: Draft, edit: str) -> str:
        """The reply as sent: now and then a sentence without a source is acknowledged and stays."""
        return draft.body if edit == "fact" and self.dice.random() < 0.1 else self.final

    def _minutes(self) -> float:
        """How long a draft lies before somebody decides, in minutes of working time; urgent ones go first."""
        base = {"urgent": 4.0, "high": 9.0, "normal": 22.0, "low": 45.0}[str(self.ticket.priority)]
        return base * (1.5 - 0.6 * self.case.progress)

    def _person(self, draft: Draft) -> User:
        """Somebody who may decide this draft."""
        if draft.approver == "manager":
            return self.archive.team.manager
        candidates = self.archive.team.staff
        return self.dice.choices([*candidates, self.archive.team.manager], [*([4] * len(candidates)), 1])[0]
