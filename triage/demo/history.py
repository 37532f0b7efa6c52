"""The demo desk's past: closed tickets of the last weeks, as the desk would have left them.

A seeded generator. Every row keeps the rules of the real flow: a reply is delivered only after an approved
decision by somebody who may take it, a draft is decided once, times run forward, statuses are final ones.
The agents are the offline engine: no tokens, no cost.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from triage.accounts.demo import ensure_people
from triage.demo.history_rows import Archive, Team
from triage.demo.history_story import Case, tell
from triage.errors import InputError
from triage.models import Article, Customer, Passage, Role, User
from triage.sla.hours import BusinessHours
from triage.sla.plan import current

DAYS = 45
TICKETS = 260
SPAM = 11
MATTER = timedelta(days=12)
_WEEKDAYS = (1.3, 1.1, 1.0, 1.0, 0.85, 0.35, 0.3)
_HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 10, 13, 13, 11, 5, 9, 12, 12, 10, 8, 7, 7, 8, 7, 4, 2)
_COLLEAGUE = ("tom@larkfield.example", "Tom Aalders")
_SPAM = (
    ("Boost your ranking today", "We place your shop on the first page. Reply for an offer."),
    ("Partnership in LED lighting", "Dear sir, we are a leading manufacturer of LED lighting."),
    ("Automatic reply: out of office", "I am away until Monday and will answer afterwards."),
)


def seed_history(session: Session, *, until: datetime, rng: int = 20) -> int:
    """Store about 260 closed tickets that started in the 45 days before `until`; returns how many.

    Needs the demo customers (raises InputError without them); does nothing when the history is there already.
    """
    if Archive.present(session):
        return 0
    dice = random.Random(rng)
    items = json.loads(Path(__file__).with_name("history.json").read_text(encoding="utf-8"))
    customers = list(session.exec(select(Customer).order_by(col(Customer.id))))
    if not customers:
        raise InputError("Load the demo customers before the demo history; it is about their tickets.")
    archive = Archive(session, _team(session), current(session)[1], until)
    sources = _sources(session, items)
    moments = _moments(dice, until, archive.hours)
    seen: dict[tuple[int | None, str], datetime] = {}
    for number, moment in enumerate(moments):
        if number % (TICKETS // SPAM) == 7:
            archive.spam(dice, moment, *_SPAM[number % len(_SPAM)])
            continue
        item = _pick(dice, items)
        progress = 1 - (until - moment) / timedelta(days=DAYS)
        customer = _customer(dice, customers, item, moment, seen)
        tell(archive, dice, Case(item, customer, moment, progress, sources[item["article"]]))
    archive.store()
    return len(archive.tickets)


def _team(session: Session) -> Team:
    """Nadia and Tom decide routine drafts, Marco the sensitive ones."""
    ensure_people(session)
    email, name = _COLLEAGUE
    if not session.exec(select(User).where(User.email == email)).first():
        session.add(User(email=email, name=name, role=Role.STAFF, demo=True))
        session.flush()
    people = session.exec(select(User).where(col(User.demo).is_(True)).order_by(col(User.id))).all()
    return Team(
        staff=[user for user in people if user.role == Role.STAFF], manager=next(u for u in people if u.role == Role.MANAGER)
    )


def _moments(dice: random.Random, until: datetime, hours: BusinessHours) -> list[datetime]:
    """When the tickets came: busy Mondays, quiet weekends, mornings and afternoons with a dip at noon."""
    first = hours.day_of(until) - timedelta(days=DAYS)
    days = [first + timedelta(days=n) for n in range(DAYS + 1)]
    weights = [_WEEKDAYS[day.weekday()] for day in days]
    found: list[datetime] = []
    while len(found) < TICKETS:
        day = dice.choices(days, weights)[0]
        seconds = dice.choices(range(24), _HOURS)[0] * 3600 + dice.uniform(0, 3600)
        moment = hours.midnight(day) + timedelta(seconds=seconds)
        if moment < until - timedelta(hours=8):
            found.append(moment)
    return sorted(found)


def _pick(dice: random.Random, items: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the texts; the ordinary ones come more often than the delicate ones."""
    return dice.choices(items, [2.2 if item["outcome"] == "resolved" else 1.0 for item in items])[0]


def _customer(
    dice: random.Random,
    customers: list[Customer],
    item: dict[str, Any],
    moment: datetime,
    seen: dict[tuple[int | None, str], datetime],
) -> Customer:
    """Somebody who writes in the text's language and, mostly, has not written about the same matter of late."""
    fitting = [customer for customer in customers if customer.language == item["language"]] or customers
    patient = [c for c in fitting if moment - seen.get((c.id, item["category"]), datetime.min.replace(tzinfo=UTC)) > MATTER]
    customer = dice.choice(patient or fitting)
    seen[customer.id, item["category"]] = moment
    return customer


def _sources(session: Session, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each article's draft cites: its first published passage, or the bare article when there is none."""
    sources: dict[str, dict[str, Any]] = {
        slug: {
            "passage": f"{slug}#1",
            "article": slug,
            "version": 1,
            "title": slug.replace("-", " ").capitalize(),
            "heading": "",
            "text": "",
        }
        for slug in {item["article"] for item in items}
    }
    rows = session.exec(select(Passage).where(col(Passage.article_id).in_(sources)).order_by(col(Passage.ordinal).desc()))
    for row in rows:
        article = session.get(Article, row.article_id)
        version = article.published_version if article and article.published_version else row.version
        sources[row.article_id] = {
            "passage": row.id,
            "article": row.article_id,
            "version": version,
            "title": row.title,
            "heading": row.heading,
            "text": row.text,
        }
    return sources
