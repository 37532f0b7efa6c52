"""The story written to a database in bulk, table by table, as the desk itself would have left it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from benchmarks import bulk
from benchmarks.year.story import CALLED, PEOPLE, Draft, Episode, Run, Year
from triage import models
from triage.database import Database
from triage.models import (
    BreakerOpening,
    ConnectedTool,
    Connection,
    CsatRequest,
    Customer,
    Decision,
    Edit,
    Message,
    Outbox,
    PassageUse,
    Proposal,
    Role,
    RunStep,
    SearchRecord,
    Status,
    Ticket,
    User,
)

Row = dict[str, Any]
_SENT = timedelta(seconds=20)


def write(database: Database, year: Year) -> None:
    """Write all of it into an empty, migrated database."""
    bulk.put_aside(database)
    rows = Rows(year)
    for table, made in (
        (User, rows.people()), (Customer, rows.customers()), (Ticket, rows.tickets()), (models.Episode, rows.episodes()),
        (Message, rows.messages()), (models.Run, rows.runs()), (RunStep, rows.steps()),
        (Connection, rows.connections()), (ConnectedTool, rows.tools()), (Proposal, rows.calls()), (models.Draft, rows.drafts()),
        (Decision, rows.decisions()), (Outbox, rows.outbox()), (Edit, rows.edits()), (SearchRecord, rows.searches()),
        (PassageUse, rows.passages()), (CsatRequest, rows.ratings()), (BreakerOpening, rows.openings()),
    ):  # fmt: skip
        bulk.write(database, table, made)
    bulk.put_back(database)


class Rows:
    """Rows of every table of a story, or of some of its matters; ids are the places in the story."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.drafts_of = [(number, episode, draft) for number, (episode, draft) in enumerate(
            ((episode, draft) for episode in year.episodes for draft in episode.drafts), 1)]  # fmt: skip
        self.versions: dict[int, int] = {}

    def people(self) -> Iterator[Row]:
        for number in range(1, PEOPLE + 1):
            role = Role.ADMIN if number == 1 else Role.MANAGER if number == 2 else Role.STAFF
            yield {"id": number, "email": f"person{number}@year.example", "name": f"Person {number}", "role": role}

    def customers(self) -> Iterator[Row]:
        for number in sorted({episode.customer for episode in self.year.episodes}):
            yield {"id": number, "external_id": f"C-{number}", "name": f"Customer {number}", "email": f"c{number}@mail.example"}

    def tickets(self) -> Iterator[Row]:
        last = {episode.ticket: episode for episode in self.year.episodes}
        for ticket, first in {episode.ticket: episode for episode in reversed(self.year.episodes)}.items():
            episode = last[ticket]
            status = Status.RESOLVED if episode.resolved else Status.DELIVERED if episode.replied else Status.AWAITING_APPROVAL
            yield {
                "id": ticket, "source_id": f"year-{ticket}", "channel": first.channel, "status": status, "subject": f"About {first.category}",
                "requester_name": f"Customer {first.customer}", "requester_email": f"c{first.customer}@mail.example",
                "customer_id": first.customer, "identity": "verified", "category": episode.category, "language": first.language,
                "training": first.training, "episode_id": episode.number, "created_at": first.started,
                "updated_at": episode.resolved or episode.replied or episode.started,
            }  # fmt: skip

    def episodes(self) -> Iterator[Row]:
        for e in self.year.episodes:
            yield {
                "id": e.number, "ticket_id": e.ticket, "number": e.ordinal, "started_at": e.started, "escalated_at": e.escalated,
                "escalation_reason": e.reason or None, "first_reply_at": e.replied, "first_reply_due": e.reply_due, "resolve_due": e.resolve_due,
                "resolved_at": e.resolved, "resolution": e.resolution or None, "replies": e.replies, "next_replies": e.next_replies,
                "next_late": e.next_late, "transfers": e.transfers, "eligible": e.eligible, "category": e.category, "language": e.language,
                "channel": e.channel, "csat": e.csat, "escalation_label": e.label, "draft_ready_at": e.drafts[0].at if e.drafts else None,
                **dict(zip(("said_category", "said_priority", "said_team"), e.said, strict=True)),
                **dict(zip(("final_category", "final_priority", "final_team"), e.final, strict=True)),
            }  # fmt: skip

    def messages(self) -> Iterator[Row]:
        for e in self.year.episodes:
            of = {"ticket_id": e.ticket, "episode_id": e.number, "language": e.language}
            yield {**of, "direction": "in", "author_email": f"c{e.customer}@mail.example", "body": f"A question about {e.category}.",
                   "created_at": e.started}  # fmt: skip
            if e.replied:
                yield {
                    **of,
                    "direction": "out",
                    "user_id": e.person,
                    "body": f"An answer about {e.category}.",
                    "created_at": e.replied,
                }

    def _runs(self) -> Iterator[tuple[str, Episode, Run]]:
        for e in self.year.episodes:
            for n, run in enumerate(e.runs):
                yield f"run-{e.number}-{n}", e, run

    def runs(self) -> Iterator[Row]:
        for key, e, run in self._runs():
            yield {
                "id": key, "ticket_id": e.ticket, "episode_id": e.number, "status": "failed" if run.error else "ended", "model": "gpt-5",
                "forked_at": 2 if run.fork else None, "error": run.error or None, "degraded": ["fallback"] if run.degraded else [],
                "model_calls": 4, "cost_usd": run.cost, "started_at": e.started, "ended_at": e.started + timedelta(seconds=30),
            }  # fmt: skip

    def steps(self) -> Iterator[Row]:
        for key, e, run in self._runs():
            for ordinal, step in enumerate(run.steps):
                yield {
                    "run_id": key, "ordinal": ordinal, "kind": step.kind, "role": step.role, "name": step.name, "cost_usd": step.cost,
                    "seconds": step.seconds, "error": step.error or None, "created_at": e.started,
                    "response": {"usage": {"cached_tokens": step.cached}} if step.kind == "model" else {},
                }  # fmt: skip

    def connections(self) -> Iterator[Row]:
        yield {"id": 1, "name": "Orders", "base_url": "https://orders.example", "document": "", "created_by": 1}

    def tools(self) -> Iterator[Row]:
        for number, (name, price) in enumerate(CALLED.items(), 1):
            yield {"id": number, "connection_id": 1, "name": name, "method": "POST", "path": f"/{name}", "effect": "propose",
                   "price_usd": price, "created_by": 1}  # fmt: skip

    def calls(self) -> Iterator[Row]:
        tools = list(CALLED)
        for key, e, run in self._runs():
            for n, call in enumerate(run.calls):
                yield {
                    "ticket_id": e.ticket, "run_id": key, "tool_id": tools.index(call.tool) + 1, "tool": call.tool, "digest": "", "seal": f"{n}",
                    "key": f"{key}-{n}", "status": call.status, "cost_usd": call.cost, "created_at": e.started,
                }  # fmt: skip

    def drafts(self) -> Iterator[Row]:
        for number, e, draft in self.drafts_of:
            version = self.versions[e.ticket] = self.versions.get(e.ticket, 0) + 1
            yield {
                "id": number, "ticket_id": e.ticket, "episode_id": e.number, "version": version, "status": _status(draft),
                "body": "x" * draft.characters, "confidence": draft.confidence, "created_at": draft.at, "decide_due": draft.due,
                "created_by": "agents" if draft.agents else f"user:{e.person or 3}",
                "run_id": f"run-{e.number}-0" if draft.agents and e.runs else None,
                "sentences": [
                    {"text": _sentence(n), "kind": "fact" if s.fact else "courtesy", "supported": s.supported, "passages": []}
                    for n, s in enumerate(draft.sentences)
                ],
            }  # fmt: skip

    def decisions(self) -> Iterator[Row]:
        for number, e, draft in self._decided():
            approve = draft.decision == "approve"
            yield {
                "id": number, "draft_id": number, "ticket_id": e.ticket, "episode_id": e.number, "user_id": e.person, "kind": draft.decision,
                "seal": "", "reason": draft.reason, "edit_distance": draft.distance if approve else None, "active_seconds": draft.review,
                "body": " ".join(_sentence(n) for n, s in enumerate(draft.sentences) if s.sent) if approve else "",
                "created_at": draft.decided_at,
            }  # fmt: skip

    def outbox(self) -> Iterator[Row]:
        for number, e, draft in self._decided():
            if draft.decision == "approve" and draft.decided_at:
                yield {
                    "ticket_id": e.ticket, "decision_id": number, "key": f"year-{number}", "status": "sent", "subject": "Re: your message",
                    "recipient": f"c{e.customer}@mail.example", "message_id": f"<{number}@year.example>", "send_after": draft.decided_at + _SENT,
                    "created_at": draft.decided_at, "sent_at": draft.decided_at + _SENT,
                }  # fmt: skip

    def edits(self) -> Iterator[Row]:
        for number, e, draft in self._decided():
            for place, kind in enumerate(draft.edits):
                yield {
                    "decision_id": number,
                    "ticket_id": e.ticket,
                    "number": place,
                    "kind": kind,
                    "created_at": draft.decided_at,
                }

    def searches(self) -> Iterator[Row]:
        number = 0
        for e in self.year.episodes:
            for hits, decision, repeated in e.searches:
                number += 1
                yield {"id": number, "source": "agents", "query": e.category, "hits": hits, "decision": decision, "ticket_id": e.ticket,
                       "episode_id": e.number, "repeats": 1 if repeated else None, "at": e.started}  # fmt: skip

    def passages(self) -> Iterator[Row]:
        for number, e, draft in self.drafts_of:
            for rank, (cited, opened, kept, vote) in enumerate(draft.passages):
                yield {"draft_id": number, "ticket_id": e.ticket, "passage": f"{e.category}#{rank}", "article": e.category, "rank": rank,
                       "cited": cited, "opened": opened, "kept": kept, "vote": vote, "at": draft.at}  # fmt: skip

    def ratings(self) -> Iterator[Row]:
        for e in self.year.episodes:
            if e.asked:
                yield {
                    "episode_id": e.number,
                    "ticket_id": e.ticket,
                    "status": "sent" if e.csat is None else "answered",
                    "score": e.csat,
                }

    def openings(self) -> Iterator[Row]:
        for at, model in self.year.openings:
            yield {
                "name": model,
                "opened_at": at,
                "closed_at": at + timedelta(seconds=30),
                "why": "5 failures in a row",
                "failures": 5,
            }

    def _decided(self) -> Iterator[tuple[int, Episode, Draft]]:
        return (row for row in self.drafts_of if row[2].decision)


def _status(draft: Draft) -> str:
    return {"approve": "approved", "reject": "rejected", "request_changes": "superseded", "": "waiting"}[draft.decision]


def _sentence(number: int) -> str:
    return f"This is sentence {number} of the reply."
