"""`triage trace` on a desk with one run: every sub-command, in words and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.desks import person
from tests.replay.test_replaying import QUESTION, worked
from triage.cli import app
from triage.cli import trace as command
from triage.errors import Divergence, InputError
from triage.models import Role, RunStep
from triage.office import Desk

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def ran(*words: str) -> str:
    done = CliRunner().invoke(app, ["trace", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@SQLITE
async def test_a_run_is_listed_shown_replayed_exported_forked_and_compared(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    run_id = await worked(desk, QUESTION)
    with desk.database.transaction() as session:
        person(session, Role.ADMIN)
    monkeypatch.setattr(command, "settings", lambda: desk.settings)
    told: Any = await asyncio.to_thread(_tour, run_id, tmp_path)
    assert "1 runs" in told["list"] and json.loads(told["json"])["runs"][0]["id"] == run_id
    assert "The writer drafted" in told["show"] and json.loads(told["step"])["name"] == "input"
    assert " steps are as recorded" in told["replay"]
    assert json.loads(told["file"])["identical"] is True
    assert "another prompt for the writer" in told["fork"] and "first differ at step" in told["compare"]
    with desk.database.transaction() as session:
        session.get_one(RunStep, 1).request_hash = "0" * 64
    with pytest.raises(Divergence, match="step 1"):
        await asyncio.to_thread(ran, "replay", run_id)
    for words, said in (
        (["show", "zzz"], "No run begins"),
        (["list", "--since", "yesterday"], "write a day"),
        (["fork", run_id, "--step", "1", "--prompt", "writer"], "ROLE=VALUE"),
        (["fork", run_id, "--step", "1", "--result", "{"], "no JSON"),
    ):
        with pytest.raises(InputError, match=said):
            await asyncio.to_thread(ran, *words)


def _tour(run_id: str, folder: Path) -> dict[str, str]:
    told = {
        "list": ran("list"), "json": ran("list", "--json"), "show": ran("show", run_id), "step": ran("show", run_id, "--step", "1"),
        "replay": ran("replay", run_id[:10]), "export": ran("export", run_id, str(folder / "run.jsonl")),
    }  # fmt: skip
    told["file"] = ran("replay", str(folder / "run.jsonl"), "--json")
    (folder / "writer.md").write_text("Write for {company}.")
    told["fork"] = ran("fork", run_id, "--step", "5", "--prompt", f"writer={folder / 'writer.md'}", "--json")
    fork_id = json.loads(told["fork"])["run"]
    told["fork"] = ran("fork", run_id, "--step", "5", "--prompt", f"writer={folder / 'writer.md'}")
    told["compare"] = ran("compare", run_id, fork_id)
    assert json.loads(ran("compare", run_id, fork_id, "--json"))["first"] in told["compare"]
    return told
