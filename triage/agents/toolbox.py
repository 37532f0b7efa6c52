"""The agents' tools: bound to one ticket, reading or proposing, none with a customer id among its arguments."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlmodel import Session, col, select

from knowledge_base.answerability import Judgement, Turn
from knowledge_base.solved import SolvedPool
from triage.agents.customers import customer_card, order_card
from triage.agents.tools import Tool, Toolset, tool
from triage.briefs import ActionRequest, Evidence, Precedent
from triage.database import Database
from triage.errors import ToolError
from triage.llm.protocol import Breaking
from triage.models import Order, Ticket
from triage.recording import Recorder

_MOST_OF_ANSWER = 8_000  # characters of a connected API's answers that facts may rest on


class Searches(Protocol):
    """What the toolbox needs of a searcher of the knowledge base."""

    async def asearch_many(self, queries: list[str], *, k: int = 6, language: str | None = None) -> Sequence[Sequence[Any]]: ...


class Judges(Protocol):
    """What is needed of a judge of whether passages answer a question."""

    def judge(self, question: str, passages: Sequence[str], history: Sequence[Turn] = ()) -> Judgement: ...


@dataclass
class ToolContext:
    """One ticket's reach. `customer_id` is bound by code; without a verified identity no tool reads private data.

    `found` and `proposed` grow with what the tools answered, live or read back from a recorded run; `answers` says of
    each question of the plan whether the passages gathered for it answer it, `precedents` are like questions solved before.
    A tool that asks a service over the network does so by `breakers.call("tool:NAME", …)`.
    """

    database: Database
    searcher: Searches
    ticket_id: int
    customer_id: int | None
    identity: str
    recorder: Recorder
    judge: Judges | None = None
    solved: SolvedPool | None = None
    breakers: Breaking | None = None
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    precedents: list[Precedent] = field(default_factory=list)
    found: dict[str, Evidence] = field(default_factory=dict)
    proposed: list[ActionRequest] = field(default_factory=list)
    connected: list[Tool] = field(default_factory=list)
    """Tools of APIs that administrators connected, for the analyst."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """What of them was proposed, for people to decide."""
    allowed: Callable[[str, Tool], bool] = lambda role, tool: True
    """Whether the action policy lets this agent use the tool in this ticket's matter."""

    def tools(self, role: str) -> list[Tool]:
        """What the agent may use here."""
        more = self.connected if role == "analyst" else []
        return [tool for tool in (*TOOLS_OF[role], *more) if self.allowed(role, tool)]

    @property
    def owner(self) -> int | None:
        """The customer whose data may be read: None unless the identity is verified."""
        return self.customer_id if self.identity == "verified" else None


@tool(effect="read")
async def search_knowledge(context: ToolContext, query: str) -> list[dict[str, Any]]:
    """Search the public help centre for passages; returns up to five with their ids.

    Args:
        query: What to look for in a few words, with product names and error codes as the customer wrote them.
    """
    found = await context.searcher.asearch_many([query], k=5)
    return [evidence(hit).model_dump() for hit in found[0]]


@tool(effect="read", private=True)
async def lookup_customer(context: ToolContext) -> dict[str, Any]:
    """The record of the customer who wrote this ticket: machine, subscription, orders, past tickets."""
    owner = _verified(context)
    card = await context.database.run(lambda session: customer_card(session, owner, context.ticket_id))
    if card is None:
        raise ToolError("this customer has no record")
    return card.model_dump()


@tool(effect="read", private=True)
async def order_status(context: ToolContext, number: str) -> dict[str, Any]:
    """One order of the customer who wrote this ticket: status, items, carrier and tracking.

    Args:
        number: The order number as the customer wrote it.
    """
    owner, wanted = _verified(context), number.strip().upper()

    def read(session: Session) -> Order | None:
        return session.exec(select(Order).where(Order.number == wanted, Order.customer_id == owner)).first()

    order = await context.database.run(read)
    if order is None:
        raise ToolError(f"this customer has no order {wanted}")
    return order_card(order).model_dump()


@tool(effect="read", private=True)
async def past_tickets(context: ToolContext) -> list[dict[str, Any]]:
    """The latest tickets of the customer who wrote this ticket: subject, category, status and day."""
    owner = _verified(context)

    def read(session: Session) -> list[Ticket]:
        mine = select(Ticket).where(Ticket.customer_id == owner, Ticket.id != context.ticket_id)
        return list(session.exec(mine.order_by(col(Ticket.id).desc()).limit(5)))

    return [
        {
            "subject": ticket.subject,
            "category": ticket.category,
            "status": str(ticket.status),
            "day": f"{ticket.created_at:%Y-%m-%d}",
        }
        for ticket in await context.database.run(read)
    ]


@tool(effect="propose")
async def propose_action(context: ToolContext, action: str, target: str, amount: str, reason: str) -> dict[str, Any]:
    """Note something the customer wants done, for people to decide. Nothing is done by this.

    Args:
        action: Verb and object in snake_case, such as issue_refund or cancel_order.
        target: What it concerns, such as an order number; empty when unknown.
        amount: Amount with currency as the customer wrote it; empty when none.
        reason: The customer's reason in a few words.
    """
    request = ActionRequest(action=action, target=target, amount=amount, reason=reason)
    return {"noted": request.model_dump(), "done": False}


TOOLS_OF: dict[str, tuple[Tool, ...]] = {
    "manager": (),
    "analyst": (search_knowledge, lookup_customer, order_status, past_tickets, propose_action),
    "writer": (),
    "reviewer": (),
}


def toolset(tools: Sequence[Tool], context: ToolContext, *, wrap: Callable[[str], str] = str) -> Toolset:
    """Tools bound to a ticket; what they find and propose is kept on the context."""
    connected = {tool.name for tool in tools if tool.connected and tool.effect == "propose"}
    reads = {tool.name for tool in tools if tool.connected and tool.effect == "read"}

    def on_result(name: str, result: Any) -> None:
        if name == search_knowledge.name:
            context.found.update({item["id"]: Evidence.model_validate(item) for item in result})
        elif isinstance(result, dict) and "noted" in result and (name == propose_action.name or name in connected):
            context.proposed.append(ActionRequest.model_validate(result["noted"]))
        elif name in reads and isinstance(result, dict) and "source" in result:
            answer = _answered(name, result, context.found.get(result["source"]))
            context.found[answer.id] = answer
        elif name in connected and isinstance(result, dict) and "proposed" in result:
            context.calls.append(result["proposed"])

    return Toolset(tools, context, wrap=wrap, on_result=on_result)


def _answered(name: str, result: dict[str, Any], before: Evidence | None) -> Evidence:
    """What a connected API answered, as a source of facts; further answers of the same tool join it."""
    text = "\n".join([*([before.text] if before else []), *_lines(result["result"])])[:_MOST_OF_ANSWER]
    return Evidence(id=result["source"], article="", version=0, title=name.replace("_", " "), text=text)


def _lines(value: Any, of: str = "") -> Iterator[str]:
    """JSON values in words: `state: on its way.`"""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(inner, f"{of} {key}".replace("_", " ").strip())
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner, of)
    elif value is not None:
        yield f"{of}: {value}." if of else str(value)


def evidence(hit: Any) -> Evidence:
    """A searcher's hit as the evidence agents see."""
    return Evidence(
        id=hit.id,
        article=hit.article,
        version=hit.version,
        title=hit.title,
        heading=hit.heading,
        text=hit.text,
        language=hit.language,
        audience=hit.audience,
        category=getattr(hit, "category", ""),
        score=round(float(hit.score), 4),
        why=hit.why,
    )


def _verified(context: ToolContext) -> int:
    if context.owner is None:
        raise ToolError("the sender is not a verified customer; use public knowledge only")
    return context.owner
