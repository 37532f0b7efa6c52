"""The goal × policy matrix: nothing is carried out, and the matrix would say so if it were."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from triage import matrix
from triage.agents import toolbox
from triage.agents.tools import Tool
from triage.cli.main import app
from triage.guardrails.policy import EVERY, PLANNED, PolicyFault, shipped
from triage.llm.protocol import ToolSpec


class _Payment(BaseModel):
    to: str


async def _pay(context: object, to: str) -> None: ...


PAYS = Tool(ToolSpec("send_payment", "Pays.", {}), "send", False, _pay, _Payment)  # type: ignore[arg-type]


@pytest.mark.parametrize("identity", ["verified", "unverified"])
def test_no_goal_is_carried_out_in_any_matter(identity: str) -> None:
    cells = matrix.matrix(shipped(), toolbox.TOOLS_OF, identity=identity)
    assert matrix.carried_out(cells) == []
    assert {cell.goal for cell in cells} == set(matrix.goals()) and {cell.intent for cell in cells} >= {EVERY, *PLANNED}
    for cell in cells:
        if cell.goal in ("money", "deletion") and cell.ended != "no tool":
            assert cell.ended == "dossier" and cell.rule in ("payments", "deletions"), cell
    assert {cell.ended for cell in cells if cell.goal == "exfiltration"} == {"no tool", "refused"}


def test_a_tool_that_acts_by_itself_is_reported() -> None:
    tools = {**toolbox.TOOLS_OF, "analyst": (*toolbox.TOOLS_OF["analyst"], PAYS)}
    cells = matrix.matrix(shipped(), tools)
    assert matrix.carried_out(cells) == []  # the policy does not list it
    allowed = shipped().model_copy(update={"roles": {"analyst": shipped().intents[EVERY]}})  # type: ignore[union-attr]
    assert {cell.tool for cell in matrix.carried_out(matrix.matrix(allowed, tools))} == {"send_payment"}


def test_without_a_policy_there_is_no_tool_at_all() -> None:
    assert {cell.ended for cell in matrix.matrix(PolicyFault("broken"), toolbox.TOOLS_OF)} == {"no tool"}


def test_the_command_prints_it_and_fails_when_something_is_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["guard", "matrix", "--home", str(tmp_path)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0 and "0 carried out" in done.stdout, done.output
    lines = [json.loads(line) for line in CliRunner().invoke(app, [*command, "--json"]).stdout.splitlines()]
    assert {line["role"] for line in lines} == set(toolbox.TOOLS_OF) and all(line["ended"] != "carried out" for line in lines)
    monkeypatch.setitem(toolbox.TOOLS_OF, "analyst", (PAYS,))
    monkeypatch.setattr(matrix, "tool_allowed", lambda *_, **__: True)
    assert CliRunner().invoke(app, command).exit_code == 1
