"""Customers who write and people who decide, in a thread of their own, while the worker dies and comes back."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from tests.desks import person
from triage import approval, delivery
from triage.database import Database
from triage.durable import Durable
from triage.errors import ConflictError
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import AT_WORK, DECIDABLE, DecisionKind, Draft, Outbox, QuarantineReason, Role, Status, Ticket, User
from triage.runs import start_run
from triage.settings import Settings

QUESTIONS = (
    "How do I descale my kettle?",
    "How do I pair the kettle with the app?",
    "Where is my parcel?",
    "How can I return my order?",
)
# What happens to a ticket, where it then stands, and how many mails its customer got.
PLANS: dict[str, tuple[Status, int]] = {
    "approve": (Status.DELIVERED, 1),
    "edit": (Status.DELIVERED, 1),
    "changes": (Status.DELIVERED, 1),
    "undo": (Status.DELIVERED, 1),
    "hurry": (Status.DELIVERED, 1),  # the customer writes twice in a row
    "again": (Status.DELIVERED, 1),  # the customer writes while the draft waits
    "threat": (Status.ESCALATED, 1),
    "reject": (Status.REJECTED, 0),
    "auto": (Status.QUARANTINED, 0),
}
BUSY = AT_WORK | {Status.DELIVERING}  # nothing for people to do


@dataclass
class Matter:
    """One customer's ticket, what is planned for it and what was done so far."""

    number: int
    plan: str
    ticket_id: int = 0
    done: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def sender(self) -> str:
        return f"customer{self.number}@chaos.example"


class People(threading.Thread):
    """`allowed` matters have come in; each is decided as planned, in transactions of its own, until all are finished."""

    def __init__(
        self, database: Database, settings: Settings, was_taken: Callable[[str], bool], count: int, dice: random.Random
    ) -> None:
        super().__init__(name="people", daemon=True)
        self.database, self.settings, self.was_taken = database, settings, was_taken
        self.durable = Durable(database, settings)
        self.durable.prepare()
        kinds = [list(PLANS)[n % len(PLANS)] for n in range(count)]
        dice.shuffle(kinds)
        self.matters = [Matter(number, plan) for number, plan in enumerate(kinds)]
        self.allowed = self.decisions = self.settled = self.too_late = 0
        self.error: BaseException | None = None
        self._stop_asked = threading.Event()
        with database.transaction() as session:
            self.staff, self.manager = person(session, Role.STAFF, "Sam"), person(session, Role.MANAGER, "Mina")

    @property
    def unfinished(self) -> list[Matter]:
        return [matter for matter in self.matters if not matter.finished]

    def run(self) -> None:
        try:
            while self.unfinished and not self._stop_asked.wait(0.03):
                with self.database.read() as session:
                    status: dict[int | None, Status] = dict(session.exec(select(Ticket.id, Ticket.status)).all())
                for matter in [m for m in self.matters[: self.allowed] if not m.finished]:
                    if status.get(matter.ticket_id) not in BUSY or matter.plan in ("hurry", "undo"):
                        self._attend(matter)
        except BaseException as error:  # told to the test by `check`
            self.error = error

    def check(self) -> None:
        if self.error:
            raise self.error

    def close(self) -> None:
        self._stop_asked.set()
        if self.is_alive():
            self.join(30)
        self.durable.close()

    # ---- one matter -------------------------------------------------------------------------------------

    def _attend(self, matter: Matter) -> None:
        if not matter.ticket_id:
            self._write(matter, "first")
            return
        if matter.plan == "hurry" and "second" not in matter.done:
            self._write(matter, "second")
        try:
            with self.database.transaction() as session:
                self._look(session, matter)
        except ConflictError:
            self.too_late += 1  # the world moved on between looking and deciding; look again
            time.sleep(0.05)

    def _write(self, matter: Matter, which: str) -> None:
        question = QUESTIONS[matter.number % len(QUESTIONS)]
        first = {"threat": "My lawyer will sue you in court next week.", "auto": "I am out of the office until Monday."}
        body = (
            first.get(matter.plan, question)
            if which == "first"
            else f"I forgot to say: it is the {matter.number}th time that I ask. {question}"
        )
        incoming = Incoming(
            source_id=f"{matter.number}-{which}", subject=f"Matter {matter.number}", body=body, sender_name="Ada",
            sender_email=matter.sender, message_id=f"<{matter.number}-{which}@chaos.example>", language="en",
            in_reply_to=f"<{matter.number}-first@chaos.example>" if which == "second" else None,
            quarantine=QuarantineReason.AUTO_REPLY if matter.plan == "auto" else None,
        )  # fmt: skip
        with self.database.transaction() as session:
            matter.ticket_id = receive(session, incoming, self.settings, enqueue=self._start).ticket_id
        matter.done.append(which)

    def _start(self, session: Session, ticket: Ticket) -> None:
        start_run(session, self.durable.enqueue, ticket)

    def _look(self, session: Session, matter: Matter) -> None:
        ticket = session.get_one(Ticket, matter.ticket_id)
        outbox = session.exec(select(Outbox).where(Outbox.ticket_id == ticket.id).order_by(col(Outbox.id).desc())).first()
        if ticket.status == Status.FAILED and outbox is not None and outbox.status == "uncertain":
            self._settle(session, matter, outbox)
        elif ticket.status == Status.FAILED:
            raise AssertionError(f"{matter} failed: {ticket.reason}: {ticket.error}")  # no plan ends so: nothing to wait for
        elif ticket.status == PLANS[matter.plan][0] and self._is_over(matter, outbox):
            matter.finished = True
        elif ticket.status == Status.APPROVED and matter.plan == "undo" and "undone" not in matter.done:
            self._undo(session, matter, outbox)
        elif ticket.status in DECIDABLE and ticket.draft_id:
            draft = session.get_one(Draft, ticket.draft_id)
            if draft.status == "waiting" and not (outbox and outbox.status in ("held", "sending")):
                self._decide(session, matter, draft)

    def _is_over(self, matter: Matter, outbox: Outbox | None) -> bool:
        return PLANS[matter.plan][1] == 0 or (outbox is not None and outbox.status == "sent")

    def _settle(self, session: Session, matter: Matter, outbox: Outbox) -> None:
        """A manager looks into the mail server's log."""
        if "uncertain" not in matter.done:
            matter.done.append("uncertain")  # give a mail that is on the wire the time to arrive
            matter.done.append(str(time.monotonic()))
            return
        if time.monotonic() - float(matter.done[-1]) < 0.5:
            return
        delivery.settle(session, self, self.manager, outbox.id or 0, was_sent=self.was_taken(outbox.message_id))
        del matter.done[-2:]
        self.settled += 1

    def enqueue(self, session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None:
        self.durable.enqueue(session, kind, key, *args, delay=delay)

    def _undo(self, session: Session, matter: Matter, outbox: Outbox | None) -> None:
        matter.done.append("undone")
        assert outbox and outbox.decision_id
        approval.undo(session, self.staff, outbox.decision_id)

    def _decide(self, session: Session, matter: Matter, draft: Draft) -> None:
        user: User = self.manager if matter.plan in ("threat", "hurry") else self.staff
        kind, body, comment, reason = DecisionKind.APPROVE, None, "", ""
        if matter.plan == "reject":
            kind, reason = DecisionKind.REJECT, "other"
        elif matter.plan == "changes" and draft.version == 1:
            kind, comment = DecisionKind.REQUEST_CHANGES, "Please be shorter."
        elif matter.plan == "edit":
            body = f"{draft.body}\n\nHave a nice day."
        elif matter.plan == "again" and "second" not in matter.done:
            session.rollback()
            self._write(matter, "second")
            return
        approval.decide(
            session, self.durable.enqueue, self.settings, user, draft.id or 0, kind=kind, seal=draft.seal, body=body, comment=comment,
            reason=reason, acknowledged=range(len(draft.sentences)),
        )  # fmt: skip
        self.decisions += 1
