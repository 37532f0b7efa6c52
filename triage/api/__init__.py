"""The REST interface for intake and automation: /api/v1, with keys, idempotency and errors that say what to do."""

from .app import create

__all__ = ["create"]
