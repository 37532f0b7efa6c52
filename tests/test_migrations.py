"""The migrations and the tables say the same, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, UniqueConstraint, text
from sqlmodel import SQLModel

import triage.models  # noqa: F401
from triage.database import Database, migrate
from triage.database.derived import PREFIX


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index queue_")
def test_a_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    ours = set(SQLModel.metadata.tables)
    with database.engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: name in ours if kind == "table" else not str(name).startswith(PREFIX)}
        options["compare_type"] = True
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


def test_vectors_move_to_their_own_table_and_back(database: Database) -> None:
    from alembic import command

    from triage.database.migrate import config

    count = text("SELECT embedder, passage_id, vector FROM passagevector")
    old = text("SELECT id, embedder, vector FROM passage ORDER BY id")
    with database.engine.begin() as connection:
        command.downgrade(config(connection), "0005")
        connection.execute(text("INSERT INTO article (id, kind, category, audience, language, status, owner, product, labels, "
            "source, latest_version, created_at, updated_at, translation_of) VALUES ('a', 'article', '', 'public', 'en', "
            "'published', '', '[]', '[]', '', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '')"))  # fmt: skip
        connection.execute(text("INSERT INTO indexstate (id, generation) VALUES (1, 3)"))
        for id, embedder, vector in (("a#0", "model@1", b"\x01\x02"), ("a#1", "", b"")):
            connection.execute(
                text("INSERT INTO passage (id, article_id, version, ordinal, title, heading, text, category, audience, language, "
                     "generation, embedder, vector) VALUES (:id, 'a', 1, 0, 't', '', 'x', '', 'public', 'en', 3, :embedder, :vector)"),
                {"id": id, "embedder": embedder, "vector": vector},
            )  # fmt: skip
    migrate(database)
    with database.engine.begin() as connection:
        assert [(e, p, bytes(v)) for e, p, v in connection.execute(count)] == [("model@1", "a#0", b"\x01\x02")]
        assert connection.execute(text("SELECT generation, embedder FROM indexstate")).one() == (3, "model@1")
        command.downgrade(config(connection), "0005")
        rows = [(id, embedder, bytes(vector or b"")) for id, embedder, vector in connection.execute(old)]
        assert rows == [("a#0", "model@1", b"\x01\x02"), ("a#1", "", b"")]


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=str)
def test_no_index_only_repeats_the_beginning_of_another(table: Table) -> None:
    whole = {str(index.name): index.columns.keys() for index in table.indexes if "where" not in str(index.dialect_kwargs)}
    unique = {
        f"unique {one.columns.keys()}": one.columns.keys() for one in table.constraints if isinstance(one, UniqueConstraint)
    }
    repeated = {
        name: other
        for name, columns in whole.items()
        for other, longer in (whole | unique | {"key": table.primary_key.columns.keys()}).items()
        if len(columns) < len(longer) and longer[: len(columns)] == columns
    }
    assert not repeated, "every row is written to these for nothing"
