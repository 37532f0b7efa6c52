"""What administrators may connect, and what they are told when they may not."""

import pytest
from sqlmodel import Session, select

from tests.connections.conftest import ADDRESS, BOUND, STATE
from tests.desks import person
from tests.orders_api import OrdersApi
from triage import workspace
from triage.connections import credentials, managing
from triage.connections.binding import must_bind
from triage.connections.openapi import Operation, Parameter, parse
from triage.database import Database
from triage.errors import AccessError, InputError, ToolError
from triage.models import AuditEvent, ConnectedTool, Connection, Role, User
from triage.settings import Settings


@pytest.fixture
def near(settings: Settings) -> Settings:
    return settings.model_copy(update={"tool_networks": ["127.0.0.0/8"]})


def admin_and_api(session: Session, near: Settings, api: OrdersApi) -> tuple[User, Connection]:
    admin = person(session, Role.ADMIN, "Ada")
    row = managing.connect(session, near, admin, document=api.document, auth="bearer", secret="tok-12345")
    return admin, row


def test_the_access_right_is_kept_encrypted_and_shown_nowhere(database: Database, near: Settings, api: OrdersApi) -> None:
    with database.transaction() as session:
        admin, row = admin_and_api(session, near, api)
        assert "tok-12345" not in row.secret and credentials.decrypt(near, row.secret) == "tok-12345"
        shown = managing.listing(session, admin)
        told = [event.data for event in session.exec(select(AuditEvent))]
        assert "tok-12345" not in f"{shown} {told}" and row.secret not in f"{shown} {told}" and shown[0].has_secret
        other = near.model_copy(update={"secret": type(near.secret)("another secret of the desk, long enough")})
        with pytest.raises(ToolError, match="enter it anew"):
            credentials.decrypt(other, row.secret)


def test_only_administrators_connect_and_switch(database: Database, near: Settings, api: OrdersApi) -> None:
    with database.transaction() as session:
        _, row = admin_and_api(session, near, api)
        manager = person(session, Role.MANAGER, "Mina")
        for act in (
            lambda: managing.connect(session, near, manager, document=api.document, name="two"),
            lambda: managing.switch_on(session, manager, row.id or 0, STATE, bound=BOUND),
            lambda: managing.save_policy(session, manager, ""),
            lambda: managing.switch_off(session, manager, 1),
        ):
            with pytest.raises(AccessError):
                act()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9", "this machine itself"),
        ("http://169.254.169.254/", "clouds keep secrets"),
        ("https://10.1.2.3/", "private address"),
        ("ftp://x", "address"),
        ("", "address"),
        ("https://user:pw@8.8.8.8/", "name or password"),
        ("http://8.8.8.8/", "without encryption"),
    ],
)
def test_private_places_need_a_setting(database: Database, settings: Settings, api: OrdersApi, address: str, said: str) -> None:
    document = api.document.replace(api.base_url, address or "/v1")
    with database.transaction() as session:
        admin = person(session, Role.ADMIN, "Ada")
        with pytest.raises(InputError, match=said):
            managing.connect(session, settings, admin, document=document)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("DELETE /orders/{order_number}", {}, "deletes"),
        ("POST /orders/{order_number}/refund", {"bound": BOUND}, "money"),
        ("POST /notes", {}, "free object"),
        (STATE, {}, "bind it"),
        (STATE, {"bound": {"path.order_number": "shoe_size"}}, "no field shoe_size"),
        ("GET /customers/{id}", {}, "bind it"),
        ("GET /shops", {}, "no description"),
        ("GET /nowhere", {}, "no operation"),
        (STATE, {"bound": BOUND, "name": "order_status"}, "already a tool"),
        (STATE, {"bound": BOUND, "name": "!"}, "no name"),
    ],
)
def test_what_cannot_be_switched_on_says_why(database: Database, near: Settings, api: OrdersApi, key: str, given: dict[str, object], said: str) -> None:  # fmt: skip
    with database.transaction() as session:
        admin, row = admin_and_api(session, near, api)
        with pytest.raises(InputError, match=said):
            managing.switch_on(session, admin, row.id or 0, key, **given)  # type: ignore[arg-type]
        assert session.exec(select(ConnectedTool)).all() == []


def test_what_is_bound_is_no_argument_and_what_lacks_words_gets_them(database: Database, near: Settings, api: OrdersApi) -> None:
    with database.transaction() as session:
        admin, row = admin_and_api(session, near, api)
        state = managing.switch_on(session, admin, row.id or 0, STATE, bound=BOUND, left_out=("query.detail",))
        assert (state.name, state.effect, state.arguments) == ("get_order_state", "read", [])
        shops = managing.switch_on(
            session, admin, row.id or 0, "GET /shops", descriptions={"query.town": "Town the customer names"}
        )
        assert shops.arguments[0]["description"] == "Town the customer names"
        change = managing.switch_on(session, admin, row.id or 0, ADDRESS, bound=BOUND)
        assert change.effect == "propose" and [a["name"] for a in change.arguments] == ["street", "city", "note"]
        again = managing.switch_on(session, admin, row.id or 0, ADDRESS, bound=BOUND, left_out=("body.note",))
        assert again.id == change.id and [a["name"] for a in again.arguments] == ["street", "city"]
        managing.switch_off(session, admin, change.id or 0)
        assert set(managing.tools_by_name(session)) == {"get_order_state", "list_shops"}
        assert {event.kind for event in session.exec(select(AuditEvent))} >= {"connection", "tool_on", "tool_off"}


def test_a_policy_is_saved_when_it_can_be_read_and_audited(database: Database) -> None:
    with database.transaction() as session:
        admin = person(session, Role.ADMIN, "Ada")
        text = managing.policy_text(session, admin)
        with pytest.raises(InputError):
            managing.save_policy(session, admin, "actions: [")
        managing.save_policy(session, admin, text.replace("send_manual: anyone", "send_manual: verified"))
        assert "send_manual: verified" in managing.policy_text(session, admin)
        managing.save_policy(session, admin, "")
        assert workspace.get(session, "action_policy") == "" and managing.policy_text(session, admin) == text
        assert [e.data["key"] for e in session.exec(select(AuditEvent).where(AuditEvent.kind == "setting"))] == [
            "action_policy"
        ] * 2


def test_no_parameter_of_the_shop_picks_somebody_by_chance(api: OrdersApi) -> None:
    found = {o.name: [must_bind(o, p) for p in o.parameters] for o in parse(api.document).operations}
    assert found["getOrderState"] == ["order", ""] and found["getCustomer"] == ["customer"] and found["getProduct"] == [""]
    assert found["changeOrderAddress"] == ["order", "", "", ""]


@pytest.mark.parametrize(
    ("path", "where", "name", "schema", "whose"),
    [
        ("/lookup", "query", "customerid", {}, "customer"),
        ("/lookup", "query", "email_address", {}, "customer"),
        ("/lookup", "query", "emailAddress", {}, "customer"),
        ("/customers", "query", "number", {}, "customer"),
        ("/customers", "query", "q", {}, "customer"),
        ("/orders", "query", "id", {}, "order"),
        ("/notes", "body", "about", {"type": "object", "properties": {"customer_id": {"type": "string"}}}, "customer"),
        ("/notes", "body", "about", {"type": "array", "items": {"type": "object", "properties": {"orderId": {"type": "string"}}}}, "order"),
        ("/products", "query", "q", {}, ""),
        ("/orders", "query", "status", {}, ""),
        ("/notes", "body", "shipping_address", {}, ""),
    ],
)  # fmt: skip
def test_no_spelling_or_place_lets_a_model_pick_a_customer(
    path: str, where: str, name: str, schema: dict[str, object], whose: str
) -> None:
    method = "POST" if where == "body" else "GET"
    assert must_bind(Operation(method, path, "x", "", ()), Parameter(name, where, "", False, schema)) == whose
