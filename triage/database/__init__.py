"""One database, two kinds: SQLite in a folder, PostgreSQL for many hosts."""

from . import rows
from .engine import Database, after_commit, open_database
from .migrate import migrate

__all__ = ["Database", "after_commit", "migrate", "open_database", "rows"]
