"""`triage kb gaps` and `triage kb check`: what the knowledge base lacks, and what is wrong in it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.cli.kb import Home, settings_of
from triage.office import open_desk

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]


def gaps(
    state: Annotated[str, typer.Option(help="open, writing, closed or dismissed.")] = "open", home: Home = None, as_json: Json = False
) -> None:  # fmt: skip
    """Group the questions that ended without support, and print the gaps by the minutes they cost a week."""
    from triage.improving import grouping
    from triage.improving.gaps import ranked

    desk = open_desk(settings_of(home))
    try:
        grouping.refresh(desk)
        with desk.database.read() as session:
            found = ranked(session, state=state)
    finally:
        desk.close()
    if as_json:
        for gap in found:
            typer.echo(gap.model_dump_json(exclude={"changed_by"}))
        return
    table = Table("minutes a week", "asked", "question", "nearest article", "id")
    for gap in found:
        table.add_row(
            f"{gap.minutes:.1f}", str(gap.size), gap.title, gap.near_article if gap.advice != "missing" else "", str(gap.id)
        )
    Console().print(table if found else "No gap.")


def check(home: Home = None, as_json: Json = False) -> None:
    """Hold all articles against each other, and print contradictions, duplicates and what may be out of date."""
    from triage.improving import findings, stale

    desk = open_desk(settings_of(home))
    try:
        desk.searcher.refresh()
        findings.check_all(desk)
        with desk.database.read() as session:
            wrong, old = findings.ranked(session), stale.look(session)
    finally:
        desk.close()
    table = Table("what", "article", "beside", "why")
    for finding in wrong:
        if as_json:
            typer.echo(json.dumps({"what": finding.kind, "article": finding.left_article, "beside": finding.right_article, "why": finding.why}, ensure_ascii=False))  # fmt: skip
        table.add_row(finding.kind, finding.left_article, finding.right_article, finding.why)
    for row in old:
        if as_json:
            typer.echo(json.dumps({"what": "stale", **asdict(row)}, default=str, ensure_ascii=False))
        table.add_row("stale", row.id, "", " ".join(row.reasons))
    if not as_json:
        Console().print(table if wrong or old else "Nothing found.")
