"""Spans are kept in SQL and sent to a real OTLP receiver when one is set."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlmodel import select

from triage import tracing
from triage.database import Database
from triage.genai import CHAT, ERROR_TYPE, INPUT_TOKENS, OPERATION, RUN
from triage.models import SpanRecord
from triage.settings import Settings, load_settings


class Receiver(BaseHTTPRequestHandler):
    """An OTLP/HTTP collector that keeps the names of what it is sent."""

    names: list[str] = []  # noqa: RUF012

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.names += [span.name for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[str]:
    Receiver.names = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _stop() -> Iterator[None]:
    yield
    tracing.shutdown()


def test_spans_are_stored_with_their_tree_and_attributes(database: Database, settings: Settings) -> None:
    tracing.configure(database, settings)
    with (
        tracing.span("invoke_workflow triage", {RUN: "r1"}),
        tracing.span("chat m", {OPERATION: CHAT, INPUT_TOKENS: 7, "absent": None}, kind="client"),
    ):
        pass
    with pytest.raises(ValueError), tracing.span("execute_tool t", {RUN: "r1"}):
        raise ValueError("no")
    tracing.flush()
    with database.read() as session:
        spans = {span.name: span for span in session.exec(select(SpanRecord))}
    outer, inner, failed = spans["invoke_workflow triage"], spans["chat m"], spans["execute_tool t"]
    assert inner.parent_id == outer.span_id and inner.trace_id == outer.trace_id and inner.kind == "client"
    assert inner.attributes == {OPERATION: CHAT, INPUT_TOKENS: 7}
    assert outer.run_id == "r1" and outer.end_ns >= inner.end_ns >= inner.start_ns
    assert failed.status == "error" and failed.attributes[ERROR_TYPE] == "ValueError"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_spans_reach_a_collector(database: Database, settings: Settings, collector: str) -> None:
    tracing.configure(database, load_settings(home=settings.home, otlp_endpoint=collector))
    with tracing.span("invoke_agent writer", {RUN: "r2"}):
        pass
    tracing.shutdown()
    assert Receiver.names == ["invoke_agent writer"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_switch_meant_for_a_library_does_not_silence_us(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    tracing.configure(database, settings)
    assert os.environ["OTEL_SDK_DISABLED"] == "true"
    with tracing.span("alive", {}):
        pass
    tracing.flush()
    with database.read() as session:
        assert session.exec(select(SpanRecord.name)).all() == ["alive"]
