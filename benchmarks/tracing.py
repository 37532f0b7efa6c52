"""What tracing costs: CPU a ticket with spans and without, in turns on the same desk, the offline engine at work.

    python -m benchmarks.tracing [--tickets 40] [--rounds 5] [--most 3.0]

Spans are made, batched and written to SQL as in the desk; recorded steps are written both times, for resuming a run
needs them. CPU is that of the whole process, the exporter's thread included, until everything is written. Rounds alternate,
so that caches and a busy machine meet both alike; the figures are medians. On a busy machine the difference drowns in noise, so
the spans of a ticket are also made alone, many times, and written: that share decides. Exit 1 above `--most` per cent.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from sqlmodel import Session, func, select

from benchmarks.tickets import messages
from tests import knowledge
from triage import desk as flow
from triage import tracing
from triage.genai import AGENT, CHAT, COST, INPUT_TOKENS, INVOKE_WORKFLOW, OPERATION, OUTPUT_TOKENS, REQUEST_MODEL, RUN, STEP
from triage.guardrails.redaction import without_forms
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import Run, SpanRecord, Ticket
from triage.office import Desk, open_desk
from triage.runs import start_run
from triage.settings import load_settings

MILLISECONDS = 1_000.0
_A_QUEUE = 50  # tickets whose spans the exporter surely takes: what finds it full is dropped, and would cost nothing


def main(arguments: list[str] | None = None) -> None:
    """Print the table of both and exit 1 when tracing costs more than it may."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(load_settings(home=Path(folder), sender_hour_messages=0))
        knowledge.fill(desk)
        figures: dict[bool, list[float]] = {True: [], False: []}
        _round(desk, options.tickets, "warm-up", traced=True)
        for number in range(options.rounds):
            for traced in (True, False) if number % 2 else (False, True):
                figures[traced].append(_round(desk, options.tickets, f"round-{number}-{traced}".lower(), traced=traced))
        with desk.database.read() as session:
            spans = session.exec(select(func.count()).select_from(SpanRecord)).one() / ((options.rounds + 1) * options.tickets)
        alone = _alone(desk, round(spans))
        desk.close()
    on, off = median(figures[True]), median(figures[False])
    share = alone / off * 100
    table = Table("", "CPU a ticket, ms", "least", "most")
    for name, traced in (("tracing on", True), ("tracing off", False)):
        table.add_row(name, f"{median(figures[traced]):.2f}", f"{min(figures[traced]):.2f}", f"{max(figures[traced]):.2f}")
    Console().print(table)
    print(f"side by side: {on - off:+.2f} ms a ticket ({(on - off) / off:+.1%})")
    print(f"alone: {spans:.0f} spans a ticket take {alone:.2f} ms, {share:.1f}% of its CPU (at most {options.most:.1f}%)")
    sys.exit(share > options.most)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.tracing")
    parser.add_argument("--tickets", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=3.0)
    return parser.parse_args(arguments)


def _round(desk: Desk, tickets: int, name: str, *, traced: bool) -> float:
    """CPU milliseconds a ticket, from its intake to a draft that waits, with all spans written."""
    if traced:
        tracing.configure(desk.database, desk.settings, redact=without_forms)
    else:
        tracing.shutdown()
    incoming = messages(tickets, name)
    began = time.process_time()
    asyncio.run(_work(desk, incoming))
    tracing.flush()
    return (time.process_time() - began) / tickets * MILLISECONDS


def _alone(desk: Desk, spans: int, tickets: int = 300) -> float:
    """CPU milliseconds that a ticket's spans take by themselves, made with attributes as steps have, and written."""
    tracing.configure(desk.database, desk.settings, redact=without_forms)
    began = time.process_time()
    for ticket in range(tickets):
        with tracing.span(f"{INVOKE_WORKFLOW} triage", {RUN: f"run-{ticket}", OPERATION: INVOKE_WORKFLOW}):
            for step in range(spans - 1):
                with tracing.span(
                    "chat offline", {OPERATION: CHAT, AGENT: "writer", REQUEST_MODEL: "offline"}, kind="client"
                ) as span:
                    span.set_attributes({RUN: f"run-{ticket}", STEP: step, INPUT_TOKENS: 900, OUTPUT_TOKENS: 100, COST: 0.01})
        if ticket % _A_QUEUE == _A_QUEUE - 1:
            tracing.flush()
    tracing.flush()
    return (time.process_time() - began) / tickets * MILLISECONDS


async def _work(desk: Desk, incoming: list[Incoming]) -> None:
    for one in incoming:
        with desk.database.transaction() as session:
            ticket_id = receive(session, one, desk.settings, enqueue=_by_hand).ticket_id
            run_id = session.exec(select(Run.id).where(Run.ticket_id == ticket_id)).one()
        await flow.triage(desk, run_id)


def _by_hand(session: Session, ticket: Ticket) -> None:
    """A run that this benchmark works on itself, without the queue."""
    start_run(session, lambda *_: None, ticket)


if __name__ == "__main__":
    main()
