"""Fills an empty desk with the demo company; on a desk that has it already, does nothing."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, func, select

import knowledge_base
from knowledge_base import articles, examples
from triage.demo import history
from triage.intake import files
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import Article, Category, Customer, Order, Ticket, clock_at, now
from triage.office import Desk
from triage.settings import Settings

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
ARTICLES = Path(knowledge_base.__file__).parent
SPREAD = timedelta(hours=7)


def seed(desk: Desk) -> None:
    """Knowledge, customers and history in one transaction, then the waiting tickets one by one."""
    with desk.database.transaction() as session:
        if session.exec(select(func.count()).select_from(Article)).one() == 0:
            seed_knowledge(session, desk)
        if session.exec(select(func.count()).select_from(Customer)).one() == 0:
            seed_customers(session)
            history.seed_history(session, until=now())
    desk.index.sync(desk.database)
    seed_tickets(desk)


def seed_knowledge(session: Session, desk: Desk) -> None:
    """The bundled help centre, policies, categories and labelled examples."""
    for folder in ("articles", "policies"):
        articles.load_folder(session, ARTICLES / folder, embed=desk.embedder)
    seed_categories(session, desk)


def seed_categories(session: Session, desk: Desk) -> None:
    """The bundled categories with their labelled examples, where there are none."""
    if session.exec(select(func.count()).select_from(Category)).one() == 0:
        examples.load_taxonomy(session, HERE / "categories.toml", HERE / "examples.jsonl", embed=desk.embedder)


def seed_customers(session: Session) -> None:
    """Customers with their orders; dates are moved so that the newest order is two days old."""
    people = json.loads((HERE / "customers.json").read_text(encoding="utf-8"))
    placed = [datetime.fromisoformat(order["placed_at"]) for person in people for order in person["orders"]]
    shift = timedelta(days=(now() - max(placed)).days - 2)
    for person in people:
        customer = Customer(
            profile={key: person[key] for key in ("subscription", "machine", "past_tickets")},
            **{
                key: person[key]
                for key in ("external_id", "name", "email", "tier", "language", "country", "since", "verified", "note")
            },
        )
        session.add(customer)
        session.flush()
        session.add_all(_order(order, customer.id or 0, shift) for order in person["orders"])


def seed_tickets(desk: Desk) -> None:
    """The eighty tickets, received over the last hours; those that are there already stay as they are."""
    with desk.database.read() as session:
        known = set(session.exec(select(Ticket.source_id).where(Ticket.source_id.is_not(None))))  # type: ignore[union-attr]
    waiting = [(name, incoming) for name, incoming in tickets(desk.settings) if name not in known]
    for number, (name, incoming) in enumerate(waiting):
        moment = now() - SPREAD * (len(waiting) - number) / len(waiting)
        dated = incoming.model_copy(update={"source_id": name, "sent_at": moment})
        with clock_at(moment), desk.database.transaction() as session:
            receive(session, dated, desk.settings, enqueue=desk.start)


def tickets(settings: Settings) -> Iterator[tuple[str, Incoming]]:
    """The demo tickets as they would come in: raw mails, then the other channels."""
    for source in (HERE / "tickets", HERE / "tickets.jsonl"):
        for name, incoming in files.read(source, settings):
            if isinstance(incoming, Incoming):
                yield f"demo-{name}", incoming


def _order(order: dict[str, object], customer_id: int, shift: timedelta) -> Order:
    delivered = order.get("delivered_at")
    return Order(
        customer_id=customer_id,
        placed_at=datetime.fromisoformat(str(order["placed_at"])) + shift,
        delivered_at=datetime.fromisoformat(str(delivered)) + shift if delivered else None,
        **{key: str(order.get(key) or "") for key in ("number", "status", "total", "currency", "carrier", "tracking")},
        items=order["items"],  # type: ignore[arg-type]
    )
