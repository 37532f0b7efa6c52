"""What a run starts from: the ticket as the agents see it, the rules, the models, the tools. Replay and fork begin here.

What runs have in common is stored once, under its SHA-256: a run adds one small row of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from triage import jsontext
from triage.agents import prompts
from triage.agents.toolbox import TOOLS_OF
from triage.agents.tools import Tool
from triage.briefs import CategoryCard, TicketBrief
from triage.canary import canary
from triage.casefile import CaseFile
from triage.connections.requests import Definition
from triage.database import direct
from triage.guardrails.policy import Policy, PolicyFault
from triage.judging import Rules
from triage.llm.protocol import Model
from triage.models import CommonPremise, Draft, RunPremise, Ticket
from triage.settings import Settings
from triage.sureness import Scale

Staff = Mapping[str, Sequence[Model]]
"""The models of each role, in the order they are tried."""

VERSION = 1
SETTINGS = ("company", "mail_from", "mail_from_name", "turn_limit", "ticket_token_limit", "run_seconds", "allowed_link_hosts")
"""Settings of the machine that a run's words depend on."""
_TICKET = (
    "id", "subject", "channel", "requester_name", "requester_email", "customer_id", "identity", "language", "status", "approver",
)  # fmt: skip
_DRAFT = ("body", "plan", "facts", "approver", "approver_reasons")

_COMMON: Table = CommonPremise.__table__  # type: ignore[attr-defined]
_OWN: Table = RunPremise.__table__  # type: ignore[attr-defined]
_KEEP_COMMON: dict[str, Insert] = {
    "sqlite": sqlite.insert(_COMMON).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_COMMON).on_conflict_do_nothing(),
}


def _in_place(insert: sqlite.Insert | postgresql.Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=["run_id"], set_={"common": insert.excluded.common, "case": insert.excluded["case"]}
    )


_KEEP_OWN = {"sqlite": _in_place(sqlite.insert(_OWN)), "postgresql": _in_place(postgresql.insert(_OWN))}
_HELD = select(_COMMON.c.digest).where(_COMMON.c.digest == bindparam("digest")).with_for_update(read=True, key_share=True)
"""Whether it is stored, and on PostgreSQL held until the transaction ends, so that nobody sweeps it away meanwhile."""


@dataclass(frozen=True)
class Premise:
    """A run's beginning, read back. `staff` are names and providers of the models of each role."""

    case: CaseFile
    rules: Rules
    connected: list[Definition]
    staff: dict[str, list[tuple[str, str]]]
    tools: dict[str, dict[str, Any]]
    prompts: dict[str, int]
    canary: str
    settings: dict[str, Any]
    moment: datetime

    def applied(self, settings: Settings) -> Settings:
        """This machine's settings with those that the run was made under."""
        return settings.model_copy(update=self.settings)


@dataclass(frozen=True)
class Noted:
    """What a run starts from, as it is stored: what it has in common with others under its digest, and its own part."""

    run_id: str
    moment: datetime
    digest: str
    content: bytes
    own: dict[str, Any]

    def keep(self, session: Session) -> None:
        """Store it, in the caller's transaction, in place of what the run started from before a crash."""
        dialect = session.get_bind().dialect.name
        if direct.first(session, _HELD, {"digest": self.digest}) is None:  # asked each time: others roll back, and sweep
            row = {"digest": self.digest, "content": jsontext.loads(self.content), "created_at": self.moment}
            direct.insert(session, _KEEP_COMMON[dialect], row)
        own = {"run_id": self.run_id, "common": self.digest, "case": self.own, "changes": {}, "ending": {}}
        direct.insert(session, _KEEP_OWN[dialect], own)


def note(
    settings: Settings, case: CaseFile, rules: Rules, staff: Staff, connected: Sequence[Definition], moment: datetime
) -> Noted:  # fmt: skip
    """Write down what a run starts from."""
    content = jsontext.canonical(common(settings, case, rules, staff, connected))
    return Noted(case.run_id, moment, hashlib.sha256(content).hexdigest(), content, own_part(case, moment))


def common(
    settings: Settings, case: CaseFile, rules: Rules, staff: Staff, connected: Sequence[Definition]
) -> dict[str, Any]:  # fmt: skip
    """What many runs share, as JSON values; without credentials of connected APIs."""
    return {
        "version": VERSION,
        "categories": [card.model_dump() for card in case.categories],
        "teams": case.teams,
        "languages": case.languages,
        "rules": _rules_json(rules),
        "connected": [one.to_json() for one in connected],
        "staff": {role: [[model.name, model.provider] for model in chain] for role, chain in staff.items()},
        "tools": tools_json(connected),
        "prompts": _prompt_versions(),
        "canary": canary(settings),
        "settings": {name: getattr(settings, name) for name in SETTINGS},
    }


def own_part(case: CaseFile, moment: datetime) -> dict[str, Any]:
    """What belongs to one run, as JSON values."""
    former = case.former
    return {
        "run": case.run_id,
        "cause": case.cause,
        "moment": moment.isoformat(),
        "ticket": {name: getattr(case.ticket, name) for name in _TICKET},
        "brief": case.brief.model_dump(),
        "hidden": case.hidden,
        "attachments": case.attachment_texts,
        "thread_head": case.thread_head,
        "instruction": case.instruction,
        "instructed_by": case.instructed_by,
        "former": {name: getattr(former, name) for name in _DRAFT} if former else None,
        "unanswered": list(case.unanswered),
    }


def read(shared: Mapping[str, Any], own: Mapping[str, Any]) -> Premise:
    """The premise of its two parts. Raises KeyError, TypeError or ValueError when they are not what `keep` stored."""
    if shared["version"] != VERSION:
        raise ValueError(f"premises of version {shared['version']} cannot be read, only {VERSION}")
    former = own["former"]
    case = CaseFile(
        run_id=own["run"],
        cause=own["cause"],
        ticket=Ticket(**own["ticket"]),
        brief=TicketBrief.model_validate(own["brief"]),
        hidden=own["hidden"],
        attachment_texts=own["attachments"],
        thread_head=own["thread_head"],
        categories=[CategoryCard.model_validate(card) for card in shared["categories"]],
        teams=shared["teams"],
        languages=shared["languages"],
        instruction=own["instruction"],
        instructed_by=own["instructed_by"],
        former=Draft(ticket_id=own["ticket"]["id"], episode_id=0, **former) if former else None,
        unanswered=tuple(own["unanswered"]),
    )
    return Premise(
        case=case,
        rules=_rules(shared["rules"]),
        connected=[Definition(**one) for one in shared["connected"]],
        staff={role: [(str(name), str(provider)) for name, provider in chain] for role, chain in shared["staff"].items()},
        tools=shared["tools"],
        prompts=shared["prompts"],
        canary=shared["canary"],
        settings=dict(shared["settings"]),
        moment=datetime.fromisoformat(own["moment"]),
    )


def tools_json(connected: Sequence[Definition]) -> dict[str, dict[str, Any]]:
    """Every tool that agents may be offered, as a replay compares it."""
    return _own_tools() | {
        one.name: {"description": one.summary, "effect": one.effect, "definition": one.digest} for one in connected
    }


def _own_tools() -> dict[str, dict[str, Any]]:
    return {tool.name: _tool_json(tool) for tools in TOOLS_OF.values() for tool in tools}


def _tool_json(tool: Tool) -> dict[str, Any]:
    return {"description": tool.spec.description, "parameters": tool.spec.parameters, "effect": tool.effect}


@cache
def _prompt_versions() -> dict[str, int]:
    return {role: prompts.load(role).version for role in prompts.ROLES}


def _rules_json(rules: Rules) -> dict[str, Any]:
    plain = {name: getattr(rules, name) for name in rules.__dataclass_fields__}
    policy = rules.policy
    written = {"fault": policy.why} if isinstance(policy, PolicyFault) else _policy_json(policy)
    return plain | {"policy": written, "sureness": asdict(rules.sureness)}


def _policy_json(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json")


def _rules(plain: Mapping[str, Any]) -> Rules:
    written = plain["policy"]
    policy = PolicyFault(written["fault"]) if "fault" in written else Policy.model_validate(written)
    return Rules(**{**plain, "policy": policy, "sureness": Scale(**plain["sureness"]), "style": tuple(plain["style"])})
