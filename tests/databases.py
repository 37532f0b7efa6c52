"""Migrated databases without the wait: a template is migrated once a process, and every test gets a copy of its own."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from triage.database import Database, migrate, open_database
from triage.durable import Durable
from triage.settings import Settings, load_settings, make_private


def fresh(settings: Settings) -> Database:
    """An open SQLite database in the home of these settings, migrated and empty."""
    lay(settings.home)
    return open_database(settings)


def lay(home: Path) -> None:
    """Put a migrated, empty SQLite file into a home folder, which is made."""
    make_private(home)
    shutil.copy(_file(), home / "triage.db")


def prepare(settings: Settings) -> None:
    """Make our tables and the durable engine's, to be copied."""
    database = open_database(settings)
    migrate(database)
    Durable(database, settings).prepare()
    database.close()


@cache
def _file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepare(load_settings(home=folder))
    return folder / "triage.db"
