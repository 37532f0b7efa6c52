"""What an attack may not change: everything outside the ticket and its run."""

from sqlmodel import Session, select

from triage.database import Database
from triage.models import Article, ArticleVersion, Customer, Decision, Order, Outbox, User, WorkspaceSetting
from triage.office import Desk
from triage.settings import Settings

_KEPT = (Customer, Order, Article, ArticleVersion, User, WorkspaceSetting, Outbox, Decision)


def world(database: Database, settings: Settings) -> dict[str, object]:
    """Customers, orders, articles, people, switches, outbox, decisions and mails, to be compared before and after."""
    with database.read() as session:
        rows: dict[str, object] = {table.__name__: _rows(session, table) for table in _KEPT}
    sent = settings.home / "mail" / "sent"
    return rows | {"mails": sorted(str(path) for path in sent.rglob("*") if path.is_file()) if sent.exists() else []}


def world_of(desk: Desk) -> dict[str, object]:
    return world(desk.database, desk.settings)


def _rows(session: Session, table: type) -> list[str]:
    return sorted(str(row.model_dump()) for row in session.exec(select(table)))
