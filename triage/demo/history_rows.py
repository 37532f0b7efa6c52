"""The rows of past tickets, collected in memory and stored table by table."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col, select

from triage.demo import history_words as words
from triage.demo.history_runs import Agents
from triage.models import (
    BlockedAction,
    Customer,
    Decision,
    Draft,
    Episode,
    GuardVerdict,
    Message,
    Outbox,
    Quarantine,
    Run,
    RunStep,
    SignOff,
    Status,
    Ticket,
    User,
)
from triage.sla import clocks
from triage.sla.plan import Plan

Row = TypeVar("Row", bound=SQLModel)

MARK = "demo-history-"


@dataclass(frozen=True)
class Team:
    staff: list[User]
    manager: User


class Archive:
    """Collects rows and the links between them; `store` writes each table in one go."""

    def __init__(self, session: Session, team: Team, plan: Plan, until: datetime) -> None:
        self.session, self.team, self.plan, self.until = session, team, plan, until
        self.hours = plan.compiled()
        self.agents = Agents(self.add)
        self.tickets: list[Ticket] = []
        self._rows: dict[type[SQLModel], list[SQLModel]] = {}
        self._links: dict[int, list[tuple[SQLModel, str, SQLModel]]] = {}
        self._late: dict[tuple[int, str], tuple[SQLModel, str, SQLModel]] = {}

    @staticmethod
    def present(session: Session) -> bool:
        """Whether the history has been stored before."""
        return session.exec(select(Ticket.id).where(col(Ticket.source_id).startswith(MARK)).limit(1)).first() is not None

    # ---- collecting ---------------------------------------------------------------------------------------

    def add(self, table: type[Row], parents: Mapping[str, SQLModel | None], **fields: Any) -> Row:
        """Keep a new row; each column named in `parents` gets the parent's id once the parent is stored."""
        row = table(**fields)
        self._rows.setdefault(type(row), []).append(row)
        self._links.setdefault(id(row), []).extend((row, name, parent) for name, parent in parents.items() if parent)
        return row

    def latest(self, ticket: Ticket, column: str, row: SQLModel) -> None:
        """The ticket points at this row, until a newer one comes."""
        self._late[id(ticket), column] = (ticket, column, row)

    def promised(
        self, kind: str, start: datetime, customer: Customer, ticket: Ticket, pauses: Sequence[clocks.Pause] = ()
    ) -> datetime | None:
        """By when the desk's plan promises this step."""
        priority = str(ticket.priority)
        return clocks.promised(self.plan, kind, start, tier=customer.tier, group="", priority=priority, pauses=pauses)

    def drafts_of(self, ticket: Ticket) -> int:
        """How many drafts the ticket has so far."""
        return sum(
            parent is ticket
            for row in self._rows.get(Draft, [])
            for _, name, parent in self._links[id(row)]
            if name == "ticket_id"
        )

    def spam(self, dice: random.Random, moment: datetime, subject: str, body: str) -> None:
        """A message that was quarantined at the door and dismissed by a person."""
        reason = "auto_reply" if subject.startswith("Automatic") else "spam"
        sender = f"office{dice.randrange(100)}@mailings.example"
        ticket = self.ticket(moment, subject, sender, sender, Status.RESOLVED)
        ticket.reason, ticket.updated_at = "dismissed", self.at_work(dice, moment, 40)
        episode = self.add(Episode, {"ticket_id": ticket}, number=1, started_at=moment, eligible=False, channel="email")
        self.latest(ticket, "episode_id", episode)
        self.message(ticket, episode, moment, "in", body, sender)
        self.add(
            Quarantine, {"ticket_id": ticket}, reason=reason, detail="Seen at the door, before the agents.", created_at=moment
        )
        episode.resolved_at, episode.resolution = ticket.updated_at, "dismissed"

    def ticket(self, moment: datetime, subject: str, name: str, email: str, status: Status) -> Ticket:
        number = len(self.tickets) + 1
        ticket = self.add(
            Ticket, {}, source_id=f"{MARK}{number:03}", subject=subject, requester_name=name, requester_email=email, status=status,
            created_at=moment, updated_at=moment,
        )  # fmt: skip
        self.tickets.append(ticket)
        return ticket

    def message(
        self, ticket: Ticket, episode: Episode, moment: datetime, direction: str, body: str, author: str, user: User | None = None
    ) -> Message:
        digest = hashlib.sha256(f"{ticket.source_id}{moment}{direction}".encode()).hexdigest()[:20]
        message = self.add(
                Message, {"ticket_id": ticket, "episode_id": episode},
                direction=direction, author_name=author if direction == "in" else words.SIGNATURE, subject=ticket.subject, body=body,
                author_email=ticket.requester_email if direction == "in" else "support@larkfield.example", user_id=user.id if user else None,
                language=ticket.language, message_id=f"<{digest}@{'post' if direction == 'in' else 'larkfield'}.example>",
                sent_at=moment, created_at=moment,
            )  # fmt: skip
        self.latest(ticket, "thread_head", message)
        return message

    def at_work(self, dice: random.Random, moment: datetime, minutes: float) -> datetime:
        """When somebody gets to it: about `minutes` of working time later, longer around noon."""
        while not self.hours.open_at(moment):
            moment += timedelta(minutes=20)
        wait = dice.lognormvariate(0, 0.8) * minutes
        if moment.astimezone(self.hours.zone).hour == 12:
            wait += dice.uniform(10, 35)
        end = moment + timedelta(minutes=wait)
        while not self.hours.open_at(end):
            end += timedelta(minutes=61)
        return end

    # ---- storing ------------------------------------------------------------------------------------------

    def store(self) -> None:
        """Write every table, parents first, then what tickets say about their newest rows."""
        order: tuple[type[SQLModel], ...] = (
            Ticket, Episode, Message, Run, Draft, Decision, Outbox, Quarantine, GuardVerdict, BlockedAction, SignOff,
        )  # fmt: skip
        for table in order:
            rows = self._rows.get(table, [])
            for row in rows:
                for child, name, parent in self._links[id(row)]:
                    setattr(child, name, parent.id)  # type: ignore[attr-defined]
            self.session.add_all(rows)
            self.session.flush()
        for child, name, parent in self._late.values():
            setattr(child, name, parent.id)  # type: ignore[attr-defined]
        self.session.flush()
        if self.agents.steps:
            self.session.execute(insert(RunStep), self.agents.steps)
