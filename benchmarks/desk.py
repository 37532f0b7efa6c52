"""The desk itself: intake, durable engine, agents, retrieval, guards, traces, everything on.

    python -m benchmarks.desk prepare HOME REQUESTS.json [small]
    python -m benchmarks.desk run HOME BASE_URL LATENCY_SECONDS TICKETS AT_ONCE

`prepare` fills a home folder with the bundled help centre (`small`: a few articles, quicker) and keeps the requests
of a first ticket; `run` works on tickets in a copy of that folder. TRIAGE_HOME names the folder that keeps the embedding model.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

from sqlmodel import Session, col, func, select

from benchmarks.gauge import Gauge, Result, report
from benchmarks.tickets import messages
from tests import knowledge, loopback
from triage import desk as flow
from triage import tracing
from triage.demo import seed
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.llm import openai
from triage.models import Run, Status, Ticket
from triage.office import Desk, open_desk
from triage.runs import start_run
from triage.settings import load_settings

PATIENCE = 120.0  # seconds for any one ticket


def prepare(home: Path, requests: Path, *, small: bool) -> None:
    """Fill the home folder and write down what a plain ticket asks the model."""
    with loopback.serve() as service:
        desk = open_desk(load_settings(home=home, openai_base_url=service.base_url))
        if small:
            knowledge.fill(desk)
        else:
            seed.seed_company(desk)
        with desk.database.transaction() as session:
            receive(session, messages(1, "first")[0], desk.settings, enqueue=_by_hand)
            run_id = session.exec(select(Run.id).where(Run.status == "running")).one()
        asyncio.run(_triage_once(desk, run_id))
        desk.close()
        requests.write_text(json.dumps(service.requests))


def _by_hand(session: Session, ticket: Ticket) -> None:
    """Start a run that no worker will take up."""
    start_run(session, lambda *_: None, ticket)


async def _triage_once(desk: Desk, run_id: str) -> None:
    await flow.triage(desk, run_id)
    await openai.close()


def run(home: Path, base_url: str, latency: float, tickets: int, at_once: int) -> Result:
    """Work on tickets as the desk's own worker does, `at_once` of them under way at any time.

    The worker has room for twice as many, so that none waits for the one before it to be written off.
    """
    desk = open_desk(load_settings(home=home, openai_base_url=base_url, worker_concurrency=2 * max(16, at_once)))
    feed = Feed(desk)
    feed.work()
    feed.through(messages(2 * at_once, "warm-up"), at_once)  # passages found often are remembered from then on
    tracing.flush()
    gauge = Gauge()
    seconds = feed.through(messages(tickets, "counted"), at_once)
    gauge.stop_clock()
    tracing.flush()
    result = gauge.result("Triage Desk", latency, at_once, seconds, *_used(desk, tickets))
    desk.close()
    return result


class Feed:
    """Hands tickets to the desk and hears when the agents are done with each."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._began: dict[str, float] = {}
        self._seconds: list[float] = []
        self._done = threading.Semaphore(0)

    def work(self) -> None:
        """Start the worker, listening at the end of each run."""
        triage = flow.triage

        async def heard(desk: Desk, run_id: str, decision_id: int | None = None) -> str:
            status = await triage(desk, run_id, decision_id)
            self._seconds.append(time.perf_counter() - self._began.pop(run_id))
            self._done.release()
            return status

        flow.triage = heard
        self.desk.work()

    def through(self, incoming: list[Incoming], at_once: int) -> list[float]:
        """Seconds from receiving each message to its draft waiting for a person."""
        self._seconds = []
        for number, message in enumerate(incoming):
            if number >= at_once:
                self._wait()
            self._take_in(message)
        for _ in range(min(at_once, len(incoming))):
            self._wait()
        return self._seconds

    def _take_in(self, message: Incoming) -> None:
        started = time.perf_counter()

        def start(session: Session, ticket: Ticket) -> None:
            self._began[start_run(session, self.desk.enqueue, ticket)] = started

        with self.desk.database.transaction() as session:
            receive(session, message, self.desk.settings, enqueue=start)

    def _wait(self) -> None:
        if not self._done.acquire(timeout=PATIENCE):
            raise SystemExit(f"A ticket was not done after {PATIENCE:.0f} s.")


def _used(desk: Desk, tickets: int) -> tuple[int, int]:
    """Model calls and prompt tokens of the newest tickets, all of which must wait for approval of a full draft."""
    with desk.database.read() as session:
        newest = select(Ticket.id, Ticket.status).order_by(col(Ticket.id).desc()).limit(tickets)
        rows = session.exec(newest).all()
        if odd := {status for _, status in rows} - {Status.AWAITING_APPROVAL.value}:
            raise SystemExit(f"Some tickets ended as {', '.join(sorted(odd))}: these figures would not be comparable.")
        used = select(func.sum(Run.model_calls), func.sum(Run.input_tokens)).where(col(Run.ticket_id).in_([id for id, _ in rows]))
        calls, tokens = session.exec(used).one()
    return calls, tokens


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]), Path(sys.argv[3]), small="small" in sys.argv[4:])
    else:
        home, url, latency, tickets, at_once = sys.argv[2:]
        report(run(Path(home), url, float(latency), int(tickets), int(at_once)))
