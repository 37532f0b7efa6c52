"""A trace server that others wrote takes a ticket's spans by OTLP and has the same tree as we have.

Arize Phoenix has an environment of its own (`make otlp`), whose interpreter TRIAGE_PHOENIX names.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from tests.test_flow import come_in
from triage import genai, tracing
from triage.desk import triage
from triage.models import SpanRecord
from triage.office import Desk
from triage.settings import load_settings

pytestmark = pytest.mark.collector
PATIENCE = 120  # seconds: a first start reads every module of the server


def _port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Phoenix with an empty store."""
    home, port = tmp_path_factory.mktemp("phoenix"), _port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PHOENIX_WORKING_DIR": str(home),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    said = home / "said.txt"
    with said.open("w") as log:
        command = [str(Path(os.environ["TRIAGE_PHOENIX"]).with_name("phoenix")), "serve"]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", said)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str, said: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(address).raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < end, said.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.3)


def _received(phoenix: str, count: int) -> list[dict[str, Any]]:
    """The spans that Phoenix has stored, once there are so many."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = httpx.get(f"{phoenix}/v1/projects/default/spans", params={"limit": 1000})
        spans: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        if len(spans) >= count:
            return spans
        assert time.monotonic() < end, f"Phoenix has {len(spans)} of {count} spans."
        time.sleep(0.3)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_trace_server_has_the_tree_that_we_have(desk: Desk, phoenix: str) -> None:
    tracing.configure(desk.database, load_settings(home=desk.settings.home, otlp_endpoint=f"{phoenix}/v1/traces"))
    _, run_id = come_in(desk, "How do I descale my kettle with Kalkweg?")
    await triage(desk, run_id)
    tracing.shutdown()
    with desk.database.read() as session:
        ours = {span.span_id: span for span in session.exec(select(SpanRecord))}
    theirs = {span["context"]["span_id"]: span for span in _received(phoenix, len(ours))}
    assert {key: (span["context"]["trace_id"], span["parent_id"], span["name"]) for key, span in theirs.items()} == {
        key: (span.trace_id, span.parent_id, span.name) for key, span in ours.items()
    }
    assert {"intake", "invoke_workflow triage", "invoke_agent writer", "chat offline", "triage.guard input"} <= {
        span.name for span in ours.values()
    }
    for key, span in ours.items():
        for name, value in span.attributes.items():
            if name not in ("events", "message"):
                assert theirs[key]["attributes"][name] == value, (span.name, name)
    assert any(span["attributes"].get(genai.OPERATION) == genai.CHAT for span in theirs.values())
