"""The admin's way through connected APIs and the policy, and the manager's through a proposed call."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from tests.orders_api import OrdersApi, serve
from tests.pages.desk import html, keys_of, open_small_desk, opened, person, warnings
from triage import proposals, workspace
from triage.connections import managing
from triage.delivery.calls import Caller
from triage.models import ConnectedTool, Connection, Customer, Proposal, Role, Run, Ticket


@pytest.fixture(scope="module")
def api() -> Iterator[OrdersApi]:
    with serve() as api:
        yield api


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("apis")) as desk:
        desk.settings = desk.settings.model_copy(update={"tool_networks": ["127.0.0.0/8"]})
        yield desk


def shop(desk: Any, role: Role, **address: str) -> AppTest:
    return opened(desk, "guardrails.py", role, part="apis", **address)


def test_an_administrator_pastes_a_document_and_chooses_two_operations(desk: Any, api: OrdersApi) -> None:
    page = shop(desk, Role.ADMIN)
    page.text_area(key="api_text").set_value("hello: world")
    page.button(key="api_connect").click().run()
    assert "no OpenAPI document" in html(page) + warnings(page) or "no OpenAPI document" in str(page.session_state)
    page.text_area(key="api_text").set_value(api.document)
    page.selectbox(key="api_auth_new").set_value("bearer").run()
    page.text_input(key="api_secret_new").set_value("tok-12345")
    page.button(key="api_connect").click().run()
    assert not page.exception
    with desk.database.read() as session:
        row = session.exec(select(Connection)).one()
    key = str(row.id)
    for operation, name in (
        ("GET /orders/{order_number}", "order_state"),
        ("PATCH /orders/{order_number}/address", "change_address_of_order"),
    ):
        page = shop(desk, Role.ADMIN, api=key, op=operation)
        page.text_input(key=f"op_name_{key}_{operation}").set_value(name)
        page.button(key=f"op_on_{key}_{operation}").click().run()
        assert not page.exception
    with desk.database.read() as session:
        tools = {tool.name: tool for tool in session.exec(select(ConnectedTool))}
    assert {name: tool.effect for name, tool in tools.items()} == {"order_state": "read", "change_address_of_order": "propose"}
    assert all(tool.bound == [{"name": "order_number", "where": "path", "field": "order"}] for tool in tools.values())
    page = shop(desk, Role.ADMIN, api=key)
    assert "tok-12345" not in html(page) and row.secret not in html(page) and "kept encrypted" in html(page)


def test_what_is_refused_says_why_and_offers_nothing(desk: Any) -> None:
    page = shop(desk, Role.ADMIN, api="1", op="DELETE /orders/{order_number}")
    assert "deletes" in html(page) and not any(str(key).startswith("op_on") for key in keys_of(page))
    page = shop(desk, Role.ADMIN, api="1", op="GET /shops")
    page.button(key="op_on_1_GET /shops").click().run()
    with desk.database.read() as session:
        assert len(session.exec(select(ConnectedTool)).all()) == 2


def test_a_price_is_set_where_a_tool_is_switched_on_and_beside_it(desk: Any) -> None:
    operation = "GET /orders/{order_number}"
    page = shop(desk, Role.ADMIN, api="1", op=operation)
    assert page.text_input(key=f"op_name_1_{operation}").value == "order_state", "the form shows the tool as it is"
    field = page.text_input(key=f"op_price_1_{operation}")
    assert field.value == "0" and "· free" in html(page)
    field.set_value("two cents")
    page.button(key=f"op_on_1_{operation}").click().run()
    assert "“two cents” is no price" in warnings(page) + html(page)
    page.text_input(key=f"op_price_1_{operation}").set_value("0.02")
    page.button(key=f"op_on_1_{operation}").click().run()
    assert not page.exception and "$0.02 a call" in html(shop(desk, Role.ADMIN, api="1"))
    page = shop(desk, Role.ADMIN, api="1")
    for written, shown in (("-3", "$0.02 a call"), ("0.004", "$0.004 a call")):
        page.text_input(key="tool_price_1").set_value(written)
        page.button(key="tool_price_1_save").click().run()
        assert shown in html(page)
    assert shop(desk, Role.ADMIN, api="1", op=operation).text_input(key=f"op_price_1_{operation}").value == "0.004"
    reader = shop(desk, Role.MANAGER, api="1")
    assert "$0.004 a call" in html(reader) and not {key for key in keys_of(reader) if key.startswith("tool_price")}


def test_a_price_that_a_colleague_set_meanwhile_stands_in_the_form(desk: Any) -> None:
    page = shop(desk, Role.ADMIN, api="1")
    field = page.text_input(key="tool_price_1")
    field.set_value("0.01").run()
    page.button(key="tool_price_1_save").click().run()
    with desk.database.transaction() as session:
        session.get_one(ConnectedTool, 1).price_usd = 0.5
    page.run()
    assert page.text_input(key="tool_price_1").value == "0.50" and "$0.50 a call" in html(page)


def test_managers_read_it_and_change_nothing(desk: Any) -> None:
    page = shop(desk, Role.MANAGER, api="1", op="GET /products/{product}")
    assert not {key for key in keys_of(page) if key.startswith(("op_on", "tool_off", "api_connect", "api_access"))}
    assert "order_state" in html(page)


def test_a_manager_has_a_proposed_call_carried_out_once(desk: Any, api: OrdersApi) -> None:
    with desk.database.transaction() as session:
        ticket = session.exec(select(Ticket).order_by(Ticket.id)).first()  # type: ignore[arg-type]
        tool = session.exec(select(ConnectedTool).where(ConnectedTool.effect == "propose")).one()
        customer = session.exec(select(Customer)).one()
        from triage.models import Order, now

        session.add(Order(number="LF-10001", customer_id=customer.id or 0, status="shipped", placed_at=now(), total="9"))
        tool.price_usd = 0.05
        session.add(tool)
        ticket.customer_id, ticket.identity, ticket.subject = customer.id, "verified", "LF-10001"
        call = {
            "tool": tool.name,
            "tool_id": tool.id,
            "digest": tool.digest,
            "arguments": {"street": "Mill Lane 7", "city": "Delft"},
        }
        [row] = proposals.lay_down(session, ticket, session.get_one(Run, "mine"), [call])
        session.flush()
        number, ticket_id = row.id, ticket.id
    staff = opened(desk, "inbox.py", Role.STAFF, ticket=str(ticket_id))
    assert "Would call" in html(staff) and f"td_call_yes_{number}" not in keys_of(staff)
    page = opened(desk, "inbox.py", Role.MANAGER, ticket=str(ticket_id))
    assert "/orders/LF-10001/address" in html(page) and "Mill Lane 7" in html(page)
    assert "It costs $0.05." in html(page) and "It costs" not in html(staff)
    page.button(key=f"td_call_yes_{number}").click().run()
    assert not page.exception and ("deliver", f"call-{row.key}", number, "call") in desk.work
    caller = Caller(desk.database, desk.settings)
    assert [asyncio.run(caller.carry_out(number or 0)) for _ in range(2)] == ["done", "nothing to do"]
    assert [change["path"] for change in api.changes] == ["/orders/LF-10001/address"]
    assert "answered with status 200. The call cost $0.05." in html(opened(desk, "inbox.py", Role.MANAGER, ticket=str(ticket_id)))
    with desk.database.transaction() as session:
        row = session.get_one(Proposal, number)
        row.status, row.error = "uncertain", "It took longer than 15 seconds."
    page = opened(desk, "inbox.py", Role.MANAGER, ticket=str(ticket_id))
    assert "It took longer than 15 seconds. The call cost $0.05." in html(page)
    page.button(key=f"td_call_undone_{number}").click().run()
    with desk.database.read() as session:
        assert session.get_one(Proposal, number).status == "failed"


def test_the_policy_is_edited_where_it_stands(desk: Any) -> None:
    page = opened(desk, "guardrails.py", Role.ADMIN, part="policy")
    assert "0 of" in html(page) and "comes with the desk" in html(page)
    page.text_area(key="policy_text").set_value("actions: [")
    page.button(key="policy_save").click().run()
    with desk.database.read() as session:
        assert workspace.get(session, "action_policy") == ""
        text = managing.policy_text(session, person(desk, Role.ADMIN))
    page.text_area(key="policy_text").set_value(text.replace("send_manual: anyone", "send_manual: verified"))
    page.button(key="policy_save").click().run()
    assert not page.exception
    with desk.database.read() as session:
        assert "send_manual: verified" in str(workspace.get(session, "action_policy"))
    assert opened(desk, "guardrails.py", Role.MANAGER, part="policy").text_area(key="policy_text").disabled


def test_switched_off_is_gone(desk: Any) -> None:
    page = shop(desk, Role.ADMIN, api="1")
    page.button(key="tool_off_1").click().run()
    with desk.database.read() as session:
        assert [tool.enabled for tool in session.exec(select(ConnectedTool).order_by(ConnectedTool.id))] == [False, True]  # type: ignore[arg-type]
