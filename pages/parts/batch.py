"""Like drafts in the centre of the desk: some to be decided one by one, then the rest together."""

from datetime import UTC, datetime, timedelta

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import deciding, keymap, office, panels, queue, state, words
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.screen import ticket_link
from triage import approval
from triage.batches import approving, forming, view
from triage.batches.view import BatchView, Member
from triage.errors import TriageError
from triage.library.compare import Piece
from triage.models import Draft, Ticket, User, now

_SAME, _ENDS = 14, 5  # words of a stretch that all have in common, before it is shortened, and what stays at either end
_LONGEST = 1800.0


def offer(user: User, ticket: Ticket, draft: Draft) -> None:
    """Beside a draft: how many others answer the same, and the way to decide them together."""
    if not draft.alike or (count := office.read(lambda session: forming.alike(session, ticket, draft))) < forming.LEAST:
        return
    with st.container(key="alike", horizontal=True):
        st.button(
            f"Review {count} alike", key="td_alike", shortcut=keymap.hint("alike"), on_click=_form, args=(user, ticket.id or 0),
            help="They answer the same from the same passages. A random tenth is decided one by one, the rest together.",
        )  # fmt: skip


def together(user: User, ticket_ids: list[int]) -> None:
    """Form a batch of the rows selected in the queue."""
    made = office.attempt(lambda session: forming.form(session, office.desk().settings, user, ticket_ids).id)
    if made:
        queue.open_batch(made)


def load(user: User, batch_id: int) -> BatchView | None:
    """The batch as it stands now, or None with a word why not; what dropped out is written down."""
    settings = office.desk().settings

    def read(session: Session) -> tuple[BatchView, tuple[object, ...]]:
        return view.load(session, settings, user, batch_id), view.pulse(session, batch_id)

    try:
        found, pulse = office.read(read)
        if found.batch.status == "open" and any(one.state != one.row.state for one in found.members):
            office.desk().database.run_now(lambda session: approving.tend(session, office.desk(), user, batch_id))
            found, pulse = office.read(read)
    except TriageError as error:
        state.say("warning", "No such batch", str(error))
        return None
    state.put("batch_pulse", (batch_id, pulse))
    return found


def batch(found: BatchView | None, user: User) -> None:
    """The middle pane."""
    if found is None:
        show(
            card(
                mute("Choose tickets in the queue with X, or press B on a draft that has others like it."),
                title="No batch is open",
            )
        )
        return
    members = found.members
    title = members[0].ticket.subject if members else ""
    in_it = [one for one in members if one.state != "dropped"]
    show(tag("div", tag("h1", f"{words.plural(len(in_it), 'draft')} alike"), mute(f"They answer the same from the same passages, such as “{title}”."), cls="td-head"))  # fmt: skip
    if found.batch.status == "open":
        _open(found, user)
    else:
        _over(found, user)
    _dropped(found)


def side(found: BatchView | None) -> None:
    """The right pane: the passages that all of them cite."""
    (tab,) = st.tabs(["Evidence"], key="side")
    with tab:
        cited = found.members[0].draft.citations if found and found.members else []
        for one in cited:
            show(card(mute(f"{one.get('heading') or ''} v{one.get('version')}"), tag("div", str(one.get("text", ""))[:420], cls="td-quote"), title=str(one.get("title", ""))))  # fmt: skip


def belongs(ticket_id: int) -> None:
    """On a ticket that was opened from a batch: the way back."""
    batch_id, tickets = state.get("from_batch") or (None, ())
    if batch_id is None or ticket_id not in tickets:
        return
    with st.container(key="undo_batch_of", horizontal=True):
        show(
            tag(
                "div", tag("b", "One of a batch. "), "Decide it as you would by itself; the others wait for it.", cls="td-sending"
            )
        )
        st.button("Back to the batch", key="td_batch_back", on_click=queue.open_batch, args=(batch_id,))


# ---- open -------------------------------------------------------------------------------------------------


def _open(found: BatchView, user: User) -> None:
    _seconds(found)
    forced, rest = found.forced, found.rest
    if forced:
        first = "First decide this one by itself. " if len(forced) == 1 else f"First decide these {len(forced)} one by one. "
        show(tag("div", tag("b", first),
                 "Chosen at random: when one of them is not right as it is, the others have to be read too.", cls="td-strip i"))  # fmt: skip
        for number, one in enumerate(forced):
            with st.container(key=f"batch_one_{one.row.id}", horizontal=True, vertical_alignment="center"):
                show(tag("div", _who(one), tag("div", mute(one.question)), cls="td-grow"))
                st.button(
                    "Open", key=f"td_batch_open_{one.row.id}", type="primary" if number == 0 else "secondary",
                    shortcut=panels.SUBMIT if number == 0 else None, on_click=_look, args=(found, one.ticket.id or 0),
                )  # fmt: skip
    for one in found.examined:
        show(tag("div", _who(one), " ", chip(one.reason, "o" if one.fits else "w"), cls="td-event"))
    if rest:
        show(tag("div", "The rest, with what is their own marked", cls="td-h3"))
    with st.container(key="batch_rest"):
        for one in rest:
            _row(one)
    chosen = [one for one in rest if st.session_state.get(_key(one), True)]
    with st.container(key="actions", horizontal=True):
        if rest:
            st.button(
                f"Approve {words.plural(len(chosen), 'draft')}", key="td_batch_approve", type="primary", disabled=bool(forced) or not chosen,
                shortcut=None if forced else panels.SUBMIT, on_click=_approve, args=(found, user),
            )  # fmt: skip
        st.button("Leave the batch", key="td_batch_leave", on_click=_leave, args=(found, user))


def _row(one: Member) -> None:
    with st.container(key=f"batch_row_{one.row.id}"):
        st.checkbox(f"\\#{one.ticket.id} {_name(one.ticket)}", value=True, key=_key(one))
        whole = tag("details", tag("summary", "The whole reply"), tag("div", one.draft.body, cls="td-text"), cls="td-fold")
        show(
            tag("div", mute(one.question)),
            tag("div", *_short(one.pieces), cls="td-diff short", tabindex=0, role="group", aria_label="What is its own"),
            whole,
        )


def _key(one: Member) -> str:
    return f"td_batch_in_{one.row.id}"


def _short(pieces: list[Piece]) -> list[Markup | str]:
    """A reply with what is its own lit; long stretches that all have in common are shortened."""
    said: list[Markup | str] = []
    for piece in pieces:
        if piece.kind == "in":
            said.append(tag("ins", piece.text))
        elif piece.kind == "same":
            all_ = piece.text.split()
            kept = [*all_[:_ENDS], "…", *all_[-_ENDS:]] if len(all_) > _SAME else all_
            said.append(f" {' '.join(kept)} ")
    if not any(piece.kind == "in" for piece in pieces):
        said.append(mute(" (word for word the usual one)"))
    return said


# ---- over -------------------------------------------------------------------------------------------------


def _over(found: BatchView, user: User) -> None:
    said = {"approved": "Approved together.", "stopped": "Stopped.", "closed": "Left."}.get(found.batch.status, "")
    tone = {"stopped": "w"}.get(found.batch.status, "i")
    show(tag("div", tag("b", said), " ", found.batch.reason, cls=f"td-strip {tone}", role="status"))
    held = [one for one in found.members if one.state == "approved" and one.outbox and one.outbox.status == "held"]
    if held:
        window = timedelta(seconds=office.desk().settings.undo_seconds)
        until = max(one.outbox.created_at + window for one in held if one.outbox)
        with st.container(key="undo_batch", horizontal=True):
            when = tag("span", "soon", data_deadline=until.astimezone(UTC).isoformat())
            show(
                tag(
                    "div",
                    tag("b", "Sending "),
                    when,
                    f" to {words.plural(len(held), 'customer')} ",
                    cls="td-sending",
                    role="status",
                )
            )
            st.button("Undo all", key="td_batch_undo", shortcut=keymap.hint("undo"), on_click=_undo, args=(found, user))
    for one in found.members:
        if one.state in ("approved", "examined"):
            with st.container(key=f"batch_done_{one.row.id}", horizontal=True, vertical_alignment="center"):
                stands = {"held": "sending", "sent": "sent", "sending": "sending"}.get(
                    one.outbox.status if one.outbox else "", one.reason
                )
                show(tag("div", _who(one), " ", chip(stands, "o"), cls="td-grow"))
                if one in held and one.outbox:
                    st.button(
                        "Undo", key=f"td_batch_undo_{one.row.id}", on_click=_undo_one, args=(user, one.outbox.decision_id or 0)
                    )
        elif one.state == "waiting":
            show(tag("div", _who(one), " ", chip("waits"), cls="td-event"))
    st.button("Go on", key="td_batch_on", type="primary", shortcut=panels.SUBMIT, on_click=_go_on, args=(user,))


def _dropped(found: BatchView) -> None:
    out = [one for one in found.members if one.state == "dropped"]
    if out:
        lines = [tag("div", _who(one), tag("div", mute(one.reason)), cls="td-event") for one in out]
        show(card(mute("They wait for a decision of their own."), *lines, title=f"Not in it: {words.plural(len(out), 'draft')}"))


def _who(one: Member) -> Markup:
    return join(
        tag("b", _name(one.ticket)), " ", ticket_link(one.ticket.id or 0), " ", mute(one.ticket.subject or "(no subject)")
    )


def _name(ticket: Ticket) -> str:
    return ticket.requester_name or ticket.requester_email or "Unknown sender"


# ---- acting -----------------------------------------------------------------------------------------------


def _form(user: User, ticket_id: int) -> None:
    made = office.attempt(lambda session: forming.form_alike(session, office.desk().settings, user, ticket_id).id)
    if made:
        queue.open_batch(made)


def _look(found: BatchView, ticket_id: int) -> None:
    state.put("from_batch", (found.batch.id, tuple(one.ticket.id for one in found.members if one.row.forced)))
    queue.go_to(ticket_id)


def _approve(found: BatchView, user: User) -> None:
    chosen = {one.row.draft_id for one in found.rest if st.session_state.get(_key(one), True)}
    shown = {draft: seal for draft, seal in found.shown.items() if draft in chosen}
    sent = state.sent()
    try:
        done = approving.approve(office.desk(), user, found.batch.id or 0, shown=shown, active_seconds=_seconds(found))
    except TriageError as error:
        state.say("error", "Not approved", str(error))
        return
    sent.extend(done.decisions)
    if done.dropped:
        left = "; ".join(f"#{ticket}: {reason}" for ticket, reason in done.dropped.items())
        state.say("warning", f"Approved {words.plural(len(done.decisions), 'draft')}", f"Dropped out: {left}.")


def _undo(found: BatchView, user: User) -> None:
    try:
        count = approving.undo(office.desk(), user, found.batch.id or 0)
    except TriageError as error:
        state.say("error", "That did not work", str(error))
    else:
        state.say(
            "info", f"Taken back: {words.plural(count, 'mail')}", "Nothing of it was sent; each waits for a decision of its own."
        )


def _undo_one(user: User, decision_id: int) -> None:
    office.do(lambda session: approval.undo(session, user, decision_id))


def _leave(found: BatchView, user: User) -> None:
    if office.do(lambda session: approving.close(session, user, found.batch.id or 0)):
        _go_on(user)


def _go_on(user: User) -> None:
    state.put("from_batch", None)
    queue.open_batch(None)
    deciding.following(user, 0)


def _seconds(found: BatchView) -> float:
    """How long this tab has had the batch open, in seconds, half an hour at most."""
    seen: dict[int, datetime] = st.session_state.setdefault("td_batch_seen", {})
    first = seen.setdefault(found.batch.id or 0, now())
    return min(_LONGEST, (now() - first).total_seconds())
