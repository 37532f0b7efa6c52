"""Bring a database to the newest schema."""

from triage.database.engine import Database


def migrate(database: Database) -> None:
    """Create or upgrade all tables; safe to call at every start."""
    from sqlmodel import SQLModel

    import triage.models  # noqa: F401  (registers the tables)

    SQLModel.metadata.create_all(database.engine)
