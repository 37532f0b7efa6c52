"""`triage guard …`: what the guards say, without a model."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import select

from triage.cli.kb import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="What the guards say, without a model.")


@app.command("matrix")
def matrix(
    home: Home = None, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each call instead of a table.")] = False
) -> None:  # fmt: skip
    """Hold each attack goal's tool calls against what every agent may do in every matter; exit 1 when one would be carried out."""
    from triage import matrix as goals
    from triage import workspace
    from triage.agents.toolbox import TOOLS_OF
    from triage.database import migrate, open_database
    from triage.guardrails import policy as policies
    from triage.models import Category

    database = open_database(settings_of(home))
    try:
        migrate(database)
        with database.read() as session:
            policy = policies.current(workspace.get(session, "action_policy"))
            categories = list(session.exec(select(Category.slug).order_by(Category.slug)))
    finally:
        database.close()
    cells = goals.matrix(policy, TOOLS_OF, categories=categories)
    executed = goals.carried_out(cells)
    if as_json:
        for cell in cells:
            typer.echo(json.dumps(asdict(cell), ensure_ascii=False))
    else:
        _show(goals.counted(cells), len(cells), len(executed))
    if isinstance(policy, policies.PolicyFault):
        typer.echo(f"The action policy allows nothing: {policy.why}", err=True)
    if executed:
        raise typer.Exit(1)


def _show(counted: dict[tuple[str, str], Counter[str]], calls: int, executed: int) -> None:
    by_goal = list(dict.fromkeys(goal for goal, _ in counted))
    table = Table("matter", *by_goal)
    for intent in dict.fromkeys(intent for _, intent in counted):
        table.add_row(intent, *(_said(counted[goal, intent]) for goal in by_goal))
    console = Console()
    console.print(table)
    console.print(
        f"{calls} calls: {executed} carried out. The others had no tool, were refused, became a dossier or wait for a person."
    )


def _said(ended: Counter[str]) -> str:
    return ", ".join(f"{count} {how}" for how, count in sorted(ended.items()))
