"""Settings: oneself, the people, the keys, the desk's switches, and how the machine is set."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.account import MEANS, ROLES, account
from pages.parts.custom_fields import custom_fields
from pages.parts.groups import groups
from pages.parts.macros import macros
from pages.parts.markup import card, chip, join, mute, rows, show, tag
from pages.parts.switches import switches
from pages.parts.target_plan import targets
from pages.parts.taxonomy import categories
from pages.parts.trainees import trainees
from pages.parts.webhook_list import webhooks
from triage import administration
from triage.accounts import access
from triage.accounts.access import Permission
from triage.administration import PersonRow
from triage.models import ApiKey, Role, User

_AGENTS = {
    "manager": "Manager (plans)",
    "analyst": "Analyst (facts)",
    "writer": "Writer (drafts)",
    "reviewer": "Reviewer (checks)",
    "ranker": "Ranker (judges passages)",
    "judge": "Judge (judges sentences)",
}


def main() -> None:
    with screen.page("Settings", Permission.WORK_INBOX) as user:
        parts = {"": "You", "macros": "Macros"}
        if access.may(user, Permission.MANAGE_PEOPLE):
            parts |= {"people": "People", "keys": "API keys"}
        if access.may(user, Permission.MARK_TRAINEES):
            parts |= {"trainees": "Trainees"}
        if access.may(user, Permission.READ_MACHINERY):
            parts |= {
                "categories": "Categories",
                "groups": "Groups",
                "targets": "Targets",
                "webhooks": "Webhooks",
                "fields": "Fields",
                "desk": "Desk",
                "machine": "Models and mail",
                "health": "Health",
            }
        part = screen.chips("Part", "part", parts)
        {
            "categories": categories,
            "groups": groups,
            "targets": targets,
            "webhooks": _webhooks,
            "fields": custom_fields,
            "macros": macros,
            "people": _people,
            "trainees": trainees,
            "keys": _keys,
            "desk": _desk,
            "machine": _machine,
            "health": _health,
        }.get(part, account)(user)


# ---- people -----------------------------------------------------------------------------------------------


def _people(user: User) -> None:
    _fresh_link()
    for person in office.read(lambda session: administration.people(session, user)):
        _person(user, person)
    with st.container(key="box_invite"):
        _invite(user)


def _person(user: User, row: PersonRow) -> None:
    person = row.user
    with st.container(key=f"box_person_{person.id}", horizontal=True, vertical_alignment="center", wrap=False):
        marks: list[Markup | None] = [
            chip("switched off", "b") if person.disabled_at else None,
            chip("invited", "w") if row.invited else None,
            chip("demo") if person.demo else None,
            chip("trainee", "a") if person.trainee else None,
        ]
        seen = words.plural(row.sessions, "browser") + " signed in" if row.sessions else "not signed in"
        show(tag("div", tag("b", person.name), " ", *marks, tag("div", mute(f"{person.email} · {seen}")), cls="td-grow"))
        key = f"role_{person.id}"
        st.session_state[key] = Role(person.role)
        st.selectbox(
            "Role",
            list(ROLES),
            format_func=lambda role: ROLES[role],
            key=key,
            label_visibility="collapsed",
            width=130,
            on_change=_role,
            args=(user, person, key),
        )
        _account_buttons(user, person)


def _account_buttons(user: User, person: User) -> None:
    if not person.demo and not person.disabled_at:
        st.button(
            "New link",
            key=f"link_{person.id}",
            on_click=_link,
            args=(user, person),
            help="A one-time link by which the person chooses a password.",
        )
    if person.disabled_at:
        st.button("Switch on", key=f"on_{person.id}", on_click=_enable, args=(user, person, True))
    else:
        st.button(
            "Switch off",
            key=f"off_{person.id}",
            on_click=_enable,
            args=(user, person, False),
            disabled=person.id == user.id,
            help="Ends all their sessions at once. What they decided stays.",
        )


def _role(user: User, person: User, key: str) -> None:
    role = st.session_state[key]
    office.act(
        lambda session: administration.set_role(session, user, person.id or 0, role),
        f"{person.name} is {ROLES[role].lower()} now.",
    )


def _enable(user: User, person: User, enabled: bool) -> None:
    office.act(
        lambda session: administration.set_enabled(session, user, person.id or 0, enabled),
        f"{person.name} is switched {'on' if enabled else 'off'}.",
    )


def _link(user: User, person: User) -> None:
    path = office.attempt(lambda session: administration.invite_again(session, user, person.id or 0))
    if path:
        st.session_state["fresh_link"] = (person.name, path)


def _fresh_link() -> None:
    """Shown once: the link is kept only as a hash."""
    fresh = st.session_state.get("fresh_link")
    if not fresh:
        return
    name, path = fresh
    with st.container(key="box_link"):
        show(tag("div", f"Send this link to {name}. It works once, for 7 days, and is not shown again.", cls="td-h3"))
        st.code(_address() + path, language=None)
        st.button("Done", key="link_done", on_click=lambda: st.session_state.pop("fresh_link", None))


def _address() -> str:
    settings = office.desk().settings
    return (
        settings.public_url.rstrip("/")
        or (st.context.url or "").split("/settings")[0].rstrip("/")
        or f"http://{settings.host}:{settings.port}"
    )


def _invite(user: User) -> None:
    show(tag("div", "Invite somebody", cls="td-h3"))
    screen.cleared("invite_email", "invite_name")
    first, second, third, last = st.columns([1.4, 1.4, 1, 0.8], gap="small", vertical_alignment="bottom")
    email = first.text_input("E-mail address", key="invite_email", persist_state="session")
    name = second.text_input("Name", key="invite_name", persist_state="session")
    role = third.selectbox(
        "Role", list(ROLES), format_func=lambda value: ROLES[value], key="invite_role", persist_state="session"
    )
    if last.button("Make the link", key="invite_go", type="primary"):
        made = office.attempt(
            lambda session: administration.invite(session, user, email=email or "", name=name or "", role=role or Role.STAFF)
        )
        if made:
            person, path = made
            st.session_state["fresh_link"] = (person.name, path)
            screen.clear("invite_email", "invite_name")
        st.rerun()
    show(mute(" · ".join(f"{ROLES[value]}: {meaning}" for value, meaning in MEANS.items())))


# ---- keys -------------------------------------------------------------------------------------------------


def _keys(user: User) -> None:
    if fresh := st.session_state.get("fresh_key"):
        with st.container(key="box_fresh"):
            show(tag("div", "Copy the key now; it is not shown again.", cls="td-h3"))
            st.code(fresh, language=None)
            st.button("Done", key="key_done", on_click=lambda: st.session_state.pop("fresh_key", None))
    found = office.read(lambda session: administration.keys(session, user))
    if not found:
        screen.empty("No keys yet", "A key lets a program hand tickets in by the API. Its description is at /api/v1/docs.")
    for key in found:
        _key(user, key)
    with st.container(key="box_newkey"):
        show(tag("div", "New key", cls="td-h3"))
        screen.cleared("key_name")
        left, right = st.columns([3, 1], gap="small", vertical_alignment="bottom")
        name = left.text_input("What uses it", key="key_name", placeholder="such as contact-form", persist_state="session")
        if right.button("Create", key="key_go", type="primary"):
            made = office.attempt(lambda session: administration.create_key(session, user, name or ""))
            if made:
                st.session_state["fresh_key"] = made
                screen.clear("key_name")
            st.rerun()


def _key(user: User, key: ApiKey) -> None:
    with st.container(key=f"box_key_{key.id}", horizontal=True, vertical_alignment="center", wrap=False):
        state = chip("revoked", "b") if key.revoked_at else chip("in use", "o")
        show(
            tag(
                "div",
                tag("b", key.name),
                " ",
                state,
                tag("div", mute(f"begins tdk_{key.prefix} · made ", words.ago(key.created_at))),
                cls="td-grow",
            )
        )
        if not key.revoked_at:
            st.button(
                "Revoke",
                key=f"revoke_{key.id}",
                on_click=_revoke,
                args=(user, key),
                help="Ends it at once; programs that use it are refused.",
            )


def _revoke(user: User, key: ApiKey) -> None:
    office.act(lambda session: administration.revoke_key(session, user, key.prefix), f"{key.name} is revoked.")


# ---- desk, machine, health --------------------------------------------------------------------------------


def _desk(user: User) -> None:
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="box_rules"):
        show(tag("div", "Approval and rules", cls="td-h3"))
        switches(user, administration.RULE_SWITCHES)
    with right, st.container(key="box_desk"):
        show(tag("div", "The team", cls="td-h3"))
        switches(user, administration.DESK_SWITCHES)


def _webhooks(user: User) -> None:
    left, right = st.columns([1.4, 1], gap="medium")
    with left, st.container(key="box_webhooks"):
        show(tag("h2", "Told beside people", cls="td-h3"), mute("A channel of the team's chat, or a program of yours."))
        webhooks(user, shared=True)
    with right, st.container(key="box_webhook_content"):
        show(tag("h2", "What they are told", cls="td-h3"))
        switches(user, administration.WEBHOOK_SWITCHES)


def _machine(user: User) -> None:
    settings = office.desk().settings
    left, right = st.columns(2, gap="medium")
    with left:
        lines = [
            [
                _AGENTS.get(row.role, row.role),
                " → ".join("offline engine" if model == "offline" else model for model in row.models),
            ]
            for row in administration.models_in_use(settings)
        ]
        note = administration.models_note(settings)
        strip = (
            tag("div", note, cls="td-strip w" if settings.uses_service else "td-strip", style="margin-top:8px") if note else None
        )
        show(card(screen.report(["Agent", "Asks, in this order"], lines), strip, title="Models"))
        show(mute("Set with OPENAI_API_KEY or OPENAI_BASE_URL and TRIAGE_MODEL_…; the next start takes them up."))
    with right:
        target = (
            f"{settings.smtp_host}:{settings.smtp_port} ({settings.smtp_tls})"
            if settings.smtp_host
            else "a Maildir in the home folder (no SMTP server is set)"
        )
        hosts = ", ".join(settings.allowed_link_hosts)
        show(card(rows([
            ("Replies go to", target), ("From", f"{settings.mail_from_name} <{settings.mail_from}>"), ("Signed in as", settings.smtp_user or "nobody"),
            ("Can be taken back for", f"{settings.undo_seconds:g} seconds"), ("Links allowed", hosts),
            ("Largest message", f"{settings.message_limit / 1e6:,.0f} MB"), ("Largest attachment", f"{settings.attachment_limit / 1e6:,.0f} MB"),
        ]), title="Mail"))  # fmt: skip
        show(card(rows([
            ("Database", "PostgreSQL" if settings.database_url else "SQLite in the home folder"), ("Search index", settings.chroma_url or "in the home folder"),
            ("Home folder", str(settings.home.resolve())), ("Works in this process", "yes" if settings.worker else "no, `triage worker` does"),
            ("Spans also go to", settings.otlp_endpoint or "nowhere else"),
        ]), title="This process"))  # fmt: skip
        show(mute("Read from the environment at the start; passwords and keys are never shown."))


def _health(user: User) -> None:
    show(mute("The same checks as the command triage doctor."))
    if st.button("Check now", key="health_go", type="primary"):
        from triage.cli.doctor import examine

        with st.spinner("Checking the database, the index, the models and the mail…"):
            st.session_state["health"] = examine(office.desk().settings)
    found = st.session_state.get("health")
    if not found:
        screen.empty("Not checked yet", "It takes a few seconds and changes nothing.")
        return
    well = sum(finding.ok for finding in found)
    tone = "o" if well == len(found) else "b"
    items = [
        tag(
            "div",
            screen.dot("o" if finding.ok else "b"),
            tag("b", words.label(finding.check)),
            " ",
            mute(finding.seen),
            tag("div", f"To do: {finding.todo}") if finding.todo else None,
            cls="td-item",
        )
        for finding in found
    ]
    show(
        tag("div", tag("b", f"{well} of {len(found)} checks are well."), cls=f"td-strip {tone}", role="status"),
        card(join(*items)),
    )


main()
