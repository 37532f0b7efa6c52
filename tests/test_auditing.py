"""An exported audit log is checked without the desk, and whatever was done to it is named."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from triage import audit, auditing
from triage.cli.main import app
from triage.database import Database
from triage.errors import InputError
from triage.models import clock_at

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def log(database: Database) -> list[str]:
    """Ten events, one a day, exported."""
    for number in range(10):
        with clock_at(START + timedelta(days=number)), database.transaction() as session:
            audit.append(session, "note", actor=f"user:{number}", number=number, text="ü “quoted”", share=0.1)
    with database.read() as session:
        return list(auditing.export(session))


def changed(log: list[str], line: int, **fields: object) -> list[str]:
    return [json.dumps({**json.loads(text), **fields}) if n == line else text for n, text in enumerate(log)]


def test_an_export_holds(log: list[str], database: Database) -> None:
    found = auditing.verify_file(log)
    assert (found.events, found.broken) == (10, None)
    with database.read() as session:
        assert audit.check(session) == found


def test_days_can_be_exported_alone_and_hold(log: list[str], database: Database) -> None:
    with database.read() as session:
        part = list(auditing.export(session, START + timedelta(days=3), START + timedelta(days=6)))
        none = list(auditing.export(session, START + timedelta(days=30)))
    assert part[1:] == log[4:7] and json.loads(part[0])["anchor"] == json.loads(log[3])["hash"]
    assert auditing.verify_file(part).events == 3 and auditing.verify_file(part).broken is None
    assert auditing.verify_file(none).broken is None and len(none) == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", ["actor", "kind", "ticket_id", "data", "at"])
def test_a_changed_event_is_named(log: list[str], field: str) -> None:
    value = {"at": "2026-11-05T08:00:01+00:00", "data": {"number": 9}, "ticket_id": 3}.get(field, "other")
    broken = auditing.verify_file(changed(log, 5, **{field: value})).broken
    assert broken and broken.event == json.loads(log[5])["id"] and "was changed" in broken.what


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_is_missing_or_put_in_is_named(log: list[str]) -> None:
    ids = [None, *(json.loads(line)["id"] for line in log[1:])]
    for wrong, event in (
        (log[:4] + log[5:], ids[5]),  # taken out of the middle
        ([log[0], *log[2:]], ids[2]),  # at the beginning
        ([*log[:4], log[3], *log[4:]], ids[3]),  # doubled
        ([*log[:3], log[4], log[3], *log[5:]], ids[4]),  # exchanged
        (log[:-1], None),  # cut off
    ):
        broken = auditing.verify_file(wrong).broken
        assert broken and broken.event == event


@given(line=st.integers(1, 10), place=st.integers(0, 400), letter=st.characters(codec="ascii", exclude_categories=["Cc"]))
@settings(max_examples=60, deadline=None)
def test_no_single_letter_can_be_changed_unnoticed(line: int, place: int, letter: str) -> None:
    previous, log = audit.GENESIS, []
    for number in range(10):
        event = {
            "at": START,
            "actor": "clock",
            "kind": "note",
            "ticket_id": None,
            "data": {"n": number},
            "previous_hash": previous,
        }
        previous = audit.digest(**event)
        log.append(json.dumps({"id": number + 1, **event, "at": START.isoformat(), "hash": previous}))
    header = {"format": auditing.FORMAT, "events": 10, "anchor": audit.GENESIS, "last": previous}
    was = log[line - 1]
    place %= len(was)
    now = was[:place] + letter + was[place + 1 :]
    log[line - 1] = now
    try:
        found = auditing.verify_file([json.dumps(header), *log])
    except InputError:
        return
    same = json.loads(now) == json.loads(was) or {**json.loads(now), "id": 0} == {**json.loads(was), "id": 0}
    assert bool(found.broken) != same or json.loads(now)["at"] != json.loads(was)["at"]


def test_what_is_no_export_is_refused() -> None:
    for lines, told in (([], "Line 1"), (["{}"], "no header"), (["no"], "no JSON"), (["[1]"], "no JSON object")):
        with pytest.raises(InputError, match=told):
            auditing.verify_file(lines)
    with pytest.raises(InputError, match="Line 2 is no event"):
        auditing.verify_file([json.dumps({"format": auditing.FORMAT, "anchor": "", "events": 1, "last": ""}), "{}"])


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_commands(log: list[str], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.cli.export.open_database", lambda _settings: database)
    file = tmp_path / "audit.jsonl"
    run = CliRunner().invoke
    assert run(app, ["export", "audit", "--since", "2026-11-03", "--until", "2026-11-05", "--out", str(file)]).exit_code == 0
    assert len(file.read_text().splitlines()) == 4 and file.stat().st_mode & 0o777 == 0o600
    told = run(app, ["audit", "verify", str(file)])
    assert "3 events hold" in told.stdout
    last = told.stdout.split()[-1].rstrip(".")
    assert run(app, ["audit", "verify", str(file), "--last", last]).exit_code == 0
    assert "you kept" in str(run(app, ["audit", "verify", str(file), "--last", "0" * 64]).exception)
    assert "10 events hold" in run(app, ["audit", "verify"]).stdout
    file.write_text("\n".join(changed(file.read_text().splitlines(), 2, actor="nobody")))
    assert "was changed" in str(run(app, ["audit", "verify", str(file)]).exception)
    assert "no day" in str(run(app, ["export", "audit", "--since", "yesterday"]).exception)
