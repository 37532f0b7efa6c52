"""What administrators do with connected APIs and the action policy; every function asks who does it and is audited."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from triage import audit, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.agents.toolbox import TOOLS_OF
from triage.connections import binding, credentials, openapi, prices
from triage.connections.arguments import model_of
from triage.connections.openapi import Document, Operation, Parameter
from triage.connections.requests import digest_of, target
from triage.errors import InputError
from triage.guardrails import policy as policies
from triage.models import ConnectedTool, Connection, User, now
from triage.settings import Settings

_NAME = re.compile(r"^[a-z][a-z0-9_]{2,47}$")
_SHORTEST = 3  # characters of a description that tells something


@dataclass(frozen=True)
class ConnectionRow:
    """A connected API as screens show it: never with its access right."""

    id: int
    name: str
    base_url: str
    auth: str
    auth_name: str
    has_secret: bool
    tools: list[ConnectedTool]


def listing(session: Session, user: User) -> list[ConnectionRow]:
    access.require(user, Permission.READ_MACHINERY)
    tools = list(session.exec(select(ConnectedTool).order_by(ConnectedTool.name)))
    return [
        ConnectionRow(
            row.id or 0, row.name, row.base_url, row.auth, row.auth_name, bool(row.secret), [t for t in tools if t.connection_id == row.id]
        )
        for row in session.exec(select(Connection).order_by(Connection.name))
    ]  # fmt: skip


def connect(
    session: Session, settings: Settings, user: User, *, document: str, name: str = "", base_url: str = "", auth: str = "none",
    auth_name: str = "", secret: str = "",
) -> Connection:  # fmt: skip
    """Keep an API's document and access right. No operation is usable yet. Raises InputError that says what to change."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    read = openapi.parse(document)
    name, address = " ".join((name or read.title).split())[:60], (base_url or read.server).strip().rstrip("/")
    if not name:
        raise InputError("Give the API a name.")
    if session.exec(select(Connection).where(Connection.name == name)).first():
        raise InputError(f"There is already an API called {name}; choose another name.")
    _reachable(settings, address)
    _credential(auth, auth_name, secret)
    row = Connection(
        name=name, base_url=address, document=document, auth=auth, auth_name=auth_name.strip(), secret=credentials.encrypt(settings, secret),
        created_by=user.id or 0, created_at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.append(session, "connection", actor=f"user:{user.id}", connection=row.id, name=name, address=address, auth=auth)
    return row


def document_of(session: Session, user: User, connection_id: int) -> Document:
    access.require(user, Permission.READ_MACHINERY)
    return openapi.parse(_connection(session, connection_id).document)


def change_access(
    session: Session, settings: Settings, user: User, connection_id: int, *, auth: str, auth_name: str, secret: str
) -> None:
    """Another access right; the former one is gone."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    _credential(auth, auth_name, secret)
    row = _connection(session, connection_id)
    row.auth, row.auth_name, row.secret = auth, auth_name.strip(), credentials.encrypt(settings, secret)
    session.add(row)
    audit.append(session, "connection_access", actor=f"user:{user.id}", connection=row.id, auth=auth)


def switch_on(
    session: Session, user: User, connection_id: int, key: str, *, name: str = "", summary: str = "",
    descriptions: Mapping[str, str] | None = None, bound: Mapping[str, str] | None = None, left_out: tuple[str, ...] = (),
    price: str | None = None,
) -> ConnectedTool:  # fmt: skip
    """Make an operation (`key`: method and path) a tool: GET and HEAD read at once, the others only propose.

    By parameter (`path.id`): `descriptions` where the document has none, `bound` to a field of binding.FIELDS,
    `left_out` for optional ones. `price` is US dollars for one call as written (None: as it was, at first free). Raises
    InputError that says what is missing or why it is refused.
    """
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    connection = _connection(session, connection_id)
    operation = _operation(connection, key)
    if operation.problem:
        raise InputError(f"{operation.key} cannot be a tool. {operation.problem}")
    told = summary.strip() or operation.summary
    if len(told) < _SHORTEST:
        raise InputError("Say in a sentence what the operation does; the agents choose by it.")
    taken = [p for p in operation.parameters if p.key not in left_out or p.required]
    ties = {place: field for place, field in (bound or {}).items() if field}
    arguments = [_argument(p, descriptions or {}) for p in taken if p.key not in ties]
    tied = [_tied(p, ties[p.key]) for p in taken if p.key in ties]
    for parameter in taken:
        if parameter.key not in ties and (whose := binding.must_bind(operation, parameter)):
            raise InputError(f"{parameter.name} picks a record of some {whose}: bind it to the ticket's verified customer, so that no model can name another one.")  # fmt: skip
    chosen = _named(session, connection, operation, name)
    model_of(chosen, arguments)
    row = session.exec(
        select(ConnectedTool).where(ConnectedTool.connection_id == connection_id, ConnectedTool.method == operation.method, ConnectedTool.path == operation.path)
    ).first() or ConnectedTool(connection_id=connection_id, name=chosen, method=operation.method, path=operation.path, effect=operation.effect, created_by=user.id or 0)  # fmt: skip
    row.name, row.effect, row.summary, row.arguments, row.bound, row.enabled = (
        chosen,
        operation.effect,
        told,
        arguments,
        tied,
        True,
    )
    row.price_usd = row.price_usd if price is None else prices.read(price)
    row.digest = digest_of(row.method, row.path, row.effect, arguments, tied, connection.base_url)
    session.add(row)
    session.flush()
    audit.append(
        session, "tool_on", actor=f"user:{user.id}", tool=row.name, operation=operation.key, effect=row.effect, bound=tied, digest=row.digest,
        price_usd=row.price_usd,
    )  # fmt: skip
    return row


def set_price(session: Session, user: User, tool_id: int, price: str) -> None:
    """Another price (US dollars for one call, as written) for calls from now on; those made before keep what they cost."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    row = _tool(session, tool_id)
    before, row.price_usd = row.price_usd, prices.read(price)
    session.add(row)
    audit.append(session, "tool_price", actor=f"user:{user.id}", tool=row.name, before=before, price_usd=row.price_usd)


def switch_off(session: Session, user: User, tool_id: int) -> None:
    """No agent has it from now on, and what it proposed is void."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    row = _tool(session, tool_id)
    row.enabled = False
    session.add(row)
    audit.append(session, "tool_off", actor=f"user:{user.id}", tool=row.name)


def save_policy(session: Session, user: User, text: str) -> None:
    """The action policy from now on; empty: the one that comes with the desk. Raises InputError that says where it is wrong."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    if text.strip():
        policies.read(text)
    workspace.put(session, "action_policy", text if text.strip() else "", user_id=user.id or 0)


def policy_text(session: Session, user: User) -> str:
    """The policy in force as written, the shipped one when administrators wrote none."""
    access.require(user, Permission.READ_MACHINERY)
    return str(workspace.get(session, "action_policy")) or policies.SHIPPED.read_text()


def _operation(connection: Connection, key: str) -> Operation:
    found = next((one for one in openapi.parse(connection.document).operations if one.key == key), None)
    if found is None:
        raise InputError(f"The document of {connection.name} has no operation {key}.")
    return found


def _argument(parameter: Parameter, descriptions: Mapping[str, str]) -> dict[str, object]:
    said = (descriptions.get(parameter.key) or parameter.description).strip()
    if len(said) < _SHORTEST:
        raise InputError(f"The parameter {parameter.name} has no description; write one, or the agents guess what it means.")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", parameter.name) or parameter.name.startswith("_"):
        raise InputError(f"The parameter {parameter.name} has a name that no argument can have; bind it or leave it out.")
    return {
        "name": parameter.name,
        "where": parameter.where,
        "schema": parameter.schema,
        "description": said,
        "required": parameter.required,
    }


def _tied(parameter: Parameter, field: str) -> dict[str, object]:
    if field not in binding.FIELDS:
        raise InputError(f"There is no field {field} to bind to; choose one of {', '.join(binding.FIELDS)}.")
    if parameter.schema.get("type") not in ("string", None):
        raise InputError(f"{parameter.name} is no text; only texts can be bound.")
    return {"name": parameter.name, "where": parameter.where, "field": field}


def _named(session: Session, connection: Connection, operation: Operation, wanted: str) -> str:
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wanted.strip() or operation.name)
    name = re.sub(r"[^a-z0-9]+", "_", spread.lower()).strip("_")[:48]
    if not _NAME.match(name):
        raise InputError(f"“{name}” is no name of a tool; use 3 to 48 small letters, digits and underscores.")
    other = session.exec(select(ConnectedTool).where(ConnectedTool.name == name)).first()
    mine = other and other.connection_id == connection.id and (other.method, other.path) == (operation.method, operation.path)
    if name in {tool.name for tools in TOOLS_OF.values() for tool in tools} or (other and not mine):
        raise InputError(f"There is already a tool called {name}; give this one another name.")
    return name


def _reachable(settings: Settings, address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise InputError("Give the API's address, such as https://api.example.com/v1, without a query.")
    target(settings, address)


def _credential(auth: str, auth_name: str, secret: str) -> None:
    if auth not in credentials.KINDS:
        raise InputError(f"The access right is one of {', '.join(credentials.KINDS)}.")
    if auth != "none" and not secret:
        raise InputError("Enter the key, token or password that calls are made with.")
    if any(ord(char) < 32 or ord(char) > 126 for char in secret + auth_name):
        raise InputError("The access right has characters that no header may have; copy it again.")
    if auth == "header" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,63}", auth_name.strip()):
        raise InputError("Give the header's name, such as X-Api-Key.")
    if auth == "header" and auth_name.strip().lower() in ("host", "content-length", "content-type", "connection", "transfer-encoding", "idempotency-key"):  # fmt: skip
        raise InputError(f"{auth_name.strip()} is a header that the desk sets itself.")
    if auth == "basic" and (not auth_name.strip() or ":" in auth_name):
        raise InputError("Give the user name of the access right.")


def _connection(session: Session, connection_id: int) -> Connection:
    row = session.get(Connection, connection_id)
    if row is None:
        raise InputError("This API is gone; reload the page.")
    return row


def _tool(session: Session, tool_id: int) -> ConnectedTool:
    row = session.get(ConnectedTool, tool_id)
    if row is None:
        raise InputError("This tool is gone; reload the page.")
    return row


def tools_by_name(session: Session) -> dict[str, ConnectedTool]:
    """The tools that are switched on."""
    return {tool.name: tool for tool in session.exec(select(ConnectedTool).where(col(ConnectedTool.enabled)))}
