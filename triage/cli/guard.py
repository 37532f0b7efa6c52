"""`triage guard …`: what the guards say, without a model."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from triage.cli import lines
from triage.cli.kb import Home, settings_of
from triage.errors import InputError

app = typer.Typer(no_args_is_help=True, help="What the guards say, without a model.")


@app.command("check")
def check(
    input: Annotated[
        Path, typer.Option("--input", help="JSONL of id, text (a string, or an object with subject and body), channel?.")
    ],
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
) -> None:
    """Say of each text whether it may come in (allow, flag, block), how much it looks like orders to the machine, and where."""
    with lines.writer(out) as writer:
        for number, line in lines.read(input):
            writer.write(_checked(number, line))


def _checked(number: int, line: dict[str, Any] | InputError) -> dict[str, Any]:
    """Places count characters of `part`; a text that cannot be read is blocked, since no guard has looked at it."""
    from triage.guardrails.input import check_input, suspicion
    from triage.guardrails.verdicts import worst

    try:
        if isinstance(line, InputError):
            raise line
        subject, body = _parts(line.get("text"), number)
    except InputError as error:
        own = None if isinstance(line, InputError) else line.get("id")
        return {"id": own, "verdict": "block", "injection_score": 0.0, "findings": [], "error": str(error)}
    verdicts = check_input(subject=subject, body=body, channel=str(line.get("channel") or "email"))
    findings = [
        {"kind": found.kind, "start": found.start, "end": found.end, "rule": found.rule, "why": found.why, "part": found.part}
        for verdict in verdicts
        for found in verdict.findings
    ]
    return {
        "id": line.get("id"), "verdict": worst(verdicts), "injection_score": suspicion(subject=subject, body=body), "findings": findings
    }  # fmt: skip


def _parts(text: object, number: int) -> tuple[str, str]:
    """Subject and body."""
    if isinstance(text, str):
        return "", text
    if isinstance(text, dict) and isinstance(text.get("body"), str) and isinstance(text.get("subject"), str | None):
        return text.get("subject") or "", text["body"]
    raise InputError("text is missing; write a string, or an object with subject and body.", line=number)


@app.command("matrix")
def matrix(
    home: Home = None, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each call instead of a table.")] = False
) -> None:  # fmt: skip
    """Hold each attack goal's tool calls against what every agent may do in every matter; exit 1 when one would be carried out."""
    from triage import matrix as goals
    from triage import workspace
    from triage.database import migrate, open_database
    from triage.guardrails import policy as policies

    settings = settings_of(home)
    database = open_database(settings)
    try:
        migrate(database)
        with database.read() as session:
            policy = policies.current(workspace.get(session, "action_policy"))
            cells = goals.of_desk(session, settings, database)
    finally:
        database.close()
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
