"""`triage metrics`: every number of the desk with its definition, denominator and interval; what each agent and tool costs."""

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.database import migrate, open_database
from triage.errors import InputError
from triage.learning.metrics import Counts, Window, report, reports, wording
from triage.learning.metrics.baselines import claims
from triage.models import now
from triage.settings import settings
from triage.sla.plan import desk_hours


def metrics(
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-11-01; default: 30 days ago.")] = None,
    by: Annotated[str | None, typer.Option(help="Split by category, language, channel or person.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print every metric with numerator, denominator and 95% interval, what work with drafts is meant to reach, and what each agent, tool and model costs."""
    database = open_database(settings())
    migrate(database)
    try:
        with database.read() as session:
            hours = desk_hours(session)
            window = Window.of_days(_day(since), hours.day_of(now()), hours) if since else Window.last(30, hours)
            counts = Counts(session)
            rows, held, machine = report(counts, window, by=by), claims(counts, window), reports.speeds(counts, window)
    finally:
        database.close()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "start": window.start.isoformat(),
                    "end": window.end.isoformat(),
                    "metrics": rows,
                    "claims": [asdict(claim) for claim in held],
                    "machine": [asdict(speed) for speed in machine],
                },
                default=str,
                ensure_ascii=False,
            )
        )
        return
    table = Table("metric", "value", "of", "95%")
    for row in rows:
        value = f"{row['value']:.3g}" if row["value"] is not None else "–"
        table.add_row(row["title"], value, str(row["denominator"]), _interval(row["low"], row["high"], row["enough"]))
    Console().print(table)
    table = Table("meant to reach", "target", "value", "95%", "reached")
    for claim in held:
        low, high = (wording.claimed(claim.unit, number) for number in (claim.low, claim.high))
        span = f"{low} to {high}" if claim.reached is not None else wording.NOT_ENOUGH
        value, target = (wording.claimed(claim.unit, number) for number in (claim.value, claim.target))
        table.add_row(claim.title, target, value, span, wording.reached(claim))
    Console().print(table)
    table = Table("who", "kind", "calls", "median", "p95", "cost")
    for speed in machine:
        times = (wording.seconds(seconds) for seconds in (speed.p50, speed.p95))
        table.add_row(speed.name, speed.kind, f"{speed.calls:,}", *times, wording.money(speed.cost_usd))
    if machine:
        Console().print(table)


def _interval(low: float | None, high: float | None, enough: bool) -> str:
    if not enough:
        return wording.NOT_ENOUGH
    return "" if low is None or high is None else f"{low:.3g} to {high:.3g}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--since is {text!r}; write a day such as 2026-11-01.") from error
