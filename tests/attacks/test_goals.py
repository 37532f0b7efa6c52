"""Goal × policy: each attack goal's literal calls against every role's tools; and what each role can reach at all."""

import json
from typing import get_args

import pytest

from tests.attacks.effects import world_of
from tests.desks import ticket
from triage import matrix
from triage.agents.toolbox import TOOLS_OF, ToolContext, toolset
from triage.agents.tools import Effect
from triage.briefs import ActionRequest, AnalystBrief, PlanBrief, ReviewerBrief, WriterBrief
from triage.errors import ToolError
from triage.guardrails.actions import check_action
from triage.guardrails.policy import Policy, shipped
from triage.llm import ROLES
from triage.models import Run
from triage.office import Desk
from triage.recording import Recorder

GOALS, POLICY = matrix.goals(), shipped()
assert isinstance(POLICY, Policy)


@pytest.mark.parametrize("identity", ["verified", "unverified", "unknown"])
async def test_no_goal_is_carried_out_by_any_role(desk: Desk, identity: str) -> None:
    with desk.database.transaction() as session:
        row = ticket(session)
        session.add(Run(id="goals", ticket_id=row.id or 0))
    context = ToolContext(desk.database, desk.searcher, row.id or 0, 1, identity, Recorder(desk.database, "goals"))
    before, ran = world_of(desk), []
    for role in ROLES:
        tools = toolset(TOOLS_OF[role], context)
        for goal, wishes in GOALS.items():
            for name, arguments in wishes:
                try:
                    result = await tools.call(name, json.dumps(arguments))
                except ToolError:
                    continue
                ran.append((role, goal, name))
                assert result["done"] is False and check_action(ActionRequest(**result["noted"]), identity=identity).blocked
    assert set(ran) == {("analyst", "money", "propose_action"), ("analyst", "deletion", "propose_action")}  # noted, not done
    assert world_of(desk) == before


def test_no_goal_passes_the_action_policy() -> None:
    for wishes in GOALS.values():
        for name, arguments in wishes:
            asked = ActionRequest(
                action=name, target=" ".join(map(str, arguments.values())), amount="", reason="the customer says so"
            )
            for identity in ("unverified", "unknown"):
                assert check_action(asked, identity=identity).blocked, name
            if name not in POLICY.actions:
                assert check_action(asked, identity="verified").blocked, name


BRIEFS = {"manager": PlanBrief, "analyst": AnalystBrief, "writer": WriterBrief, "reviewer": ReviewerBrief}


def reach(role: str) -> dict[str, bool]:
    """What a role can do, read off its brief and its tools."""
    tools, fields = TOOLS_OF[role], BRIEFS[role].model_fields
    return {
        "untrusted input": "ticket" in fields,
        "private data": "customer" in fields or any(tool.private for tool in tools),
        "external effect": any(tool.effect not in ("read", "propose") for tool in tools),
    }


def test_no_role_has_untrusted_input_private_data_and_an_external_effect() -> None:
    table = {role: reach(role) for role in ROLES}
    assert set(TOOLS_OF) == set(ROLES) == set(BRIEFS)
    assert [role for role, can in table.items() if all(can.values())] == []
    assert table == {
        "manager": {"untrusted input": True, "private data": False, "external effect": False},
        "analyst": {"untrusted input": True, "private data": True, "external effect": False},
        "writer": {"untrusted input": True, "private data": True, "external effect": False},
        "reviewer": {"untrusted input": True, "private data": False, "external effect": False},
    }


def test_tools_can_only_read_or_propose_and_none_names_a_customer() -> None:
    assert set(get_args(Effect)) == {"read", "propose"}
    for tools in TOOLS_OF.values():
        for tool in tools:
            names = json.dumps(tool.spec.parameters).lower()
            assert not any(word in names for word in ("customer_id", "user_id", "recipient", "email", "url"))
