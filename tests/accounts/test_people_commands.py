import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from triage import settings as settings_module
from triage.accounts import apikeys, links
from triage.database import open_database
from triage.models import User

Run = Callable[..., Any]
# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_PUBLIC_URL", "https://desk.example")
    monkeypatch.setenv("TRIAGE_DATABASE_URL", "")
    settings_module.settings.cache_clear()

    def running(group: str, *words: str) -> Any:
        from typer.testing import CliRunner

        from triage.cli import people

        return CliRunner().invoke({"user": people.user_app, "key": people.key_app}[group], list(words))

    yield running
    settings_module.settings.cache_clear()


def test_a_person_is_added_invited_listed_and_switched_off(run: Run) -> None:
    added = run("user", "add", "boss@example.com", "--name", "Boss", "--role", "admin")
    assert added.exit_code == 0 and "https://desk.example/invite/" in added.stdout
    run("user", "add", "ada@example.com")
    again = run("user", "invite", "ada@example.com")
    token = again.stdout.strip().rsplit("/", 1)[1]
    database = open_database(settings_module.settings())
    with database.read() as session:
        assert links.look_at_invite(session, token).email == "ada@example.com"
    assert run("user", "disable", "ada@example.com").exit_code == 0
    people = json.loads(run("user", "list", "--json").stdout)
    assert [(person["email"], person["role"], person["state"]) for person in people] == [
        ("boss@example.com", "admin", "invited"), ("ada@example.com", "staff", "off"),
    ]  # fmt: skip
    assert "boss@example.com" in run("user", "list").stdout
    assert run("user", "enable", "ada@example.com").exit_code == 0
    assert run("user", "role", "ada@example.com", "manager").exit_code == 0
    with database.read() as session:
        assert {user.role for user in session.exec(select(User))} == {"admin", "manager"}
    database.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("disable", "nobody@example.com"), "triage user list"),
        (("add", "no-address"), "not an e-mail address"),
        (("role", "boss@example.com", "staff"), "last administrator"),
    ],
)
def test_bad_input_ends_with_one_line_and_exit_code_two(run: Run, words: tuple[str, ...], says: str) -> None:
    run("user", "add", "boss@example.com", "--role", "admin")
    ended = run("user", *words)
    assert ended.exit_code == 2 and says in ended.stderr and ended.stderr.count("\n") == 1


def test_a_key_is_shown_once_and_can_be_revoked(run: Run) -> None:
    assert "no keys" in run("key", "list").stdout
    made = run("key", "create", "contact-form")
    plain = made.stdout.strip()
    database = open_database(settings_module.settings())
    with database.read() as session:
        key = apikeys.find(session, plain)
        assert key and key.name == "contact-form"
    listed = run("key", "list").stdout
    assert key.prefix in listed and plain not in listed
    assert run("key", "revoke", key.prefix).exit_code == 0
    with database.read() as session:
        assert apikeys.find(session, plain) is None
    assert json.loads(run("key", "list", "--json").stdout)[0]["state"] == "revoked"
    assert run("key", "revoke", "nothing").exit_code == 2
    database.close()
