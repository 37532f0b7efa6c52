"""OpenTelemetry spans of every run, kept in SQL and sent on by OTLP when an address is set.

Spans tell when and how long; recorded steps (triage/recording.py) tell what. Spans are exported in batches
from a thread of their own, so a slow database never holds an agent up.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from triage import genai
from triage.database import Database, direct
from triage.models import Run, SpanRecord
from triage.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
_W3C = TraceContextTextMapPropagator()
_tracer: Tracer = NoOpTracer()
_provider: TracerProvider | None = None
_redact: Callable[[str], str] = str

_SPANS: Table = SpanRecord.__table__  # type: ignore[attr-defined]
_INSERT: dict[str, Insert] = {  # a batch that is sent again, because the first try failed late, changes nothing
    "sqlite": sqlite.insert(_SPANS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_SPANS).on_conflict_do_nothing(),
}

KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT, "server": SpanKind.SERVER}


class SqlExporter(SpanExporter):
    """Writes finished spans to the span table, one insert a batch."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        rows = [row for span in spans if (row := _row(span))]
        if not rows:
            return SpanExportResult.SUCCESS
        try:
            with self.database.transaction() as session:
                direct.insert_many(session, _INSERT[session.get_bind().dialect.name], rows)
        except SQLAlchemyError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def configure(database: Database, settings: Settings, *, redact: Callable[[str], str] = str) -> None:
    """Start tracing in this process; a second call replaces the first. `redact` is applied to the texts of errors."""
    global _tracer, _provider, _redact
    shutdown()
    _redact = redact
    disabled = os.environ.pop("OTEL_SDK_DISABLED", None)  # meant for a library of ours, it would silence us too
    _provider = TracerProvider(
        resource=Resource.create({"service.name": "triage-desk"}), shutdown_on_exit=False, sampler=_sampler(settings.trace_sample)
    )
    if disabled is not None:
        os.environ["OTEL_SDK_DISABLED"] = disabled
    _provider.add_span_processor(BatchSpanProcessor(SqlExporter(database), schedule_delay_millis=500, max_export_batch_size=512))
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    _tracer = _provider.get_tracer("triage")


def _sampler(share: float) -> Sampler:
    """A ticket's trace is kept whole or not at all, across processes."""
    return ParentBased(TraceIdRatioBased(share))


def flush() -> None:
    """Write what waits; for the end of a command and for tests."""
    if _provider:
        _provider.force_flush(5_000)


def shutdown() -> None:
    """Write what waits and stop tracing."""
    global _tracer, _provider
    if _provider:
        _provider.shutdown()
    _tracer, _provider = NoOpTracer(), None


@contextmanager
def span(name: str, attributes: Mapping[str, str | int | float | bool | None], *, kind: str = "internal") -> Iterator[Span]:
    """A span around a block, with the attributes that are not None; an exception marks it as failed and goes on."""
    given = {key: value for key, value in attributes.items() if value is not None}
    current = _tracer.start_span(name, kind=KINDS[kind], attributes=given)
    token = attach(set_span_in_context(current))
    try:
        yield current
    except Exception as error:
        current.set_attribute(genai.ERROR_TYPE, type(error).__name__)
        current.set_status(Status(StatusCode.ERROR, _redact(str(error)[:300])))
        raise
    finally:
        detach(token)
        current.end()


def current() -> str:
    """The present span as a W3C traceparent, to be kept with work that another process does; empty without one."""
    context = get_current_span().get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}" if context.is_valid else ""


@contextmanager
def continued(traceparent: str) -> Iterator[None]:
    """What happens within goes on with the trace of that traceparent; without a usable one, begins its own."""
    token = attach(_W3C.extract({"traceparent": traceparent}, context=Context()))
    try:
        yield
    finally:
        detach(token)


@contextmanager
def untraced() -> Iterator[None]:
    """Nothing that happens within is traced: a replay is no run."""
    token = attach(set_span_in_context(NonRecordingSpan(SpanContext(1, 1, is_remote=False)), Context()))
    try:
        yield
    finally:
        detach(token)


def traced(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A span of this name around each call of a function."""

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name, {}):
                return function(*args, **kwargs)

        return call

    return wrap


@contextmanager
def decision(kind: str, ticket_id: int | None, run: Run | None, **more: bool) -> Iterator[None]:
    """A person decides: a span in the trace of the run whose draft it is, with the decision as an event."""
    with (
        continued(run.traceparent if run else ""),
        span(f"{genai.DECISION} {kind}", {genai.OPERATION: genai.DECISION, genai.TICKET: ticket_id}) as here,
    ):
        here.add_event(genai.DECIDED, {genai.DECIDED: kind, **{f"{genai.DECIDED}.{name}": value for name, value in more.items()}})
        yield


def note(**attributes: str | int | float | list[str] | None) -> None:
    """More attributes of the present span, by the names of triage.genai; those that are None are left out."""
    here = get_current_span()
    if here.is_recording():
        here.set_attributes({getattr(genai, name): value for name, value in attributes.items() if value is not None})


def _row(span: ReadableSpan) -> dict[str, object] | None:
    context = span.context
    if context is None:
        return None
    attributes = {key: list(value) if isinstance(value, tuple) else value for key, value in (span.attributes or {}).items()}
    return {
        "span_id": f"{context.span_id:016x}",
        "trace_id": f"{context.trace_id:032x}",
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "run_id": attributes.get(genai.RUN),
        "name": span.name,
        "kind": span.kind.name.lower(),
        "start_ns": span.start_time or 0,
        "end_ns": span.end_time or 0,
        "status": span.status.status_code.name.lower(),
        "attributes": attributes
        | ({"message": span.status.description} if span.status.description else {})
        | ({"events": [{"name": one.name, **dict(one.attributes or {})} for one in span.events]} if span.events else {}),
    }
