"""An orders API that is up, connected by an administrator: its state is read, its address change proposed."""

from collections.abc import Iterator

import pytest

from tests.desks import person
from tests.knowledge import fill
from tests.orders_api import OrdersApi, serve
from triage.connections import managing
from triage.models import Role, User
from triage.office import Desk

STATE, ADDRESS = "GET /orders/{order_number}", "PATCH /orders/{order_number}/address"
BOUND = {"path.order_number": "order"}


@pytest.fixture(scope="session")
def orders_server() -> Iterator[OrdersApi]:
    with serve() as api:
        yield api


@pytest.fixture
def api(orders_server: OrdersApi) -> OrdersApi:
    orders_server.does.clear()
    orders_server.requests.clear()
    return orders_server


@pytest.fixture
def connected(desk: Desk, api: OrdersApi) -> Desk:
    """The desk with the API and two of its operations; people: Ada (admin), Mina (manager), Nadia (staff)."""
    fill(desk)
    desk.settings = desk.settings.model_copy(update={"tool_networks": ["127.0.0.0/8"], "tool_seconds": 1.0})
    with desk.database.transaction() as session:
        admin = person(session, Role.ADMIN, "Ada")
        person(session, Role.MANAGER, "Mina")
        person(session)
        connect(desk, session, admin, api)
    return desk


def connect(desk: Desk, session: object, admin: User, api: OrdersApi) -> None:
    row = managing.connect(session, desk.settings, admin, document=api.document, auth="header", auth_name="X-Api-Key", secret="s3cr3t-key")  # type: ignore[arg-type] # fmt: skip
    managing.switch_on(session, admin, row.id or 0, STATE, name="order_state", bound=BOUND)  # type: ignore[arg-type]
    managing.switch_on(session, admin, row.id or 0, ADDRESS, bound=BOUND)  # type: ignore[arg-type]
    managing.switch_on(session, admin, row.id or 0, "GET /products/{product}")  # type: ignore[arg-type]
