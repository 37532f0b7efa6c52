"""`triage metrics`: every number of the desk with its definition, denominator and interval."""

import json
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.database import migrate, open_database
from triage.errors import InputError
from triage.learning.metrics import Window, report
from triage.models import now
from triage.settings import settings
from triage.sla.plan import desk_hours


def metrics(
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-11-01; default: 30 days ago.")] = None,
    by: Annotated[str | None, typer.Option(help="Split by category, language, channel or person.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print every metric with numerator, denominator and 95% interval."""
    database = open_database(settings())
    migrate(database)
    try:
        with database.read() as session:
            hours = desk_hours(session)
            window = Window.of_days(_day(since), hours.day_of(now()), hours) if since else Window.last(30, hours)
            rows = report(session, window, by=by)
    finally:
        database.close()
    if as_json:
        typer.echo(
            json.dumps(
                {"start": window.start.isoformat(), "end": window.end.isoformat(), "metrics": rows},
                default=str,
                ensure_ascii=False,
            )
        )
        return
    table = Table("metric", "value", "of", "95%")
    for row in rows:
        value = f"{row['value']:.3g}" if row["value"] is not None else "–"
        interval = f"{row['low']:.3g} to {row['high']:.3g}" if row["low"] is not None else "not enough data"
        table.add_row(row["title"], value, str(row["denominator"]), interval)
    Console().print(table)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--since is {text!r}; write a day such as 2026-11-01.") from error
