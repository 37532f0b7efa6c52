"""Recorded runs of the agents: ordered steps for replay, spans for timing, money spent."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from .base import exact_json_field, json_field, new_id, now, text_field


class Run(SQLModel, table=True):
    """One run of the agents over one ticket.

    A fork has a `parent_id` and in `forked_at` the number of steps that it took over; nothing of it can reach a ticket or a
    customer. `recording` is what its steps keep: full, redacted, none, or expired once its time was over. `traceparent`
    names the trace (W3C) that it belongs to.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    episode_id: int | None = Field(default=None, foreign_key="episode.id", index=True)
    cause: str = "message"
    status: str = "running"
    model: str = ""
    parent_id: str | None = None
    forked_at: int | None = None
    outcome: str = ""
    error: str | None = None
    degraded: list[str] = json_field(list)
    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    started_at: datetime = Field(default_factory=now, index=True)
    ended_at: datetime | None = None
    recording: str = "full"
    traceparent: str = ""


class RunPremise(SQLModel, table=True):
    """What a run started from, beside its steps: replay and fork begin here.

    `case` is the ticket as the agents saw it, `common` what many runs share. A fork has its `changes`, and in `ending` what
    it came to.
    """

    run_id: str = Field(primary_key=True, foreign_key="run.id")
    common: str = Field(foreign_key="commonpremise.digest", index=True)
    case: dict[str, object] = exact_json_field()
    changes: dict[str, object] = exact_json_field()
    ending: dict[str, object] = exact_json_field()


class CommonPremise(SQLModel, table=True):
    """What runs have in common: rules, models, prompts' versions, tools, categories. Stored once, under its SHA-256."""

    digest: str = Field(primary_key=True)
    content: dict[str, object] = exact_json_field()
    created_at: datetime = Field(default_factory=now)


class RunStep(SQLModel, table=True):
    """One thing a run did: a model call, tool call, retrieval or guard verdict, with its whole request and response."""

    __table_args__ = (UniqueConstraint("run_id", "ordinal"), Index("ix_runstep_name_run_id", "name", "run_id"))
    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(foreign_key="run.id")
    ordinal: int
    kind: str
    role: str = ""
    name: str = ""
    request_hash: str = ""
    request: dict[str, object] = exact_json_field()
    response: dict[str, object] = exact_json_field()
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    error: str | None = text_field(None)
    created_at: datetime = Field(default_factory=now, index=True)


class SpanRecord(SQLModel, table=True):
    """An OpenTelemetry span; times in nanoseconds since 1970."""

    __tablename__ = "span"
    span_id: str = Field(primary_key=True)
    trace_id: str = Field(index=True)
    parent_id: str | None = None
    run_id: str | None = Field(default=None, index=True)
    name: str
    kind: str = "internal"
    start_ns: int = Field(sa_type=BigInteger)
    end_ns: int = Field(sa_type=BigInteger)
    status: str = "unset"
    attributes: dict[str, object] = json_field()


class Spend(SQLModel, table=True):
    """Tokens, money and calls of one day (UTC) under one scope.

    Scopes: "workspace"; "model:NAME"; "tool:NAME" (of connected APIs); "customer:ID" or "sender:ADDRESS"; "fallback:NAME" (calls that another model had
    to answer); "down:NAME" and "refused:NAME" (calls that failed); "cut:LIMIT:NAME" (calls that a limit refused); "kept:hit" and "kept:asked" (requests answered from what is kept, or not); "step:STEP" (runs that ended on a step of degradation).
    """

    day: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    tokens: int = 0
    cost_usd: float = 0.0
    calls: int = 0


class BreakerState(SQLModel, table=True):
    """The last known state of one breaker, for the Guardrails screen and for other processes."""

    name: str = Field(primary_key=True)
    state: str = "closed"
    failures: int = 0
    opened_at: datetime | None = None
    changed_at: datetime = Field(default_factory=now)
    last_error: str = text_field()
    openings: int = 0


class KeptAnswer(SQLModel, table=True):
    """A model's answer to a request, kept for evaluations under the SHA-256 of the whole request; `size` in bytes."""

    digest: str = Field(primary_key=True)
    model: str = ""
    response: dict[str, object] = exact_json_field()
    size: int = 0
    hits: int = 0
    used_at: datetime = Field(default_factory=now, index=True)
