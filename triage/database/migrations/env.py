"""Alembic's entry: runs on the connection that triage.database.migrate hands over, on our tables only."""

from alembic import context
from sqlmodel import SQLModel

import triage.models  # noqa: F401  (registers the tables)
from triage.database import derived

OURS = set(SQLModel.metadata.tables)


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return name in OURS if kind == "table" else not (name or "").startswith(derived.PREFIX)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    include_name=_ours,
    compare_type=True,
)
derived.take_away(context.config.attributes["connection"])
context.run_migrations()
derived.put_back(context.config.attributes["connection"])
