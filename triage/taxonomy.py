"""The categories as administrators keep them: their words, priority and group, their examples, and what was learnt of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, func, select

from knowledge_base import sorting
from knowledge_base.classifier import Guess, Report
from knowledge_base.embedding import Encoder
from knowledge_base.gloss import gloss, guess_by_small_words
from knowledge_base.sorting import FEWEST, Sorter
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Category, CategoryExample, CategoryModel, Message, Priority, Team, Ticket, User, new_id
from triage.runs import refuse_exercise
from triage.tickets import corrections

_MOST = 2_000  # characters of an example
FEW = 8  # examples below which a category is said to have too few
SHOWN = 50


@dataclass(frozen=True)
class CategoryRow:
    """A category with its labelled examples, newest first, and of those that were held out how many were sorted rightly."""

    category: Category
    examples: list[CategoryExample]
    count: int
    checked: int = 0
    right: int = 0
    mistaken: list[tuple[str, int]] = field(default_factory=list)
    """What it was taken for, by title, most often first."""


@dataclass(frozen=True)
class Taxonomy:
    """All categories, and what the fitted model says of itself (None: too few examples); `stale` when examples changed since."""

    rows: list[CategoryRow]
    report: Report | None
    stale: bool
    fitted_at: datetime | None
    missing: int
    """How many examples are wanting until something can be learnt."""


def load(session: Session, user: User) -> Taxonomy:
    access.require(user, Permission.READ_MACHINERY)
    report, stale = sorting.report(session)
    counted = dict(session.exec(select(CategoryExample.category, func.count()).group_by(CategoryExample.category)).all())
    categories = session.exec(select(Category).order_by(Category.title)).all()
    titles = {category.slug: category.title for category in categories}
    model = session.get(CategoryModel, 1)
    rows = [_row(session, category, counted.get(category.slug, 0), report, titles) for category in categories]
    return Taxonomy(rows, report, stale, model.fitted_at if model else None, max(0, FEWEST - sum(counted.values())))


def try_text(sorter: Sorter, text: str) -> Guess | None:
    """What the fitted model makes of a text; None without a model. Raises EmbedderUnavailable."""
    return sorter.sort(gloss(text[:_MOST], guess_by_small_words(text, "en")))


def save(
    session: Session, user: User, slug: str, *, title: str, description: str, default_priority: str, team: str
) -> Category:  # fmt: skip
    """Change a category, or make one with the slug "". Raises InputError for what cannot be used."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    title = " ".join(title.split())
    if not title or len(title) > 80:
        raise InputError("A category needs a title of at most 80 characters.")
    if default_priority not in set(Priority):
        raise InputError(f"{default_priority} is no priority; choose one of {', '.join(Priority)}.")
    if team and session.get(Team, team) is None:
        raise InputError(f"There is no group {team}; add it under Groups first.")
    category = session.get(Category, slug) if slug else _new(session, title)
    if category is None:
        raise InputError("This category is gone; reload the page.")
    category.title, category.description = title, " ".join(description.split())[:400]
    category.default_priority, category.team = default_priority, team
    session.add(category)
    audit.append(session, "category", actor=user.actor, category=category.slug, title=title, priority=default_priority, team=team)
    return category


def remove(session: Session, user: User, slug: str) -> None:
    """Take a category away with its examples. Raises ConflictError while tickets are filed under it."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    category = session.get(Category, slug)
    if category is None:
        raise InputError("This category is gone; reload the page.")
    used = session.exec(select(func.count()).select_from(Ticket).where(Ticket.category == slug)).one()
    if used:
        raise ConflictError(
            f"{used} tickets are filed under {category.title}; it stays, so that figures go on. Rename it instead."
        )
    for example in session.exec(select(CategoryExample).where(CategoryExample.category == slug)):
        session.delete(example)
    session.flush()
    session.delete(category)
    audit.append(session, "category_removed", actor=user.actor, category=slug)


def add_example(session: Session, user: User, slug: str, text: str, embedder: Encoder) -> CategoryExample:
    """A labelled message. Raises InputError for one that is empty or there already, EmbedderUnavailable."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    text = text.strip()[:_MOST]
    if not text:
        raise InputError("An example needs words: what a customer would write.")
    if session.get(Category, slug) is None:
        raise InputError("This category is gone; reload the page.")
    known = session.exec(select(CategoryExample).where(CategoryExample.text == text)).first()
    if known is not None:
        raise InputError(f"This is an example of {known.category} already.")
    example = CategoryExample(category=slug, text=text, vector=embedder.encode([text])[0].tobytes())
    session.add(example)
    audit.append(session, "category_example", actor=user.actor, category=slug)
    return example


def refile(session: Session, user: User, ticket_id: int, slug: str) -> None:
    """File a ticket under another category; a draft that waits stays as it is."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or session.get(Category, slug) is None:
        raise InputError("This ticket or category is gone; reload the page.")
    refuse_exercise(ticket)
    if ticket.category != slug:
        audit.append(session, "recategorised", actor=user.actor, ticket_id=ticket_id, was=ticket.category, to=slug)
        ticket.category = slug
        corrections.put(session, ticket, "category", slug)
        session.add(ticket)


def titles(session: Session) -> dict[str, str]:
    """The categories' titles by slug."""
    return dict(session.exec(select(Category.slug, Category.title).order_by(Category.title)).all())


def add_ticket(session: Session, user: User, ticket_id: int, slug: str, embedder: Encoder) -> CategoryExample:
    """The ticket's first message as an example of a category, which becomes the ticket's own."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    ticket = session.get(Ticket, ticket_id)
    first = session.exec(
        select(Message).where(Message.ticket_id == ticket_id, Message.direction == "in").order_by(col(Message.id)).limit(1)
    ).first()
    if ticket is None or first is None:
        raise InputError(f"There is no message in ticket {ticket_id} to learn from.")
    example = add_example(session, user, slug, f"{ticket.subject}\n{first.body}", embedder)
    refile(session, user, ticket_id, slug)
    return example


def remove_example(session: Session, user: User, example_id: int) -> None:
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    example = session.get(CategoryExample, example_id)
    if example is None:
        raise InputError("This example is gone already.")
    session.delete(example)
    audit.append(session, "category_example_removed", actor=user.actor, category=example.category)


def learn(session: Session, user: User, enqueue: Callable[..., None]) -> None:
    """Have what changed learnt now instead of within two minutes."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    enqueue(session, "chore", f"fit_categories-{new_id()}", "fit_categories")


def _row(session: Session, category: Category, count: int, report: Report | None, titles: dict[str, str]) -> CategoryRow:
    newest = select(CategoryExample).where(CategoryExample.category == category.slug).order_by(col(CategoryExample.id).desc())
    _, checked, right = report.classes.get(category.slug, (0, 0, 0)) if report else (0, 0, 0)
    confused = report.confused if report else []
    mistaken = [(titles.get(other, "no category"), times) for one, other, times in confused if one == category.slug]
    return CategoryRow(category, list(session.exec(newest.limit(SHOWN))), count, checked, right, mistaken[:3])


def _new(session: Session, title: str) -> Category:
    letters = "".join(char if char.isalnum() else "_" for char in title.lower())
    slug = "_".join(part for part in letters.split("_") if part)[:40] or "category"
    if session.get(Category, slug) is not None:
        raise InputError(f"There is a category {title} already.")
    return Category(slug=slug, title=title)
