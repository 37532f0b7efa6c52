"""The migrations and the tables say the same, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import triage.models  # noqa: F401
from triage.database import Database, migrate


def test_a_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    ours = set(SQLModel.metadata.tables)
    with database.engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    migrate(database)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_every_migration_can_be_taken_back(database: Database) -> None:
    from alembic import command

    from triage.database.migrate import config

    with database.engine.begin() as connection:
        command.downgrade(config(connection), "base")
    migrate(database)
