"""Fills an empty desk with the demo company; on a desk that has it already, does nothing."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, func, select

import knowledge_base
from knowledge_base import articles, examples, sorting
from knowledge_base.embedding import Embed, Prepared
from triage.demo import history, tools, trial
from triage.demo.history_edits import seed_edits
from triage.demo.history_signals import seed_signals
from triage.demo.reviewing import seed_reviewing
from triage.improving import findings, grouping
from triage.intake import files
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import Article, Category, Customer, Order, Role, Ticket, User, clock_at, now
from triage.office import Desk
from triage.settings import Settings
from triage.sla import plan as targets
from triage.tickets import saved_views
from triage.tickets.inbox import View

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
ARTICLES = Path(knowledge_base.__file__).parent
FOLDERS = ("articles", "policies")
NOTES = HERE / "notes"
EXAMPLES = HERE / "examples.jsonl"
SPREAD = timedelta(hours=7)
BEFORE = timedelta(hours=15)


def seed_company(desk: Desk) -> None:
    """Knowledge, customers and history, in one transaction that waits for no embedding."""
    with desk.database.read() as session:
        if _empty(session, Article):
            print("Loading the demo company; this happens at the first start only.", flush=True)
    prepared = prepare(desk)
    with desk.database.transaction() as session:
        if _empty(session, Article):  # internal notes as they grow: an old one, and one that repeats an article
            articles.load_folder(session, NOTES, embed=prepared)
            _load(session, prepared)
        seed_categories(session, prepared)
        tools.seed_tools(session)
        if _empty(session, Customer):
            seed_customers(session)
            seed_targets(session)
            history.seed_history(session, until=now())
            seed_edits(session)
            seed_reviewing(session, desk.settings, until=now())
            seed_view(session)
    desk.index.sync(desk.database)
    sorting.fit(desk.database, desk.embedder)
    seed_signals(desk)
    findings.check_changed(desk)
    grouping.refresh(desk)


def prepare(desk: Desk) -> Embed:
    """The bundled texts embedded ahead of the transaction that stores them; nothing where they are stored already."""
    with desk.database.read() as session:
        wanted = (_empty(session, Article), _empty(session, Category))
    texts = articles.texts_of(*(ARTICLES / folder for folder in FOLDERS), NOTES) if wanted[0] else []
    if wanted[1]:
        texts += [json.loads(line)["text"] for line in EXAMPLES.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Prepared(desk.embedder, texts) if texts else desk.embedder


def seed_knowledge(session: Session, embed: Embed) -> None:
    """The bundled help centre, policies, categories and labelled examples, where there are none."""
    if _empty(session, Article):
        _load(session, embed)
    seed_categories(session, embed)


def _load(session: Session, embed: Embed) -> None:
    for folder in FOLDERS:
        articles.load_folder(session, ARTICLES / folder, embed=embed)


def seed_categories(session: Session, embed: Embed) -> None:
    """The bundled categories with their labelled examples, where there are none."""
    if _empty(session, Category):
        examples.load_taxonomy(session, HERE / "categories.toml", EXAMPLES, embed=embed)


def _empty(session: Session, table: type[Article] | type[Category] | type[Customer]) -> bool:
    return session.exec(select(func.count()).select_from(table)).one() == 0


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


def seed_view(session: Session) -> None:
    """One view that the manager shares with everybody."""
    manager = session.exec(select(User).where(User.role == Role.MANAGER, col(User.demo).is_(True))).first()
    if manager:
        saved_views.save(session, manager, "Bills and payments", View.NEEDS, "category:billing_payments", shared=True)


def seed_targets(session: Session) -> None:
    """Larkfield Coffee keeps Dutch holidays, answers customers of the tier plus sooner, and raises what is near its target."""
    number, plan = targets.current(session)
    if number:
        return
    everybody = plan.policies[0]
    sooner = {
        priority: each.model_copy(update={"first_reply": max(30, (each.first_reply or 60) // 2)})
        for priority, each in everybody.targets.items()
    }
    plus = targets.Policy(name="Plus customers", tiers=["plus"], targets=sooner)
    first = targets.Step(clock="first_reply", at="warning", do="raise_priority")
    wanted = targets.Plan(
        hours={targets.DESK: targets.Hours(country="NL")}, policies=[plus, everybody], steps=[first, *plan.steps]
    )  # fmt: skip
    targets.kept(session, wanted, user_id=None, note="The demo company's promises.")


def seed_tickets(desk: Desk) -> int:
    """The demo tickets, received over the last hours; those that are there already stay as they are. Returns how many came."""
    with desk.database.read() as session:
        known = set(session.exec(select(Ticket.source_id).where(Ticket.source_id.is_not(None))))  # type: ignore[union-attr]
    waiting = [(name, incoming) for name, incoming in tickets(desk.settings) if name not in known]
    for number, (name, incoming) in enumerate(waiting):
        moment = now() - SPREAD * (len(waiting) - number) / len(waiting)
        if name.startswith("demo-alike"):  # the same question from several people, over a night: no incident
            moment -= BEFORE
        dated = incoming.model_copy(update={"source_id": name, "sent_at": moment})
        with clock_at(moment), desk.database.transaction() as session:
            receive(session, dated, desk.settings, enqueue=desk.start, by_hand=True)
    trial.seed_trial(desk)
    with desk.database.transaction() as session:
        tools.seed_tags(session)
    return len(waiting)


def tickets(settings: Settings) -> Iterator[tuple[str, Incoming]]:
    """The demo tickets as they would come in: raw mails, then the other channels."""
    for source in (HERE / "tickets", HERE / "tickets.jsonl", HERE / "alike.jsonl"):
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
