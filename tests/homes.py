"""Homes without the wait: a database is migrated and a model made once a process; every test gets a copy of the one and a link to the other."""

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
    """Make a home folder with a migrated, empty SQLite file and the model's folder."""
    make_private(home)
    shutil.copy(_template() / "triage.db", home)
    (home / "models").symlink_to(_template() / "models")


def prepare(settings: Settings) -> None:
    """Make our tables and the durable engine's, to be copied."""
    database = open_database(settings)
    migrate(database)
    Durable(database, settings).prepare()
    database.close()


def clear() -> None:
    """Delete what copies are made of; a worker of xdist ends without `atexit`."""
    if _template.cache_info().currsize:
        shutil.rmtree(_template(), ignore_errors=True)
        _template.cache_clear()


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="template-"))
    prepare(load_settings(home=folder))
    (folder / "models").mkdir()
    return folder
