"""One database, two kinds: SQLite in a folder, PostgreSQL for many hosts."""

from . import rows
from .engine import Database, open_database
from .migrate import migrate

__all__ = ["Database", "migrate", "open_database", "rows"]
