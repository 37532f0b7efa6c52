"""The same database, gate and settings as the tests of models."""

from tests.llm.conftest import connections, database, gate, recorder, settings

__all__ = ["connections", "database", "gate", "recorder", "settings"]
