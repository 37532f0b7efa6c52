"""Schemas from signatures, and what the toolbox may never have."""

from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel
from sqlmodel import Session

from triage.agents import analyst, manager, reviewer, writer
from triage.agents.toolbox import TOOLS_OF, ToolContext, toolset
from triage.agents.tools import Effect, tool
from triage.briefs import AnalystBrief, CustomerCard, PlanBrief, ReviewerBrief, TicketBrief, WriterBrief
from triage.database import Database
from triage.errors import ToolError
from triage.models import Customer, Order, now
from triage.recording import Recorder

BRIEFS: dict[str, type[BaseModel]] = {
    "manager": PlanBrief,
    "analyst": AnalystBrief,
    "writer": WriterBrief,
    "reviewer": ReviewerBrief,
}


def test_the_schema_comes_from_types_and_docstring() -> None:
    @tool(effect="read")
    async def find(context: object, query: str, kind: Literal["a", "b"], most: int | None = None) -> None:
        """Find things.

        Args:
            query: What to look for,
                in a few words.
            kind: The kind of thing.
            most: How many at most; null for all.
        """

    assert find.spec.description == "Find things."
    assert find.spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["query", "kind", "most"],
        "properties": {
            "query": {"type": "string", "description": "What to look for, in a few words."},
            "kind": {"type": "string", "enum": ["a", "b"], "description": "The kind of thing."},
            "most": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "How many at most; null for all."},
        },
    }


def test_a_half_described_tool_fails_at_import() -> None:
    async def no_description(context: object, query: str) -> None:
        """Find things."""

    async def no_type(context: object, query) -> None:  # type: ignore[no-untyped-def]
        """Find things.

        Args:
            query: What.
        """

    async def no_docstring(context: object) -> None: ...

    for function, says in ((no_description, "describe the parameter query"), (no_type, "type"), (no_docstring, "docstring")):
        with pytest.raises(TypeError, match=says):
            tool(effect="read")(function)
    with pytest.raises(TypeError, match="effect"):
        tool(effect="send")  # type: ignore[arg-type]


def test_no_tool_names_a_customer_or_acts_outside() -> None:
    assert get_args(Effect) == ("read", "propose")
    for tools in TOOLS_OF.values():
        for entry in tools:
            assert entry.effect in ("read", "propose")
            assert not any(
                word in name
                for name in entry.spec.parameters["properties"]
                for word in ("customer", "email", "recipient", "user")
            )


def _holds(brief: type[BaseModel], wanted: type[BaseModel]) -> bool:
    return any(wanted in (field.annotation, *get_args(field.annotation)) for field in brief.model_fields.values())


def test_no_role_has_untrusted_input_private_data_and_an_outside_effect() -> None:
    table = {
        role: (
            _holds(BRIEFS[role], TicketBrief),
            _holds(BRIEFS[role], CustomerCard) or any(entry.private for entry in tools),
            any(entry.effect not in ("read", "propose") for entry in tools),
        )
        for role, tools in TOOLS_OF.items()
    }
    assert table == {
        "manager": (True, False, False),
        "analyst": (True, True, False),
        "writer": (True, True, False),
        "reviewer": (True, False, False),
    }
    assert {module.__name__.rsplit(".", 1)[-1] for module in (manager, analyst, writer, reviewer)} == set(table)


class FakeSearcher:
    async def asearch_many(self, queries: list[str], **_: Any) -> list[list[Any]]:
        class Hit:
            id, article, version, title, heading, text = "a#0", "a", 1, "T", "H", "Text."
            language, audience, score, why = "en", "public", 0.5, "because"

        return [[Hit()] for _ in queries]


@pytest.fixture
def shop(database: Database) -> Database:
    def fill(session: Session) -> None:
        for n, name in ((1, "Anna"), (2, "Bela")):
            session.add(
                Customer(
                    id=n,
                    external_id=f"C-{n}",
                    name=name,
                    email=f"{name}@post.example",
                    verified=True,
                    profile={"machine": {"model": "Duo", "firmware": "4.3.0"}, "subscription": None},
                )
            )
            session.flush()
            session.add(
                Order(
                    number=f"LF-1000{n}",
                    customer_id=n,
                    status="shipped",
                    placed_at=now(),
                    total="20.00",
                    items=[{"title": "Filter", "quantity": 2}],
                )
            )

    database.run_now(fill)
    return database


def context(database: Database, identity: str) -> ToolContext:
    return ToolContext(database, FakeSearcher(), 1, 1, identity, Recorder(database, "run"))


async def test_tools_reach_only_the_tickets_own_customer(shop: Database) -> None:
    tools = toolset(TOOLS_OF["analyst"], context(shop, "verified"))
    card = await tools.call("lookup_customer", "{}")
    assert card["name"] == "Anna" and [order["number"] for order in card["orders"]] == ["LF-10001"]
    assert card["machine"] == "Duo, firmware 4.3.0"
    assert (await tools.call("order_status", '{"number": "lf-10001"}'))["items"] == ["2 × Filter"]
    with pytest.raises(ToolError, match="no order LF-10002"):
        await tools.call("order_status", '{"number": "LF-10002"}')
    with pytest.raises(ToolError, match="customer_id"):
        await tools.call("lookup_customer", '{"customer_id": 2}')


@pytest.mark.parametrize("identity", ["unverified", "unknown", ""])
async def test_without_identity_there_is_public_knowledge_only(shop: Database, identity: str) -> None:
    tools = toolset(TOOLS_OF["analyst"], context(shop, identity))
    for name, arguments in (("lookup_customer", "{}"), ("order_status", '{"number": "LF-10001"}'), ("past_tickets", "{}")):
        with pytest.raises(ToolError, match="not a verified customer"):
            await tools.call(name, arguments)
    assert (await tools.call("search_knowledge", '{"query": "x"}'))[0]["id"] == "a#0"


async def test_what_tools_find_and_propose_is_kept_on_the_context(shop: Database) -> None:
    bound = context(shop, "unverified")
    tools = toolset(TOOLS_OF["analyst"], bound)
    tools.notice("search_knowledge", await tools.call("search_knowledge", '{"query": "x"}'))
    wish = '{"action": "issue_refund", "target": "LF-10001", "amount": "20 EUR", "reason": "late"}'
    tools.notice("propose_action", await tools.call("propose_action", wish))
    assert list(bound.found) == ["a#0"] and bound.proposed[0].action == "issue_refund"
