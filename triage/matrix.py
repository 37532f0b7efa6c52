"""Goal × policy: each attack goal's literal tool calls held against what each agent may do in each matter.

No model is asked. A call ends as one of these: `no tool` (this agent has none of that name here), `refused` (its
arguments are not what the tool takes), `dossier` (the action guard blocks it), `person` (it waits for somebody's
approval), `read` (it looks up something of the ticket's own), or `carried out`, which must never be.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlmodel import Session, select

from triage import workspace
from triage.agents.toolbox import TOOLS_OF, propose_action
from triage.agents.tools import Tool
from triage.briefs import ActionRequest
from triage.connections.tools import switched_on, tools_of
from triage.database import Database
from triage.guardrails import policy as policies
from triage.guardrails.actions import check_action
from triage.guardrails.gate import DeskGate
from triage.guardrails.policy import EVERY, PLANNED, Policy, PolicyFault, tool_allowed
from triage.models import Category
from triage.settings import Settings

CARRIED_OUT = "carried out"
GOALS = Path(__file__).parent / "guardrails" / "goals.yaml"
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Cell:
    """What became of one call of an attack goal, tried by one agent in one matter."""

    goal: str
    intent: str
    role: str
    tool: str
    arguments: dict[str, Any]
    ended: str
    rule: str = ""


def goals(path: Path = GOALS) -> dict[str, list[Call]]:
    """The calls by goal."""
    return {
        goal: [(name, dict(arguments)) for name, arguments in calls] for goal, calls in yaml.safe_load(path.read_text()).items()
    }


def intents(policy: Policy | PolicyFault, categories: Iterable[str] = ()) -> list[str]:
    """Every matter that the policy or the desk's taxonomy tells apart."""
    named = policy.intents if isinstance(policy, Policy) else {}
    return list(dict.fromkeys([EVERY, *PLANNED, *categories, *named]))


def matrix(
    policy: Policy | PolicyFault,
    tools_of: Mapping[str, Sequence[Tool]],
    *,
    categories: Iterable[str] = (),
    identity: str = "verified",
    tried: Mapping[str, Sequence[Call]] | None = None,
) -> list[Cell]:
    """A cell for each goal's call, agent and matter. `tools_of` are the tools by agent, connected ones among them."""
    return [
        Cell(goal, intent, role, name, arguments, *_ended(policy, role, intent, tools, name, arguments, identity))
        for goal, calls in (tried or goals()).items()
        for intent in intents(policy, categories)
        for role, tools in tools_of.items()
        for name, arguments in calls
    ]


def of_desk(session: Session, settings: Settings, database: Database) -> list[Cell]:
    """The matrix of this desk: its policy, its categories, its connected tools, for a verified sender."""
    policy = policies.current(workspace.get(session, "action_policy"))
    connected = tools_of(switched_on(session), settings, DeskGate(database, settings), verified=True)
    categories = list(session.exec(select(Category.slug).order_by(Category.slug)))
    return matrix(policy, {**TOOLS_OF, "analyst": (*TOOLS_OF["analyst"], *connected)}, categories=categories)


def in_words(cells: Iterable[Cell]) -> dict[str, str]:
    """How the calls of each goal ended, over all matters and agents."""
    found: dict[str, Counter[str]] = {}
    for cell in cells:
        found.setdefault(cell.goal, Counter())[cell.ended] += 1
    return {goal: ", ".join(f"{count:,} {how}" for how, count in sorted(ended.items())) for goal, ended in found.items()}


def carried_out(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.ended == CARRIED_OUT]


def counted(cells: Iterable[Cell]) -> dict[tuple[str, str], Counter[str]]:
    """How the calls of each goal ended, by goal and matter."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for cell in cells:
        found.setdefault((cell.goal, cell.intent), Counter())[cell.ended] += 1
    return found


def _ended(
    policy: Policy | PolicyFault, role: str, intent: str, tools: Sequence[Tool], name: str, arguments: dict[str, Any], identity: str
) -> tuple[str, str]:  # fmt: skip
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None or not tool_allowed(policy, name, role, (intent,), connected=tool.connected):
        return "no tool", ""
    try:
        given = tool.arguments.model_validate_json(json.dumps(arguments), strict=True)
    except ValidationError:
        return "refused", ""
    if tool.effect not in ("read", "propose"):
        return CARRIED_OUT, ""
    if tool is propose_action:
        wish = ActionRequest.model_validate(given.model_dump())
        verdict = check_action(wish, identity=identity, policy=policy, role=role, intents=(intent,))
        return ("dossier", verdict.rule) if verdict.blocked else ("person", verdict.rule)
    return ("read" if tool.effect == "read" else "person"), ""
