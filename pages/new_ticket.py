"""New ticket: write down what a customer said, or bring in files of messages."""

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.keymap import hint
from pages.parts.markup import card, chip, join, mute, show, tag
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.intake.message import Outcome, Receipt
from triage.models import User
from triage.tickets import new_tickets
from triage.tickets.new_tickets import ReportLine, Written

_CHANNELS = {"phone": "Phone call", "email": "E-mail", "chat": "Chat", "form": "Web form", "letter": "Letter"}
_FIELDS = ("new_subject", "new_body", "new_who", "new_name", "new_checked")
_WENT = {
    Outcome.CREATED: ("new ticket", "o"), Outcome.APPENDED: ("added to its ticket", "a"), Outcome.DUPLICATE: ("said before", ""),
    Outcome.QUARANTINED: ("quarantine", "w"),
}  # fmt: skip


def main() -> None:
    with screen.page("New ticket", Permission.WORK_INBOX, note="For what did not come by itself.") as user:
        written, uploaded = st.columns([1.55, 1], gap="medium")
        with written, st.container(key="box_form"):
            _form(user)
        with uploaded, st.container(key="box_upload"):
            _upload(user)


# ---- one, by hand -----------------------------------------------------------------------------------------


def _form(user: User) -> None:
    show(tag("div", "Write it down", cls="td-h3"))
    _created()
    who, name, channel = _customer()
    _same_matter(who)
    subject = st.text_input(
        "Subject", key="new_subject", max_chars=500, placeholder="The matter in a few words", persist_state="session"
    )
    body = st.text_area(
        "Message",
        key="new_body",
        height=230,
        placeholder="What the customer said or wrote, as near to their words as you can",
        persist_state="session",
    )
    files = st.file_uploader("Attachments", accept_multiple_files=True, key=f"new_files_{_token()}")
    checked = st.checkbox(
        "I have made sure that this is the customer", key="new_checked", persist_state="session",
        help="Only then may the agents read this customer's orders and history.",
    )  # fmt: skip
    problem = st.empty()
    if st.button("Create ticket", type="primary", key="new_create", shortcut=hint("commit")):
        attached = [(file.name, file.type, file.getvalue()) for file in files or []]
        _create(
            user,
            Written(_token(), subject or "", body or "", who, name, channel, bool(checked), attached),
            problem,
        )


def _customer() -> tuple[str, str, str]:
    """(address, name, channel) as chosen or typed."""
    people = dict(office.read(new_tickets.customers))
    left, right = st.columns([1.6, 1], gap="small")
    with left:
        who = st.selectbox(
            "Customer", list(people), index=None, key="new_who", accept_new_options=True, persist_state="session",
            format_func=lambda email: f"{people[email]} · {email}" if email in people else email,
            placeholder="Choose a customer, or type an e-mail address",
        )  # fmt: skip
    with right:
        channel = st.selectbox(
            "Reached us by", list(_CHANNELS), format_func=lambda key: _CHANNELS[key], key="new_channel", persist_state="session"
        )
    name = ""
    if who and who not in people:
        name = st.text_input("Name", key="new_name", placeholder="How they are called, if you know", persist_state="session")
    return who or "", people.get(who or "", name or ""), channel or "phone"


def _create(user: User, written: Written, problem: "st.delta_generator.DeltaGenerator") -> None:
    desk = office.desk()
    try:
        receipt = desk.database.run_now(lambda session: new_tickets.create(session, user, desk.settings, desk.start, written))
    except TriageError as error:
        with problem:
            show(tag("div", tag("b", "Not created yet. "), str(error), cls="td-strip b", role="alert"))
        return
    st.session_state["new_made"] = (receipt, written.subject or written.body[:60])
    st.session_state["new_clear"] = True
    st.rerun()


def _created() -> None:
    """Say where the last one went, and begin with an empty form."""
    if st.session_state.pop("new_clear", False):
        for field in _FIELDS:
            st.session_state.pop(field, None)
        st.session_state["new_token"] = uuid4().hex
    made: tuple[Receipt, str] | None = st.session_state.get("new_made")
    if made:
        receipt, subject = made
        went, _ = _WENT[receipt.outcome]
        where = screen.ticket_link(receipt.ticket_id, "Open it in the inbox")
        at_work = " The agents are at work on it. " if receipt.outcome == Outcome.CREATED else " "
        show(
            tag(
                "div", tag("b", f"#{receipt.ticket_id} {subject}"), f" · {went}.{at_work}", where, cls="td-strip o", role="status"
            )
        )


def _same_matter(address: str) -> None:
    """Tickets of this customer that are open already."""
    for ticket in office.read(lambda session: new_tickets.open_tickets_of(session, address)):
        state = words.STATUS.get(ticket.status, str(ticket.status))
        show(
            tag(
                "div",
                "Open already: ",
                screen.ticket_link(ticket.id or 0, f"#{ticket.id} {ticket.subject}"),
                f" · {state}",
                cls="td-mute",
            )
        )


def _token() -> str:
    """Names this form, so that a second press makes no second ticket."""
    return str(st.session_state.setdefault("new_token", uuid4().hex))


# ---- many, from files -------------------------------------------------------------------------------------


def _upload(user: User) -> None:
    show(
        tag("div", "Bring in files", cls="td-h3"),
        mute("Mails (.eml), a mailbox (.mbox) or JSON Lines (.jsonl, one message a line)."),
    )
    number = st.session_state.setdefault("upload_number", 0)
    files = st.file_uploader(
        "Files of messages",
        type=list(new_tickets.ENDINGS),
        accept_multiple_files=True,
        key=f"upload_{number}",
        label_visibility="collapsed",
    )
    if st.button("Take in", key="upload_go", disabled=not files, type="primary" if files else "secondary"):
        st.session_state["upload_report"] = _take(user, [(file.name, file.getvalue()) for file in files or []])
        st.session_state["upload_number"] = number + 1
        st.rerun()
    if "upload_report" in st.session_state:
        _report(st.session_state["upload_report"])
    else:
        show(
            mute(
                "Each message is taken in by itself: what cannot be read is named, the rest goes on. Bringing the same file in twice changes nothing."
            )
        )


def _take(user: User, files: Sequence[tuple[str, bytes]]) -> list[ReportLine]:
    desk, lines = office.desk(), list[ReportLine]()
    with st.status("Taking the messages in…") as progress:
        for name, data in files:
            for line in new_tickets.take_file(desk.database, user, desk.settings, desk.start, name, data):
                lines.append(line)
                if len(lines) % 20 == 0:
                    progress.update(label=f"Taking the messages in… {len(lines):,}")
    return lines


def _report(lines: Sequence[ReportLine]) -> None:
    refused = [line for line in lines if line.problem]
    taken = len(lines) - len(refused)
    show(
        tag(
            "div",
            tag("b", f"{words.plural(taken, 'message')} taken in"),
            f", {len(refused):,} refused." if refused else ".",
            cls=f"td-strip {'w' if refused else 'o'}",
            role="status",
        )
    )
    shown = [*refused, *[line for line in lines if not line.problem]][:200]
    show(card(screen.report(["Message", "Became"], [[_what(line), _became(line)] for line in shown])))
    if len(lines) > len(shown):
        show(mute(f"The first {len(shown)} of {len(lines):,} are shown, refused ones first."))


def _what(line: ReportLine) -> Markup:
    return join(
        line.subject or line.item,
        " ",
        mute(" · ".join(part for part in (line.item if line.subject else "", line.sender) if part)),
    )


def _became(line: ReportLine) -> Markup:
    if line.receipt is None:
        return join(chip("refused", "b"), " ", mute(line.problem))
    went, tone = ("taken in before", "") if line.receipt.again else _WENT[line.receipt.outcome]
    return join(chip(went, tone), " ", screen.ticket_link(line.receipt.ticket_id))


main()
