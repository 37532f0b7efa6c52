"""People who work the desk, what lets them in, and what the desk remembers of them."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, SQLModel

from .base import json_field, new_id, now
from .statuses import Role


class User(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str
    role: Role = Field(default=Role.STAFF, sa_type=String)
    password_hash: str | None = None
    demo: bool = False
    trainee: bool = False
    disabled_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    preferences: dict[str, object] = json_field()

    @property
    def actor(self) -> str:
        """How the audit log and versions name this person."""
        return f"user:{self.id}"


class LoginSession(SQLModel, table=True):
    """One signed-in browser; the cookie holds the signed id, the truth is here."""

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    csrf: str = Field(default_factory=new_id)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    revoked_at: datetime | None = None
    user_agent: str = ""


class LoginAttempt(SQLModel, table=True):
    """A failed sign-in, counted per account and per address."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    at: datetime = Field(default_factory=now)


class SetupLink(SQLModel, table=True):
    """A one-time link that lets its holder choose a password (the first admin, or an invited person)."""

    token_hash: str = Field(primary_key=True)
    user_id: int | None = Field(default=None, foreign_key="user.id")
    expires_at: datetime
    used_at: datetime | None = None


class ApiKey(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    prefix: str = Field(index=True)
    key_hash: str = Field(unique=True)
    purpose: str = "tickets"
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    revoked_at: datetime | None = None


class IdempotencyRecord(SQLModel, table=True):
    """What an API caller already asked for, so that asking again changes nothing."""

    api_key_id: int = Field(foreign_key="apikey.id", primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    ticket_id: int = Field(foreign_key="ticket.id")
    outcome: str = "created"
    created_at: datetime = Field(default_factory=now)


class WorkspaceSetting(SQLModel, table=True):
    """A switch that admins turn in the desk (settings of the machine are in triage/settings.py)."""

    key: str = Field(primary_key=True)
    value: dict[str, object] = json_field()
    updated_by: int | None = Field(default=None, foreign_key="user.id")
    updated_at: datetime = Field(default_factory=now)


class AuditEvent(SQLModel, table=True):
    """What happened, by whom; each row's hash covers the row before it."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now)
    actor: str
    kind: str
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    data: dict[str, object] = json_field()
    previous_hash: str
    hash: str = Field(unique=True)
