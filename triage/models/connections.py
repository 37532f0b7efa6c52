"""Existing APIs that administrators connected, the operations they chose, and calls that wait for a person."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, new_id, now, text_field


class Connection(SQLModel, table=True):
    """One API: its OpenAPI document, its address, and the access right that calls are made with.

    `auth` is none, header, bearer or basic; `auth_name` the header's name or the user; `secret` is encrypted.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    base_url: str
    document: str = text_field()
    auth: str = "none"
    auth_name: str = ""
    secret: str = text_field()
    created_by: int = Field(foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)


class ConnectedTool(SQLModel, table=True):
    """An operation that agents may call (`read`) or propose (`propose`).

    `arguments` are those a model fills in; `bound` those that code fills from the ticket's verified customer,
    by name: where they go and which field they take. `digest` names the whole definition; `price_usd`, what a call costs, is no
    part of it.
    """

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = Field(foreign_key="connection.id", index=True)
    name: str = Field(unique=True)
    method: str
    path: str
    effect: str
    summary: str = text_field()
    arguments: list[dict[str, object]] = json_field(list)
    bound: list[dict[str, object]] = json_field(list)
    enabled: bool = True
    digest: str = ""
    price_usd: float = 0.0
    created_by: int = Field(foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)


class Proposal(SQLModel, table=True):
    """A call that an agent proposed: waiting, approved, sending, done, refused, superseded, failed or uncertain.

    `call` is what would be sent (method, address, query, body), `seal` binds a decision to exactly that. `cost_usd` is the tool's
    price when the request left, or may have left; it is part of its run's cost.
    """

    __table_args__ = (UniqueConstraint("run_id", "seal"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id")
    tool_id: int = Field(foreign_key="connectedtool.id")
    tool: str
    digest: str
    arguments: dict[str, object] = json_field()
    call: dict[str, object] = json_field()
    thread_head: int | None = None
    seal: str = ""
    key: str = Field(default_factory=new_id, unique=True)
    status: str = Field(default="waiting", index=True)
    decided_by: int | None = Field(default=None, foreign_key="user.id")
    decided_at: datetime | None = None
    comment: str = text_field()
    answer_status: int | None = None
    answer: str = text_field()
    error: str | None = None
    cost_usd: float = 0.0
    created_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
