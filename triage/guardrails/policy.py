"""The action policy as data: which tools agents may use and which actions may be prepared for a person.

Everything that it does not name is refused. It is read from `policy.yaml`, or from what administrators wrote over it
on the Guardrails screen; one that is missing or broken allows nothing (`PolicyFault`). Payments and deletions are
not in its reach: triage.guardrails.actions refuses them before it looks here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from triage.errors import InputError

SHIPPED = Path(__file__).with_name("policy.yaml")
EVERY, ALL, CONNECTED = "every", "all", "connected"
PLANNED = ("answer", "clarify", "escalate")
AGENTS = ("manager", "analyst", "writer", "reviewer")
_LONGEST = 50_000


def _names(value: object) -> object:
    """`all` and nothing are short forms of a list."""
    return [ALL] if value == ALL else value or []


Names = Annotated[list[str], BeforeValidator(_names)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Allowed(_Closed):
    """Names of tools and actions; `all` stands for every one."""

    tools: Names = []
    actions: Names = []


class Policy(_Closed):
    """The whole document; names that no list explains are refused when it is read."""

    actions: dict[str, Literal["anyone", "verified"]]
    roles: dict[str, Allowed]
    intents: dict[str, Allowed]

    @model_validator(mode="after")
    def _is_whole(self) -> "Policy":
        if strange := sorted(set(self.roles) - set(AGENTS)):
            raise ValueError(f"there is no agent called {strange[0]}; the agents are {', '.join(AGENTS)}")
        if EVERY not in self.intents:
            raise ValueError(f"intents needs an entry “{EVERY}”, with what counts for every ticket")
        for place, allowed in [*self.roles.items(), *self.intents.items()]:
            if unknown := sorted(set(allowed.actions) - set(self.actions) - {ALL}):
                raise ValueError(f"{place} lists the action {unknown[0]}, which is not under actions")
        return self

    def allows_action(self, action: str, role: str, intents: Sequence[str]) -> bool:
        """Whether this agent may wish for the action in a matter of these intents (category, plan action)."""
        return action in self.actions and self._allows("actions", {action}, role, intents)

    def allows_tool(self, tool: str, role: str, intents: Sequence[str], *, connected: bool = False) -> bool:
        """Whether this agent may use the tool; `connected` says that it is one of an administrator's own API."""
        return self._allows("tools", {tool, CONNECTED} if connected else {tool}, role, intents)

    def _allows(self, kind: str, names: set[str], role: str, intents: Sequence[str]) -> bool:
        mine: list[str] = getattr(self.roles.get(role, Allowed()), kind)
        here = [name for intent in (EVERY, *intents) for name in getattr(self.intents.get(intent, Allowed()), kind)]
        return bool({*names, ALL} & set(mine)) and bool({*names, ALL} & set(here))


class _EachKeyOnce(yaml.SafeLoader):
    """YAML whose mappings name nothing twice: PyYAML silently takes the last, which the reader may not have seen."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in lines:
                raise InputError(
                    f"The policy names “{key.value[:80]}” twice, in line {lines[name]} and again in line {line}; keep one of the two."
                )
            lines[name] = line
        return node


@dataclass(frozen=True)
class PolicyFault:
    """What stands in place of a policy that cannot be read: it allows nothing and says why."""

    why: str


def read(text: str) -> Policy:
    """The policy of a document. Raises InputError that says where it is wrong and what to do, also for a key that stands twice."""
    if len(text) > _LONGEST:
        raise InputError(f"A policy has at most {_LONGEST:,} characters.")
    try:
        return Policy.model_validate(yaml.load(text, Loader=_EachKeyOnce))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise InputError(f"The policy is not readable YAML{where}: {getattr(error, 'problem', error)}.") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"])) or "the document"
        raise InputError(f"The policy is wrong at {place}: {fault['msg'].removeprefix('Value error, ')}.") from error
    except RecursionError as error:
        raise InputError("The policy is nested too deeply; write plain lists.") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:  # dates, numbers and tags that PyYAML cannot make
        raise InputError(f"The policy has a value that YAML cannot read ({error}); put it in quotes or take it out.") from error


@lru_cache(maxsize=8)
def of_text(text: str) -> Policy | PolicyFault:
    """The policy that administrators wrote, for use at work: a fault in place of an error."""
    try:
        return read(text)
    except InputError as error:
        return PolicyFault(str(error))


@lru_cache(maxsize=4)
def shipped(path: Path | None = None) -> Policy | PolicyFault:
    """The policy that comes with the desk, unless administrators wrote their own."""
    place = path or SHIPPED
    try:
        return of_text(place.read_text())
    except OSError as error:
        return PolicyFault(f"The policy file {place.name} cannot be read ({error.strerror}).")


def current(text: object) -> Policy | PolicyFault:
    """The policy in force: `text` is the switch `action_policy`; empty means the shipped one."""
    if not isinstance(text, str):
        return PolicyFault("The stored policy is not a text; save it again on the Guardrails screen.")
    return of_text(text) if text.strip() else shipped()


def tool_allowed(policy: Policy | PolicyFault, tool: str, role: str, intents: Sequence[str], *, connected: bool = False) -> bool:
    """Whether the agent may use the tool in a matter of these intents; without a usable policy none may be used."""
    return isinstance(policy, Policy) and policy.allows_tool(tool, role, intents, connected=connected)
