"""`triage user …` and `triage key …`: accounts and API keys from the command line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from sqlmodel import Session

from triage.accounts import apikeys, users
from triage.accounts import links as one_time
from triage.database import migrate, open_database
from triage.errors import InputError
from triage.models import ApiKey, Role, User
from triage.settings import Settings, settings

T = TypeVar("T")
user_app = typer.Typer(help="People who work the desk.", no_args_is_help=True)
key_app = typer.Typer(help="Keys of the API.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@user_app.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name; default: the part before the @.")] = "",
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.STAFF,
) -> None:
    """Add a person and print the one-time link by which they choose a password."""
    user, token = _do(
        lambda session: users.add(session, email=email, name=name or email.partition("@")[0], role=role, actor="cli")
    )
    typer.echo(f"Added {user.name} ({user.role}). Send them this link; it works once, for 7 days:\n{_link(settings(), token)}")


@user_app.command("invite")
def invite(email: Email) -> None:
    """Print a new link for a person who lost the first one or forgot the password."""
    token = _do(lambda session: one_time.new_invite(session, users.by_email(session, email), actor="cli"))
    typer.echo(f"Send them this link; it works once, for 7 days, and ends earlier ones:\n{_link(settings(), token)}")


@user_app.command("list")
def show(as_json: AsJson = False) -> None:
    """Everybody who has an account."""
    rows = [_person(user) for user in _do(users.listing)]
    _table(rows, as_json, empty="Nobody has an account yet; start the desk and open the set-up link it prints.")


@user_app.command("role")
def role(email: Email, role: Annotated[Role, typer.Argument(help="The new role.")]) -> None:
    """Give a person another role."""
    _do(lambda session: users.set_role(session, users.by_email(session, email), role, actor="cli"))
    typer.echo(f"{email} is {role.value} now.")


@user_app.command("disable")
def disable(email: Email) -> None:
    """Switch an account off; its sessions end at once."""
    _do(lambda session: users.disable(session, users.by_email(session, email), actor="cli"))
    typer.echo(f"{email} is switched off and signed out everywhere.")


@user_app.command("enable")
def enable(email: Email) -> None:
    """Switch an account on again."""
    _do(lambda session: users.enable(session, users.by_email(session, email), actor="cli"))
    typer.echo(f"{email} can sign in again.")


@key_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What uses the key, such as contact-form.")],
    purpose: Annotated[
        str, typer.Option("--for", help="What it opens: tickets (the API) or metrics (/metrics for Prometheus).")
    ] = "tickets",
) -> None:
    """Make a key and print it; it is not shown again."""
    key, plain = _do(lambda session: apikeys.create(session, name, actor="cli", purpose=purpose))
    typer.echo(f"Key {key.prefix} for {key.name}; keep it now, it is not shown again:", err=True)
    typer.echo(plain)


@key_app.command("list")
def keys(as_json: AsJson = False) -> None:
    """Every key, the newest first."""
    _table(
        [_key(key) for key in _do(apikeys.listing)], as_json, empty="There are no keys; make one with `triage key create NAME`."
    )


@key_app.command("revoke")
def revoke(prefix: Annotated[str, typer.Argument(help="The eight characters that `triage key list` shows.")]) -> None:
    """End a key at once."""
    key = _do(lambda session: apikeys.revoke(session, prefix, actor="cli"))
    typer.echo(f"Key {key.prefix} ({key.name}) is revoked.")


def _do(work: Callable[[Session], T]) -> T:
    """Run work in one transaction; bad input ends the command with exit code 2 and one line."""
    with _told():
        database = open_database(settings())
        try:
            migrate(database)
            return database.run_now(work)
        finally:
            database.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _link(machine: Settings, token: str) -> str:
    host = f"[{machine.host}]" if ":" in machine.host else machine.host
    base = machine.public_url.rstrip("/") or f"http://{host}:{machine.port}"
    return f"{base}/invite/{token}"


def _person(user: User) -> dict[str, object]:
    state = "off" if user.disabled_at else "demo" if user.demo else "active" if user.password_hash else "invited"
    return {"email": user.email, "name": user.name, "role": str(user.role), "state": state, "since": _day(user.created_at)}


def _key(key: ApiKey) -> dict[str, object]:
    return {
        "key": key.prefix,
        "name": key.name,
        "for": key.purpose,
        "state": "revoked" if key.revoked_at else "active",
        "since": _day(key.created_at),
    }


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _table(rows: list[dict[str, object]], as_json: bool, *, empty: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=None).print(table)
