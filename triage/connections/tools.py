"""The operations that administrators switched on, as tools of the analyst."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from triage import recording
from triage.agents.toolbox import ToolContext
from triage.agents.tools import Tool
from triage.briefs import ActionRequest
from triage.connections import binding
from triage.connections.arguments import model_of
from triage.connections.requests import Call, Definition, prepare, send, told
from triage.database import direct
from triage.errors import DeliveryUncertain, ToolDown, ToolError
from triage.llm.protocol import ToolGate, ToolSpec
from triage.llm.schema import strict_schema
from triage.models import ConnectedTool, Connection
from triage.reach import Answer
from triage.settings import Settings

_OF_TOOL = ("id", "name", "method", "path", "effect", "summary", "arguments", "bound", "digest", "price_usd")
_OF_CONNECTION = ("base_url", "auth", "auth_name", "secret")
_SWITCHED_ON = (  # every run asks: built once, and without the documents
    select(
        *(col(getattr(ConnectedTool, name)) for name in _OF_TOOL),
        *(col(getattr(Connection, name)) for name in _OF_CONNECTION),
        col(Connection.name).label("connection"),
    )
    .join_from(ConnectedTool, Connection, col(Connection.id) == ConnectedTool.connection_id)
    .where(col(ConnectedTool.enabled))
    .order_by(col(ConnectedTool.name))
)


def switched_on(session: Session) -> list[Definition]:
    """Every operation that is switched on, by name."""
    return [Definition(**row._asdict()) for row in direct.rows(session, _SWITCHED_ON)]


def as_now(session: Session, recorded: Sequence[Definition]) -> list[Definition]:
    """Recorded operations with the access right and the price of now, which no recording holds.

    One that is switched off or defined otherwise now stays without both.
    """
    today = {one.digest: one for one in switched_on(session)} if recorded else {}
    return [_with_access(one, today.get(one.digest)) for one in recorded]


def _with_access(recorded: Definition, now: Definition | None) -> Definition:
    if now is None:
        return recorded
    return replace(recorded, auth=now.auth, auth_name=now.auth_name, secret=now.secret, price_usd=now.price_usd)


def tools_of(definitions: Sequence[Definition], settings: Settings, gate: ToolGate, *, verified: bool) -> list[Tool]:
    """A tool for each; an unverified sender gets none that is bound to the customer, and may have nothing proposed."""
    return [make(one, settings, gate) for one in definitions if verified or (one.effect == "read" and not one.bound)]


def make(tool: Definition, settings: Settings, gate: ToolGate) -> Tool:
    """The tool: its schema from the operation's parameters, its result private when the customer is bound to it."""
    arguments = model_of(tool.name, tool.arguments)
    summary = (
        tool.summary
        if tool.effect == "read"
        else f"{tool.summary} This only proposes it: a person decides, nothing is done by the call."
    )
    spec = ToolSpec(tool.name, summary, strict_schema(arguments))

    async def read(context: ToolContext, **given: Any) -> dict[str, Any]:
        call = await _prepared(context, tool, given)
        if isinstance(call, dict):
            return call
        answer = await _asked(tool, call, settings, gate)
        if not 200 <= answer.status < 300:
            what = "redirects, which is not followed" if 300 <= answer.status < 400 else f"answered with status {answer.status}"
            raise ToolError(f"{tool.name} {what}; go on without it")
        return {"source": f"tool:{tool.name}", "result": told(answer)}

    async def propose(context: ToolContext, **given: Any) -> dict[str, Any]:
        call = await _prepared(context, tool, given)
        if isinstance(call, dict):
            return call
        return {
            "proposed": {"tool": tool.name, "tool_id": tool.id, "digest": tool.digest, "arguments": _plain(given)},
            "done": False,
        }

    private = bool(tool.bound)
    return Tool(
        spec, "read" if tool.effect == "read" else "propose", private, read if tool.effect == "read" else propose, arguments, True
    )


async def _prepared(context: ToolContext, tool: Definition, given: dict[str, Any]) -> Call | dict[str, Any]:
    """The call, or the wish for people that a refused one becomes."""
    bound = await context.database.run(lambda session: binding.values(session, context.ticket_id, tool.bound))
    try:
        return prepare(tool, _plain(given), bound)
    except ToolError as error:
        if not str(error).startswith("refused"):
            raise
        wish = ActionRequest(action=tool.name, target=f"{tool.method} {tool.path}", amount="", reason=str(error)[:300])
        return {"noted": wish.model_dump(), "done": False}


async def _asked(tool: Definition, call: Call, settings: Settings, gate: ToolGate) -> Answer:
    """The answer, asked for only while budgets and the tool's breaker let it through.

    A call costs once its request is on its way, whatever comes back: services charge by the request.
    """

    def pay() -> None:
        recording.charge(tool.price_usd)
        gate.paid(tool.name, tool.price_usd)

    async def ask() -> Answer:
        try:
            answer = await asyncio.to_thread(send, settings, tool, call)
        except DeliveryUncertain as error:  # a read may be broken off without harm
            pay()
            raise ToolDown(str(error)) from error
        except asyncio.CancelledError:  # the run's time is over; what was asked is on its way
            pay()
            raise
        pay()
        if answer.status >= 500:
            raise ToolDown(f"{tool.name} answered with status {answer.status}; go on without it")
        return answer

    return await gate.ask(tool.name, tool.price_usd, ask)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments as JSON values, without those that were left open."""
    return {
        name: value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else _listed(value)
        for name, value in given.items()
        if value is not None
    }


def _listed(value: Any) -> Any:
    if isinstance(value, list):
        return [one.model_dump(mode="json", exclude_none=True) if hasattr(one, "model_dump") else one for one in value]
    return value
