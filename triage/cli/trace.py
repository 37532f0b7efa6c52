"""`triage trace`: runs read, replayed, forked, compared and exported."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session, col, select

from triage import trace_words, traces
from triage.database import Database, migrate, open_database
from triage.errors import InputError
from triage.models import Role, User
from triage.office import open_desk, use
from triage.replay import files, of_run, replay
from triage.replay.changes import Changes
from triage.replay.comparing import compare as compare_runs
from triage.replay.forking import fork as fork_run
from triage.replay.recording import Recording
from triage.replay.world import World, world_of
from triage.settings import settings
from triage.traces import RunFilter

app = typer.Typer(no_args_is_help=True, help="Read runs of the agents, replay, fork and compare them.")
RunId = Annotated[str, typer.Argument(help="The run's id; its first characters will do.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


@app.command("list")
def listing(
    status: Annotated[str, typer.Option(help="running, ended or failed.")] = "",
    outcome: Annotated[str, typer.Option(help="Where the ticket went, such as escalated.")] = "",
    model: Annotated[str, typer.Option(help="The models that answered, as the list shows them.")] = "",
    ticket: Annotated[int | None, typer.Option(help="Runs of this ticket.")] = None,
    cost_from: Annotated[float, typer.Option(help="At least so many USD.")] = 0.0,
    seconds_from: Annotated[float, typer.Option(help="At least so many seconds.")] = 0.0,
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-11-01.")] = None,
    agent: Annotated[str, typer.Option(help="Runs in which this agent was asked, such as analyst.")] = "",
    tool: Annotated[str, typer.Option(help="Runs that used this tool or search.")] = "",
    prompt: Annotated[str, typer.Option(help="Runs with a version of an agent's prompt: ROLE:VERSION.")] = "",
    error: Annotated[str, typer.Option(help="Runs with an error that says this; any: with any error.")] = "",
    customer: Annotated[str, typer.Option(help="A customer's number, name or address.")] = "",
    words: Annotated[str, typer.Option(help="Words in any step's request or answer.")] = "",
    forks: Annotated[str, typer.Option(help="only or none; default: all runs.")] = "",
    page: Annotated[int, typer.Option(min=1, help="Which page of 25 runs.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    wanted = RunFilter(
        status=status,
        outcome=outcome,
        model=model,
        ticket=ticket,
        cost_from=cost_from,
        seconds_from=seconds_from,
        since=_day(since),
        agent=agent,
        tool=tool,
        prompt=prompt,
        error=error,
        customer=customer,
        words=words,
        forks=forks,
    )
    with _database() as database, database.read() as session:
        found = traces.listing(session, _operator(session), wanted, page=page)
    if as_json:
        _print(
            {
                "total": found.total,
                "cost_usd": found.cost_usd,
                "seconds": found.seconds,
                "runs": [asdict(row) for row in found.rows],
            }
        )
        return
    table = Table("run", "ticket", "outcome", "models", "calls", "USD", "s", "started")
    for row in found.rows:
        seconds = f"{row.seconds:.1f}" if row.seconds is not None else "–"
        table.add_row(
            row.id[:12], f"#{row.ticket_id} {escape(row.subject[:40])}", row.outcome or row.status, row.model, str(row.model_calls),
            f"{row.cost_usd:.4f}", seconds, f"{row.started_at:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    Console().print(table)
    typer.echo(f"{found.total} runs, ${found.cost_usd:.2f}, {found.seconds:.1f} s on average")


@app.command("show")
def show(
    run: RunId,
    step: Annotated[int | None, typer.Option(min=1, help="Print this step whole, with its request and answer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a run did and why, with its steps."""
    with _database() as database, database.read() as session:
        user, run_id = _operator(session), _whole_id(session, run)
        if step is not None:
            _print(traces.load_step(session, user, run_id, step - 1).model_dump(mode="json", exclude={"id"}))
            return
        trace = traces.load(session, user, run_id)
        if as_json:
            steps = [one.model_dump(mode="json", exclude={"id", "request"}) for one in trace.steps]
            _print({"run": trace.run.model_dump(mode="json"), "story": trace.story, "why": trace.why, "steps": steps})
            return
    typer.echo("\n".join([*trace.story, *trace.why]) + "\n")
    table = Table("step", "agent", "what", "s", "tokens", "USD", "error")
    for one in trace.steps:
        table.add_row(
            str(one.ordinal + 1), one.role, escape(trace_words.step(one.kind, one.name)), f"{one.seconds:.2f}",
            str(one.input_tokens + one.output_tokens or ""), f"{one.cost_usd:.4f}" if one.cost_usd else "", escape(one.error or ""),
        )  # fmt: skip
    Console().print(table)


@app.command("replay")
def replay_run(
    run: Annotated[str, typer.Argument(metavar="RUN|FILE", help="The run's id, or a file that `triage trace export` wrote.")],
    as_recorded: Annotated[
        bool,
        typer.Option("--as-recorded", help="Leave this desk's articles and connected tools aside: is the code still the same?"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Feed the recorded answers back through the flow; exit 1 and name the first difference when there is one."""
    recording, world = _from_file(Path(run)) if Path(run).is_file() else _from_desk(run, as_recorded)
    done = asyncio.run(replay(recording, settings(), world))
    ending = done.outcome.status.value if done.outcome else "cut off, as it was recorded"
    if as_json:
        _print({"run": done.run_id, "identical": True, "steps": len(done.steps), "outcome": ending})
        return
    typer.echo(f"Run {done.run_id}: all {len(done.steps)} steps are as recorded; outcome: {ending}.")


@app.command("fork")
def fork(
    run: RunId,
    step: Annotated[int, typer.Option(min=0, help="Take over so many steps as they were recorded; live from the next.")],
    prompt: Annotated[list[str] | None, typer.Option(help="ROLE=FILE: another prompt for an agent.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="ROLE=NAME: another model for an agent.")] = None,
    article: Annotated[str, typer.Option(help="ID=VERSION or ID=FILE: an article's other version, or another text of it.")] = "",
    result: Annotated[str, typer.Option(help="JSON in place of the last taken step's answer.")] = "",
    as_json: AsJson = False,
) -> None:
    """Go live from a step with something changed. The fork is a run of its own that changes no ticket and sends nothing."""
    changes = Changes(
        prompts={role: _text(Path(file)) for role, file in map(_pair, prompt or [])},
        models=dict(map(_pair, model or [])),
        result=_json(result) if result else None,
        **_article(article),
    )
    desk = open_desk(settings())
    try:
        with desk.database.read() as session:
            user, run_id = _admin(session), _whole_id(session, run)
        fork_id = asyncio.run(fork_run(desk, user, run_id, step, changes))
        with desk.database.read() as session:
            made = traces.reachable(session, user, fork_id)[0]
            first = compare_runs(session, user, run_id, fork_id).first
    finally:
        use(None)
        desk.close()
    if as_json:
        _print(
            {
                "run": fork_id,
                "parent": run_id,
                "outcome": made.outcome,
                "error": made.error,
                "cost_usd": made.cost_usd,
                "first_difference": first,
            }
        )
        return
    typer.echo(
        f"Fork {fork_id} of {run_id}, {changes.sentence()}: {made.outcome}, ${made.cost_usd:.4f}. {first or 'It went the same way.'}"
    )


@app.command("compare")
def compare(a: RunId, b: RunId, as_json: AsJson = False) -> None:
    """Compare two runs step by step."""
    with _database() as database, database.read() as session:
        found = compare_runs(session, _operator(session), _whole_id(session, a), _whole_id(session, b))
    if as_json:
        pairs = [asdict(pair) for pair in found.pairs]
        _print({"a": found.a.id, "b": found.b.id, "first": found.first, "pairs": pairs})
        return
    typer.echo(found.first or "The runs are the same, step by step.")
    for pair in found.pairs:
        for one in pair.differences:
            typer.echo(f"\nstep {(pair.a or 0) + 1}, {pair.label}: {one.field}")
            for line in (line for line in one.lines if not line.same):
                for mark, pieces in (("-", line.before), ("+", line.after)):
                    if pieces:
                        typer.echo(f"{mark} {''.join(piece.text for piece in pieces)}")
        if pair.kind in ("only_a", "only_b"):
            typer.echo(f"\n{pair.label}: only in the {'first' if pair.kind == 'only_a' else 'second'} run")


@app.command("export")
def export(run: RunId, file: Annotated[Path, typer.Argument(help="The file to write; none may be there.")]) -> None:
    """Write a run as a file that replays on another machine. It holds customers' words."""
    with _database() as database, database.read() as session:
        recording = of_run(session, _whole_id(session, run))
    files.write(recording, file)
    typer.echo(f"{file}: run {recording.run_id} with {len(recording.steps)} steps.")


# ---- reading what was given -------------------------------------------------------------------------------


@contextmanager
def _database() -> Iterator[Database]:
    database = open_database(settings())
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def _operator(session: Session) -> User:
    """Who has the machine sees every run."""
    return User(id=0, email="", name="command line", role=Role.ADMIN)


def _admin(session: Session) -> User:
    """In whose name a fork is made: it stands in the audit log."""
    admin = session.exec(
        select(User).where(User.role == Role.ADMIN, col(User.disabled_at).is_(None)).order_by(col(User.id))
    ).first()
    if admin is None:
        raise InputError(
            "Forks are made in an administrator's name, and there is none: `triage user add --role admin` makes one."
        )
    return admin


def _whole_id(session: Session, beginning: str) -> str:
    return traces.whole_id(session, beginning)


def _from_desk(run: str, as_recorded: bool) -> tuple[Recording, World | None]:
    with _database() as database, database.read() as session:
        recording = of_run(session, _whole_id(session, run))
        return recording, None if as_recorded else world_of(session, recording.steps)


def _from_file(path: Path) -> tuple[Recording, World | None]:
    return files.read(path), None


def _pair(given: str) -> tuple[str, str]:
    role, equals, value = given.partition("=")
    if not equals or not value:
        raise InputError(f"{given!r}: write ROLE=VALUE, such as writer=prompt.md.")
    return role.strip(), value.strip()


def _article(given: str) -> dict[str, Any]:
    if not given:
        return {}
    name, value = _pair(given)
    return {"article": name} | ({"article_version": int(value)} if value.isdecimal() else {"article_body": _text(Path(value))})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read: {getattr(error, 'strerror', None) or error}.", source=str(path)) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"--result is no JSON ({error}).") from error


def _day(text: str | None) -> datetime | None:
    from datetime import UTC

    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError as error:
        raise InputError(f"--since is {text!r}; write a day such as 2026-11-01.") from error


def _print(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
