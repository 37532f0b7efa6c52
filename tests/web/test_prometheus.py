"""/metrics: a program with a key gets figures, a person the screen, a stranger nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import uvicorn
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from tests.web.conftest import CANARY, MakeWorld, World
from triage.accounts import apikeys
from triage.models import BreakerState, Outbox, Spend, Status, Ticket, now


def key(world: World, purpose: str) -> dict[str, str]:
    with world.database.transaction() as session:
        plain = apikeys.create(session, purpose, actor="test", purpose=purpose)[1]
    return {"Authorization": f"Bearer {plain}"}


def fill(world: World) -> None:
    with world.database.transaction() as session:
        ticket = Ticket(status=Status.ESCALATED, created_at=now() - timedelta(hours=2))
        session.add_all([ticket, Ticket(status=Status.ESCALATED), Ticket(status=Status.RESOLVED)])
        session.flush()
        session.add(Outbox(ticket_id=ticket.id or 0, status="uncertain", recipient="c@x.example", subject="Re", message_id="<1>"))
        session.add(BreakerState(name="gpt-5", state="open", openings=3))
        session.add_all([Spend(day=f"2026-11-0{day}", scope="model:gpt-5", calls=2, tokens=70, cost_usd=0.5) for day in (1, 2)])
        session.add_all([Spend(day=f"2026-11-0{day}", scope="tool:order_state", calls=3, cost_usd=0.06) for day in (1, 2)])


def samples(families: Any) -> dict[tuple[str, ...], float]:
    return {(s.name, *(v for _, v in sorted(s.labels.items()))): s.value for family in families for s in family.samples}


@contextmanager
def served(world: World) -> Iterator[str]:
    """The same application behind a real server on loopback."""
    server = uvicorn.Server(uvicorn.Config(world.client.app, port=0, lifespan="off", log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        server.should_exit = True
        thread.join(10)


def test_a_scraper_reads_figures_from_a_real_server(make_world: MakeWorld) -> None:
    world = make_world()
    fill(world)
    with served(world) as address:
        plain = httpx.get(address, headers=key(world, "metrics"), trust_env=False)
        newer = httpx.get(
            address, headers={**key(world, "metrics"), "Accept": "application/openmetrics-text;version=1.0.0"}, trust_env=False
        )
    assert plain.headers["content-type"].startswith("text/plain; version=") and plain.headers["cache-control"] == "no-store"
    assert newer.headers["content-type"].startswith("application/openmetrics-text")
    for found in (samples(plain_families(plain.text)), samples(open_families(newer.text))):
        assert found["triage_queue_tickets", "escalated"] == 2 and found["triage_queue_tickets", "triaging"] == 0
        assert 7_190 < found["triage_queue_oldest_seconds", "people"] < 7_300
        assert found["triage_queue_oldest_seconds", "agents"] == 0
        assert found["triage_deliveries", "uncertain"] == 1
        assert found["triage_tool_calls_total", "order_state"] == 6 and found["triage_tool_cost_usd_total", "order_state"] == 0.12
        assert found["triage_breaker_state", "gpt-5", "open"] == 1 and found["triage_breaker_state", "gpt-5", "closed"] == 0
        assert found["triage_breaker_openings_total", "gpt-5"] == 3
        assert found["triage_model_calls_total", "gpt-5"] == 4 and found["triage_model_cost_usd_total", "gpt-5"] == 1.0
        assert found[("triage_worker_up",)] == 1 and found[("triage_runs_failed_total",)] == 0


def test_a_worker_that_stands_still_is_seen(world: World) -> None:
    world.desk.troubles.append("The worker of this process is not running.")
    assert samples(plain_families(world.client.get("/metrics", headers=key(world, "metrics")).text))[("triage_worker_up",)] == 0


def test_people_get_the_screen(world: World) -> None:
    assert world.client.get("/metrics").status_code == 303
    world.person()
    world.sign_in()
    assert CANARY in world.client.get("/metrics").text


def test_no_other_key_opens_it_and_its_key_opens_nothing_else(world: World) -> None:
    for headers in (key(world, "tickets"), {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}):
        refused = world.client.get("/metrics", headers=headers)
        assert refused.status_code == 401 and "--for metrics" in refused.text and "triage_" not in refused.text
    own = key(world, "metrics")
    assert world.client.get("/api/v1/tickets/1", headers=own).status_code == 401
    assert world.client.get("/traces", headers=own).status_code == 303
    with world.database.transaction() as session:
        apikeys.revoke(session, own["Authorization"].split("_")[1], actor="test")
    assert world.client.get("/metrics", headers=own).status_code == 401


def test_wrong_keys_are_braked(world: World) -> None:
    answers = [world.client.get("/metrics", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(60)]
    assert answers[0] == 401 and answers[-1] == 429


def test_programs_on_this_machine_need_no_key_when_told_so(make_world: MakeWorld) -> None:
    world = make_world(metrics_loopback=True)
    assert "triage_queue_tickets" in world.client.get("/metrics").text
    assert world.client.get("/metrics", headers={"Accept": "text/html"}).status_code == 303
    passed_on = world.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert passed_on.status_code == 401


def test_others_need_one_also_then(make_world: MakeWorld) -> None:
    assert make_world(peer="203.0.113.9", metrics_loopback=True).client.get("/metrics").status_code == 401
