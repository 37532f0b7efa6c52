"""Connected APIs: administrators paste an OpenAPI document, choose operations one by one, and tie them to the customer."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.markup import chip, mute, show, tag
from pages.parts.table import Cell, Column, Line, table
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import binding, managing, prices
from triage.connections.credentials import KINDS
from triage.connections.managing import ConnectionRow
from triage.connections.openapi import Operation, Parameter
from triage.models import ConnectedTool, User

_OPERATIONS = (Column("Operation", "wide"), Column("As a tool", "short"), Column("Why not", "wide extra"))
_AUTH = {"none": "None", "header": "A key in a header", "bearer": "A bearer token", "basic": "User and password"}
_PRICE = "US dollars for one call"
_PRICE_HELP = "Counted each time the service is asked, also when it fails; 0 is free. What was asked before keeps its price."
_FILLED, _LEFT = "the agents fill it in", "leave it out"
_MAY_BE = {"read": ("can be read", "o"), "propose": ("can be proposed", "w"), "": ("refused", "b")}
_EFFECTS = {"read": ("read at once", "o"), "propose": ("proposed to a manager", "w")}


def connections(user: User) -> None:
    found = office.read(lambda session: managing.listing(session, user))
    editor = access.may(user, Permission.EDIT_MACHINERY)
    chosen = next((row for row in found if str(row.id) == st.query_params.get("api")), None)
    if chosen is not None:
        _api(user, chosen, editor)
        return
    show(
        mute(
            "Systems of yours that agents may look things up in, or propose a change of. Every operation is chosen by hand; "
            "what moves money or deletes is refused, and the customer is filled in by code, never by a model."
        )
    )
    for row in found:
        _row(row)
    if not found and not editor:
        screen.empty("No API is connected", "An administrator can connect one by its OpenAPI document.")
    if editor:
        with st.expander("Connect an API", expanded=not found):
            _connect(user)


def _row(row: ConnectionRow) -> None:
    on = sum(tool.enabled for tool in row.tools)
    with st.container(key=f"box_api_{row.id}", horizontal=True, vertical_alignment="center", wrap=False):
        show(
            tag(
                "div",
                tag("b", row.name),
                " ",
                chip(f"{on} on", "o" if on else ""),
                mute(f"{row.base_url} · {_right(row)}"),
                cls="td-grow",
            )
        )
        if st.button("Open", key=f"api_{row.id}", help=f"Operations of {row.name}"):
            screen.go(api=str(row.id))
            st.rerun()


def _right(row: ConnectionRow) -> str:
    kept = f"{_AUTH[row.auth].lower()} {row.auth_name}".strip()
    return f"access right: {kept}" + (", kept encrypted" if row.has_secret else "")


def _connect(user: User) -> None:
    upload = st.file_uploader("OpenAPI document (JSON or YAML)", ["json", "yaml", "yml"], key="api_file")
    pasted = st.text_area("…or paste it", key="api_text", height=160)
    name = st.text_input("Name", key="api_name", placeholder="Empty: the document's title")
    address = st.text_input("Address", key="api_address", placeholder="Empty: the document's first server")
    auth, auth_name, secret = _access_right("new")
    if st.button("Connect", type="primary", key="api_connect"):
        document = upload.getvalue().decode("utf-8", "replace") if upload else pasted
        settings = office.desk().settings
        row = office.attempt(
            lambda session: (
                managing.connect(
                    session,
                    settings,
                    user,
                    document=document,
                    name=name,
                    base_url=address,
                    auth=auth,
                    auth_name=auth_name,
                    secret=secret,
                ).id
            )
        )
        if row:
            office.toast("Connected. Choose the operations now.")
            screen.go(api=str(row))
        st.rerun()


def _access_right(key: str) -> tuple[str, str, str]:
    auth = st.selectbox("Access right", KINDS, key=f"api_auth_{key}", format_func=_AUTH.__getitem__)
    name = secret = ""
    if auth in ("header", "basic"):
        name = st.text_input("Header" if auth == "header" else "User", key=f"api_auth_name_{key}")
    if auth != "none":
        secret = st.text_input(
            "Key, token or password", type="password", key=f"api_secret_{key}", help="Kept encrypted and never shown again."
        )
    return auth, name, secret


def _api(user: User, row: ConnectionRow, editor: bool) -> None:
    if st.button("All APIs", key="api_back", icon=":material/arrow_back:"):
        screen.go(api=None, op=None)
        st.rerun()
    show(tag("div", row.name, cls="td-h3"), mute(f"{row.base_url} · {_right(row)}"))
    on = [tool for tool in row.tools if tool.enabled]
    for tool in on:
        _tool(user, tool, editor)
    if not on:
        show(mute("No operation is on yet. Choose one below."))
    document = office.read(lambda session: managing.document_of(session, user, row.id))
    wanted = st.query_params.get("op")
    operation = next((one for one in document.operations if one.key == wanted), None)
    left, right = st.columns([1.5, 1], gap="medium") if operation else (st.container(), None)
    with left:
        opened = table(
            _OPERATIONS, [_line(one) for one in document.operations], key="operations", label="Operations", selected=wanted
        )
        if opened:
            screen.go(op=opened)
            st.rerun()
        if editor:
            with st.expander("Change the access right"):
                _change_access(user, row)
    if right is not None and operation is not None:
        with right, st.container(key="box_operation"):
            _operation(user, row, operation, editor)


def _tool(user: User, tool: ConnectedTool, editor: bool) -> None:
    said, tone = _EFFECTS[tool.effect]
    tied = binding.fields_of(tool.bound)
    with st.container(key=f"box_tool_{tool.id}", horizontal=True, vertical_alignment="center", wrap=False):
        show(
            tag(
                "div",
                tag("b", tool.name),
                " ",
                chip(said, tone),
                mute(" · ".join(part for part in (f"{tool.method} {tool.path}", tied, prices.told(tool.price_usd)) if part)),
                cls="td-grow",
            )
        )
        if editor:
            _price(user, tool)
            st.button(
                "Switch off", key=f"tool_off_{tool.id}", help=f"No agent has {tool.name} from now on.", on_click=office.act,
                args=(lambda session, number=tool.id: managing.switch_off(session, user, number or 0), "Switched off."),
            )  # fmt: skip


def _price(user: User, tool: ConnectedTool) -> None:
    key = f"tool_price_{tool.id}"

    def save() -> None:
        written = str(st.session_state[key])
        office.act(
            lambda session: managing.set_price(session, user, tool.id or 0, written), "Saved; calls from now on cost this."
        )

    drawn, price = f"{key}_drawn", prices.written(tool.price_usd)
    if st.session_state.get(drawn) != price:  # a colleague may have set another since
        st.session_state[key] = st.session_state[drawn] = price
    with st.popover("Price", help=f"What one call of {tool.name} costs"):
        st.text_input(_PRICE, key=key, help=_PRICE_HELP)
        st.button("Save", key=f"{key}_save", type="primary", on_click=save)


def _line(operation: Operation) -> Line:
    said, tone = _MAY_BE[operation.effect]
    return Line(operation.key, (
        Cell(operation.key, sub=operation.summary or operation.name, strong=bool(operation.effect)), Cell(chips=[(said, tone)], sort=said),
        Cell(operation.problem, tone="m"),
    ), label=f"{operation.key}: {said}")  # fmt: skip


def _operation(user: User, row: ConnectionRow, operation: Operation, editor: bool) -> None:
    show(tag("div", operation.key, cls="td-h3"))
    if operation.problem:
        show(tag("div", operation.problem, cls="td-strip b", role="alert"))
        return
    if not editor:
        show(mute("An administrator can switch it on."))
        return
    key = f"{row.id}_{operation.key}"
    tool = next((one for one in row.tools if (one.method, one.path) == (operation.method, operation.path)), None)
    name = st.text_input("Name for the agents", tool.name if tool else operation.name, key=f"op_name_{key}")
    summary = st.text_input("What it does", tool.summary if tool else operation.summary, key=f"op_summary_{key}")
    bound: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    left_out: list[str] = []
    for parameter in operation.parameters:
        how = _parameter(operation, parameter, key)
        if how in binding.FIELDS:
            bound[parameter.key] = how
        elif how == _LEFT:
            left_out.append(parameter.key)
        elif not parameter.description:
            descriptions[parameter.key] = st.text_input(f"What {parameter.name} means", key=f"op_means_{key}_{parameter.key}")
    price = st.text_input(_PRICE, prices.written(tool.price_usd if tool else 0.0), key=f"op_price_{key}", help=_PRICE_HELP)
    said = "Agents call it at once." if operation.effect == "read" else "Agents only propose it; a manager approves each call."
    show(mute(said))
    if st.button("Switch on", type="primary", key=f"op_on_{key}"):
        done = office.do(
            lambda session: managing.switch_on(
                session, user, row.id, operation.key, name=name, summary=summary, descriptions=descriptions, bound=bound,
                left_out=tuple(left_out), price=price,
            )
        )  # fmt: skip
        if done:
            office.toast("Switched on.")
            screen.go(op=None)
        st.rerun()


def _parameter(operation: Operation, parameter: Parameter, key: str) -> str:
    """Who fills it in: a field of the customer, the agents, or nobody."""
    must = binding.must_bind(operation, parameter)
    free = [] if must else [_FILLED]
    choices = [*free, *binding.FIELDS, *([] if parameter.required else [_LEFT])]
    usual = "order" if must == "order" else "customer_number" if must else _FILLED
    return str(
        st.selectbox(
            f"{parameter.name} ({parameter.where})", choices, choices.index(usual), key=f"op_bind_{key}_{parameter.key}",
            format_func=lambda choice: binding.FIELDS.get(choice, choice), help=parameter.description or None,
        )
    )  # fmt: skip


def _change_access(user: User, row: ConnectionRow) -> None:
    auth, name, secret = _access_right(str(row.id))
    settings = office.desk().settings
    if st.button("Save the access right", key=f"api_access_{row.id}"):
        if office.do(
            lambda session: managing.change_access(session, settings, user, row.id, auth=auth, auth_name=name, secret=secret)
        ):
            office.toast("Saved; the former one is gone.")
        st.rerun()
