"""The one text for all members: asked for, read, edited, approved once, taken back."""

from datetime import UTC, datetime

import streamlit as st
from sqlmodel import Session

from pages.parts import composer, draft_card, incident_forms, incident_members, office, state
from pages.parts.keymap import hint
from pages.parts.markup import card, chip, mute, plain, rows, show, tag
from pages.parts.words import plural
from triage.errors import AlreadyDecided, ApprovalVoid, TriageError
from triage.incidents import sending, slots, writing
from triage.incidents.sending import Preview
from triage.incidents.view import IncidentView, Round
from triage.models import Draft, MasterDraft, User, now
from triage.tickets import typed

_LONGEST = 1800.0


def text(view: IncidentView, user: User) -> None:
    """Whatever the text needs from a person now."""
    master = view.master
    for sent in view.rounds:
        _round(view, sent, user)
    if master is None:
        _ask(view, user, "Write the text")
    elif master.status == "writing":
        with st.container(key="draft"):
            show(tag("div", "The agents are writing the text", cls="td-h3"), mute("It appears here by itself."))
    elif master.status == "failed":
        show(card(mute(master.error), title="The text could not be written", tone="warn"))
        _ask(view, user, "Write the text")
    else:
        _waiting(view, master, user)


def sources(view: IncidentView) -> None:
    """The passages that the text cites."""
    cited = view.master.citations if view.master else []
    for one in cited:
        show(card(mute(f"{one.get('heading') or ''} v{one.get('version')}"), tag("div", str(one.get("text", ""))[:420], cls="td-quote"), title=str(one.get("title", ""))))  # fmt: skip
    if not cited:
        show(
            card(
                mute("What the text rests on appears here; a person's own words need no source."),
                title="No sources",
                tone="quiet",
            )
        )


def slots_table() -> None:
    """What can be filled in for each customer."""
    pairs = [(f"{{{{{name}}}}}", slot.what) for name, slot in slots.SLOTS.items()]
    show(card(rows(list(pairs)), tag("p", mute("Write a name in braces in the text; each mail has the customer's own detail there, from their record or ticket. Whoever lacks one is left out.")), title="Details for each customer"))  # fmt: skip


# ---- asking -----------------------------------------------------------------------------------------------


def _ask(view: IncidentView, user: User, label: str, *, follow_up: bool = False) -> None:
    number = view.incident.id or 0
    with st.container(key="draft"):
        title = "The next message to the same customers" if follow_up else "Tell the customers"
        show(
            tag("div", title, cls="td-h3"),
            mute("The agents write one text for all of them from the help centre and from what you say here."),
        )
        st.text_area(
            "What should they be told?", key=f"td_incident_say_{number}", height=90,
            placeholder="For example: The app service has been down since 07:05. We are working on it. Machines brew by their buttons.",
        )  # fmt: skip
        submit = None if incident_forms.is_open(number) else incident_forms.SUBMIT
        with st.container(key="actions", horizontal=True):
            st.button(
                label, key="td_incident_write", type="primary", shortcut=submit, on_click=_write, args=(number, user, follow_up)
            )
            if view.master and view.master.status == "waiting":
                st.button("Cancel", key="td_incident_keep", on_click=_close)


def _write(number: int, user: User, follow_up: bool) -> None:
    said = str(st.session_state.get(f"td_incident_say_{number}") or "")
    if office.attempt(lambda session: writing.ask(session, user, office.desk(), number, said, follow_up=follow_up)):
        _close()
        st.session_state[f"td_incident_say_{number}"] = ""


def _close() -> None:
    state.put("incident_again", None)
    state.put("incident_follow", None)


# ---- reading, editing, approving --------------------------------------------------------------------------


def _waiting(view: IncidentView, master: MasterDraft, user: User) -> None:
    number = view.incident.id or 0
    if state.get("incident_again") == number:
        return _ask(view, user, "Write it again")
    if state.get("incident_follow") == number:
        return _ask(view, user, "Write the message", follow_up=True)
    seen = incident_members.preview(view, master, user)
    _seconds(master)
    anchor = _anchor(view, master)
    _recall(user, anchor, master)
    _kept(user, anchor, master)
    editing = state.get("incident_editing") == master.id
    with st.container(key="draft"):
        by = "edited by a person" if master.created_by.startswith("user:") else "written by the agents"
        show(tag("div", f"Text for all, message {master.round}, version {master.version} ", mute(by), cls="td-h3"))
        for line in [
            *master.degraded,
            *[f"{change[:1].upper()}{change[1:]}. Have the text written again." for change in seen.changes],
        ]:
            show(tag("div", line, cls="td-strip w"))
        if not seen.ready and any(one.manager for one in seen.exceptions):
            show(
                tag(
                    "div",
                    tag("b", "A manager has to approve this text. "),
                    "You can edit it, and it waits here for them.",
                    cls="td-strip b",
                )
            )
        if editing:
            if state.get("incident_back") == master.id:
                show(tag("div", tag("b", "Your text is back. "), "You were writing this and had not sent it.", cls="td-strip i", role="status"))  # fmt: skip
            composer.composer(user, anchor, composer.MASTER, start=master.body, draft_id=master.id)
        else:
            show(draft_card.body(_as_draft(master)))
            _acknowledge(master, seen)
        _buttons(view, master, seen, user, editing)
    return None


def _as_draft(master: MasterDraft) -> Draft:
    return Draft(ticket_id=0, episode_id=0, body=master.body, sentences=master.sentences, citations=master.citations)


def _acknowledge(master: MasterDraft, seen: Preview) -> None:
    if not seen.unsupported:
        return
    with st.container(key="acks"):
        for index in seen.unsupported:
            said = str(master.sentences[index]["text"])
            short = said if len(said) < 90 else f"{said[:87]}…"
            st.checkbox(f"I take responsibility for “{plain(short)}”: no source states it.", key=_ack(master, index))


def _ack(master: MasterDraft, index: int) -> str:
    return f"td_master_ack_{master.id}_{index}"


def _buttons(view: IncidentView, master: MasterDraft, seen: Preview, user: User, editing: bool) -> None:
    number = view.incident.id or 0
    submit = None if incident_forms.is_open(number) else incident_forms.SUBMIT
    with st.container(key="actions", horizontal=True):
        if editing:
            st.button(
                "Save text",
                key="td_master_save",
                type="primary",
                shortcut=submit,
                on_click=_save,
                args=(master, user, _anchor(view, master)),
            )
            st.button("Cancel", key="td_master_cancel", on_click=_drop, args=(user, _anchor(view, master)))
            return
        went = any(sent.number == master.round for sent in view.rounds)
        if seen.shown:
            st.button(
                f"Approve for {plural(len(seen.shown), 'customer')}", key="td_master_approve", type="primary", shortcut=submit,
                disabled=bool(seen.changes), on_click=_approve, args=(master, seen, user),
            )  # fmt: skip
        if went:
            st.button("Next message", key="td_master_follow", on_click=state.put, args=("incident_follow", number))
        st.button("Edit", key="td_master_edit", shortcut=hint("edit"), on_click=state.put, args=("incident_editing", master.id))
        st.button(
            "Write it again", key="td_master_again", shortcut=hint("changes"), on_click=state.put, args=("incident_again", number)
        )


def _save(master: MasterDraft, user: User, anchor: int) -> None:
    text_ = composer.text(anchor, composer.MASTER, master.body)
    forget = composer.forgetter(anchor, typed.MASTER)

    def keep(session: Session) -> None:
        writing.edit(session, user, master.id or 0, text_)
        typed.forget(session, user, anchor, typed.MASTER)

    if office.do(keep):
        forget()
        _end_editing()


def _drop(user: User, anchor: int) -> None:
    composer.drop(user, anchor, typed.MASTER)
    _end_editing()


def _end_editing() -> None:
    state.put("incident_editing", None)
    state.put("incident_back", None)


def _anchor(view: IncidentView, master: MasterDraft) -> int:
    """The ticket with which a text being typed is kept on the desk."""
    return min([ticket.id or 0 for ticket in view.members], default=master.ticket_id or 0)


def _recall(user: User, anchor: int, master: MasterDraft) -> None:
    """What this person typed before the page was loaded comes back; asked of the desk once a tab and incident."""
    known: set[int] = st.session_state.setdefault("td_incident_recalled", set())
    if master.incident_id in known:
        return
    known.add(master.incident_id)
    row = office.read(lambda session: typed.of(session, user, anchor)).get(typed.MASTER)
    if row is None or not row.text.strip() or anchor in state.written(typed.MASTER):
        return
    state.written(typed.MASTER)[anchor] = state.Typed(row.text, row.draft_id)
    if row.draft_id == master.id:
        state.put("incident_editing", master.id)
        state.put("incident_back", master.id)


def _kept(user: User, anchor: int, master: MasterDraft) -> None:
    """A text whose version was overtaken stays readable and can be copied."""
    kept = state.written(typed.MASTER).get(anchor)
    if kept is None or kept.draft_id == master.id:
        return
    with st.container(key="kept"):
        show(
            tag(
                "div",
                tag("b", "A newer version came while you wrote. "),
                "Your text is kept: copy it, or drop it.",
                cls="td-strip w",
            )
        )
        st.code(kept.text, language=None, wrap_lines=True)
        st.button("Drop my text", key="td_master_drop", on_click=_drop, args=(user, anchor))


def _approve(master: MasterDraft, seen: Preview, user: User) -> None:
    missing = [index for index in seen.unsupported if not st.session_state.get(_ack(master, index))]
    if missing:
        state.say("warning", "Acknowledge first", "A sentence has no source. Tick it below the text, or take it out.")
        return
    try:
        done = sending.approve(
            office.desk(), user, master.id or 0, shown=seen.shown, acknowledged=seen.unsupported, active_seconds=_seconds(master)
        )
    except ApprovalVoid as error:
        state.say("warning", "Not sent: something changed since you read it", "; ".join(error.changes) + ".")
    except AlreadyDecided as error:
        state.say("warning", "Somebody was first", str(error))
    except TriageError as error:
        state.say("error", "That did not work", str(error))
    else:
        left = "; ".join(done.left_out.values())
        state.say("info" if not left else "warning", f"Approved for {plural(len(done.decisions), 'customer')}", f"Left out: {left}." if left else "")  # fmt: skip


def _seconds(master: MasterDraft) -> float:
    """How long this tab has had the text open, in seconds, half an hour at most."""
    seen: dict[int, datetime] = st.session_state.setdefault("td_master_seen", {})
    first = seen.setdefault(master.id or 0, now())
    return min(_LONGEST, (now() - first).total_seconds())


# ---- what was sent ----------------------------------------------------------------------------------------


def _round(view: IncidentView, sent: Round, user: User) -> None:
    """A message that went to some, with the way back as long as there is one."""
    number = view.incident.id or 0
    with st.container(key=f"undo_round_{sent.number}", horizontal=True):
        if sent.held and sent.deadline:
            deadline = max(sent.deadline, now())
            when = tag("span", "soon", data_deadline=deadline.astimezone(UTC).isoformat())
            show(tag("div", tag("b", "Sending "), when, f" to {plural(sent.held, 'customer')}, message {sent.number} ", cls="td-sending", role="status"))  # fmt: skip
            st.button(
                "Undo all",
                key=f"td_incident_undo_{sent.number}",
                shortcut=hint("undo"),
                on_click=_undo,
                args=(number, sent.number, user),
            )
        else:
            show(
                tag("div", chip("sent", "o"), f"Message {sent.number} went to {plural(sent.sent, 'customer')}.", cls="td-sending")
            )


def _undo(number: int, round_: int, user: User) -> None:
    try:
        count = sending.undo(office.desk(), user, number, round_)
    except TriageError as error:
        state.say("error", "That did not work", str(error))
    else:
        state.say("info", f"Taken back: {plural(count, 'mail')}", "Nothing of it was sent.")
