"""Seeded tickets by the hundred thousand, written in bulk: people, customers, tickets, messages, and sealed drafts for the open ones."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlmodel import col, select

from benchmarks import bulk
from triage.accounts import passwords
from triage.database import Database, migrate
from triage.models import Category, Customer, Draft, Episode, Message, Role, Status, Ticket, User
from triage.seal import seal_of

PEOPLE = 25
PASSWORD = "a benchmark's own password"
CATEGORIES = ("Billing", "Delivery", "Machine faults", "Returns", "Subscriptions", "Account", "Product advice", "Privacy")
_SENTENCES = 40_000
_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "fa",
    "fe",
    "ga",
    "ge",
    "go",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "pa",
    "pe",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "vi",
]
_COMMON = [
    "the",
    "a",
    "to",
    "of",
    "my",
    "is",
    "not",
    "it",
    "was",
    "and",
    "for",
    "please",
    "order",
    "parcel",
    "refund",
    "machine",
    "coffee",
    "water",
    "milk",
    "account",
    "charged",
    "twice",
    "lid",
    "broken",
    "when",
    "still",
]
SURNAMES = 4_000


def fill(database: Database, tickets: int, waiting: int, say: Callable[[str], None]) -> None:
    """Write everything into an empty, migrated database; the row of the last person comes last and marks it as whole."""
    maker = Maker(tickets, waiting)
    bulk.put_aside(database)
    for table, rows in (
        (Category, maker.categories()), (User, maker.people()), (Customer, maker.customers()), (Ticket, maker.tickets()),
        (Episode, maker.episodes()), (Message, maker.messages()), (Draft, maker.drafts()),
    ):  # fmt: skip
        say(f"{table.__name__.lower()} rows …")
        bulk.write(database, table, rows)
    say("Sealing the drafts …")
    _seal(database)
    say("Words and indexes …")
    bulk.put_back(database)
    with database.transaction() as session:
        session.add(
            User(email="whole@bench.example", name="Whole", role=Role.STAFF, disabled_at=datetime(2026, 1, 1, tzinfo=UTC))
        )


def is_whole(database: Database) -> bool:
    migrate(database)
    with database.read() as session:
        return session.exec(select(User.id).where(User.email == "whole@bench.example")).first() is not None


class Maker:
    """The same rows for the same numbers, whenever they are made; times are counted back from now."""

    def __init__(self, tickets: int, waiting: int) -> None:
        self.count, self.waiting = tickets, waiting
        self.now = datetime.now(UTC).replace(microsecond=0)
        draw = random.Random(7)
        words = _COMMON + ["".join(draw.choices(_SYLLABLES, k=draw.choice((2, 2, 3, 3, 4)))) for _ in range(30_000)]
        heavy = list(accumulate(1 / (rank + 3) for rank in range(len(words))))  # few words are common, most are rare
        self.sentences = [" ".join(draw.choices(words, cum_weights=heavy, k=10)).capitalize() + "." for _ in range(_SENTENCES)]
        self.names = ["".join(draw.choices(_SYLLABLES, k=3)).capitalize() for _ in range(SURNAMES)]

    def customer_of(self, ticket: int) -> int:
        return ticket * 7919 % max(1, self.count // 5) + 1

    def is_waiting(self, ticket: int) -> bool:
        """Open tickets are among the newest, with some old ones between."""
        return ticket > self.count - self.waiting

    def created(self, ticket: int) -> datetime:
        return self.now - timedelta(seconds=(self.count - ticket) * 40 + 60)

    def categories(self) -> Iterator[dict[str, Any]]:
        return ({"slug": title.lower().replace(" ", "-"), "title": title} for title in CATEGORIES)

    def people(self) -> Iterator[dict[str, Any]]:
        hash_ = passwords.hashed(PASSWORD)
        for number in range(1, PEOPLE + 1):
            yield {
                "id": number,
                "email": f"reviewer{number}@bench.example",
                "name": f"Reviewer {number}",
                "role": Role.MANAGER,
                "password_hash": hash_,
            }

    def customers(self) -> Iterator[dict[str, Any]]:
        for number in range(1, max(1, self.count // 5) + 1):
            yield {
                "id": number,
                "external_id": f"C-{number}",
                "name": self._name(number),
                "email": f"customer{number}@mail.example",
            }

    def tickets(self) -> Iterator[dict[str, Any]]:
        draw = random.Random(11)
        for number in range(1, self.count + 1):
            waits, customer, created = self.is_waiting(number), self.customer_of(number), self.created(number)
            status = (
                draw.choices((Status.AWAITING_APPROVAL, Status.NEEDS_INFO, Status.ESCALATED), (90, 4, 6))[0]
                if waits
                else Status.RESOLVED
            )
            due = self.now + timedelta(minutes=draw.randint(-600, 2_400))
            yield {
                "id": number, "status": status, "subject": draw.choice(self.sentences)[:60], "requester_name": self._name(customer),
                "requester_email": f"customer{customer}@mail.example", "customer_id": customer, "identity": "verified",
                "category": draw.choice(CATEGORIES).lower().replace(" ", "-"), "language": draw.choices(("en", "de", "fr", "fi"), (80, 12, 7, 1))[0],
                "priority": draw.choices(("low", "normal", "high", "urgent"), (10, 75, 12, 3))[0], "risk": draw.choices(("low", "medium", "high"), (85, 12, 3))[0],
                "channel": draw.choices(("email", "form", "chat"), (80, 15, 5))[0], "confidence": round(draw.uniform(0.3, 0.98), 3),
                "assignee_id": draw.randint(1, PEOPLE) if draw.random() < 0.2 else None, "episode_id": number, "thread_head": 2 * number,
                "draft_id": number if waits else None, "first_reply_due": due if waits else None, "due_at": due if waits else None, "created_at": created,
                "updated_at": created + timedelta(minutes=draw.randint(5, 300)),
            }  # fmt: skip

    def episodes(self) -> Iterator[dict[str, Any]]:
        for number in range(1, self.count + 1):
            yield {
                "id": number,
                "ticket_id": number,
                "language": "en",
                "started_at": self.created(number),
                "resolved_at": None if self.is_waiting(number) else self.created(number) + timedelta(hours=3),
            }

    def messages(self) -> Iterator[dict[str, Any]]:
        """Two a ticket: the customer's, and our answer or, where one waits for an answer, the customer's second."""
        draw = random.Random(13)
        for number in range(1, self.count + 1):
            customer, waits = self.customer_of(number), self.is_waiting(number)
            for turn in (1, 2):
                ours = turn == 2 and not waits
                body = " ".join(draw.choices(self.sentences, k=4)) + (f" My order is LF-{customer:07d}." if turn == 1 else "")
                yield {
                    "id": 2 * number - 2 + turn, "ticket_id": number, "episode_id": number, "direction": "out" if ours else "in",
                    "author_name": "Desk" if ours else self._name(customer), "author_email": "desk@bench.example" if ours else f"customer{customer}@mail.example",
                    "body": body, "message_id": f"<{number}.{turn}@mail.example>", "created_at": self.created(number) + timedelta(minutes=turn),
                }  # fmt: skip

    def drafts(self) -> Iterator[dict[str, Any]]:
        draw = random.Random(17)
        for number in range(max(1, self.count - self.waiting + 1), self.count + 1):
            body = "Hello,\n\n" + " ".join(draw.choices(self.sentences, k=5)) + "\n\nKind regards"
            yield {
                "id": number, "ticket_id": number, "episode_id": number, "subject": "Re: your message", "body": body, "thread_head": 2 * number,
                "recipient": f"customer{self.customer_of(number)}@mail.example", "confidence": 0.9, "model": "benchmark",
            }  # fmt: skip

    def _name(self, customer: int) -> str:
        return f"{self.names[customer % 97]} {self.names[customer % SURNAMES]}"


def _seal(database: Database) -> None:
    with database.transaction() as session:
        session.exec(select(Ticket).where(col(Ticket.draft_id).is_not(None))).all()
        for draft in session.exec(select(Draft)).all():
            draft.seal = seal_of(session, draft, {})
            session.add(draft)
