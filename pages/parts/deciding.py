"""From a click or a key to one call of the approval service; what was typed survives a refusal."""

from datetime import datetime

import streamlit as st
from sqlmodel import Session

from pages.parts import composer, edits, office, own_reply, proof, queue, state, words
from triage import approval, macros, replies, scheduling
from triage.drafts import own_replies, wishes
from triage.drafts.proof import open_points
from triage.models import Decision, DecisionKind, Draft, Exercise, Ticket, User, now
from triage.reviewing import exercises
from triage.tickets import typed, work

_LONGEST = 1800.0
_OUTCOMES = {
    "caught": ("info", "This was an exercise, and you caught it"),
    "missed": ("info", "This was an exercise, and this one got past you"),
    "aside": ("info", "This was an exercise; handed on, it counts neither way"),
}


def text_of(ticket: Ticket, draft: Draft) -> str:
    """What would be sent now: the editor's text while it is open, else the draft."""
    number = ticket.id or 0
    return composer.text(number, composer.REPLY, draft.body) if number in state.editing() else draft.body


def approve(user: User, ticket: Ticket, draft: Draft, seal: str, onward: bool, at: datetime | None = None) -> None:
    """Send the draft, or the edited text, now or at a chosen moment; then open the next ticket."""
    text = text_of(ticket, draft)
    if _calls_a_macro(draft, text):
        return
    if ticket.training:
        exercise(user, ticket, DecisionKind.APPROVE, body=text)
        return
    ticked = [row for row in open_points(proof.rows_of(ticket, draft, text)) if proof.ticked(draft, row)]
    acknowledged = [int(row["index"]) for row in ticked if "index" in row]
    vouched = [str(row["text"]) for row in ticked if "index" not in row]
    body = None if text == draft.body else text
    sent, forget = state.sent(), composer.forgetter(ticket.id or 0)
    decision = _decide(user, draft, DecisionKind.APPROVE, seal=seal, body=body, acknowledged=acknowledged, vouched=vouched, at=at)
    if decision and decision.id:
        if at is None:
            sent.append(decision.id)
        edits.just_sent(decision.id, changed=bool(decision.edit_class))
        forget()
        if at is not None:
            state.close_panel()
            office.toast(f"Will be sent {words.clock(at)}.")
        if onward:
            following(user, ticket.id or 0)


def _calls_a_macro(draft: Draft, text: str) -> bool:
    """Ask once about a saved reply that was called and not chosen; the same again sends it as it was typed."""
    asked: set[tuple[int | None, str]] = st.session_state.setdefault("td_unfinished", set())
    fresh = [call for call in macros.unfinished(text) if (draft.id, call) not in asked]
    asked.update((draft.id, call) for call in fresh)
    if fresh:
        said = f"“{fresh[0]}” would be sent as it stands. Choose the saved reply, or approve again to send it so."
        state.say("warning", "A saved reply was not chosen", said)
    return bool(fresh)


def request_changes(user: User, ticket: Ticket, draft: Draft, seal: str) -> None:
    comment = composer.text(ticket.id or 0, composer.CHANGES)
    if ticket.training:
        exercise(user, ticket, DecisionKind.REQUEST_CHANGES, comment=comment)
        return
    forget = composer.forgetter(ticket.id or 0, typed.CHANGES)
    if _decide(user, draft, DecisionKind.REQUEST_CHANGES, seal=seal, comment=comment):
        forget()
        by_hand = draft.created_by.startswith("user:") and draft.created_by != user.actor
        whom = "the colleague who wrote it" if by_hand else wishes.told(comment)
        office.toast(f"Sent back to {whom}; a new version will appear here.")
        state.close_panel()


def reject(user: User, ticket: Ticket, draft: Draft, seal: str) -> None:
    chosen = str(st.session_state.get(f"td_reject_why_{ticket.id}") or "")
    comment = str(st.session_state.get(f"td_reject_{ticket.id}", ""))
    if ticket.training:
        exercise(user, ticket, DecisionKind.REJECT, reason=chosen, comment=comment)
        return
    if _decide(user, draft, DecisionKind.REJECT, seal=seal, reason=chosen, comment=comment):
        office.toast("Rejected; write your own reply, or close the ticket.")
        state.close_panel()


def escalate(user: User, ticket: Ticket, draft: Draft, seal: str) -> None:
    comment = str(st.session_state.get(f"td_escalate_{ticket.id}", ""))
    chosen = str(st.session_state.get(f"td_escalate_why_{ticket.id}") or "")
    if ticket.training:
        exercise(user, ticket, DecisionKind.ESCALATE)
        return
    if _decide(user, draft, DecisionKind.ESCALATE, seal=seal, reason=chosen, comment=comment):
        office.toast("Escalated; the managers are told.")
        state.close_panel()
        following(user, ticket.id or 0)


def exercise(user: User, ticket: Ticket, kind: DecisionKind, *, body: str = "", reason: str = "", comment: str = "") -> None:
    """End an exercise, say at once what it was, and open the next ticket."""
    number = ticket.id or 0
    forgets = [composer.forgetter(number), composer.forgetter(number, typed.CHANGES)]

    def change(session: Session) -> Exercise:
        ended = exercises.decide(session, user, number, kind=kind, body=body, reason=reason, comment=comment)
        for field in (typed.REPLY, typed.CHANGES):
            typed.forget(session, user, number, field)
        return ended

    if ended := office.attempt(change):
        for forget in forgets:
            forget()
        state.close_panel()
        following(user, number)
        state.say(*_OUTCOMES[ended.ended], f"{ended.told} Nothing was sent or counted; it is yours to look at under You.")


def prepare(user: User, ticket: Ticket, draft: Draft | None) -> None:
    """A staff member hands a sensitive ticket over, with their own text when they wrote one."""
    comment = str(st.session_state.get(f"td_hand_{ticket.id}", ""))
    text = text_of(ticket, draft) if draft else ""
    edited = draft is not None and text.strip() != draft.body.strip()

    def drop(session: Session) -> None:
        typed.forget(session, user, ticket.id or 0, typed.REPLY)

    def hand(session: Session) -> None:
        work.hand_to_manager(session, user, ticket.id or 0, comment)
        drop(session)

    forget = composer.forgetter(ticket.id or 0)
    own = edited or (user.trainee and draft is not None)
    if own_reply.hand_in(user, ticket, text, comment, drop) if own else office.do(hand):
        forget()
        office.toast("Handed in." if user.trainee else "Handed to the managers.")
        state.close_panel()
        following(user, ticket.id or 0)


def write(user: User, ticket: Ticket) -> None:
    """A person's own reply becomes the newest draft, ready to be decided."""
    text = composer.text(ticket.id or 0, composer.OWN)
    forget = composer.forgetter(ticket.id or 0)

    def put_up(session: Session) -> Draft:
        written = replies.write_reply(session, user, ticket.id or 0, text)
        typed.forget(session, user, ticket.id or 0, typed.REPLY)
        return written

    def drop(session: Session) -> None:
        typed.forget(session, user, ticket.id or 0, typed.REPLY)

    held = office.read(lambda session: own_replies.is_held(session, user, ticket))
    if own_reply.hand_in(user, ticket, text, "", drop) if held else office.attempt(put_up):
        forget()
        state.close_panel()


def following(user: User, ticket_id: int) -> None:
    """Open what stands below in the queue, else the most pressing; an exhausted search gives way to the queue."""
    batch, tickets = state.get("from_batch") or (None, ())
    if batch is not None and ticket_id in tickets:
        queue.open_batch(batch)
        return
    here = queue.asked()
    order: list[int] = state.get("order", [])
    below = order[order.index(ticket_id) + 1 :] if ticket_id in order else []
    found = queue.take(user, here, below, ticket_id)
    if found is None and here.find:
        queue.leave_search()
        found = queue.take(user, queue.asked(), [], ticket_id)
    if found not in below:
        queue.to_first_page()
    queue.go_to(found)


def seconds_on(draft: Draft) -> float:
    """How long this tab has had the draft open, in seconds, half an hour at most."""
    seen: dict[int, datetime] = st.session_state.setdefault("td_seen", {})
    first = seen.setdefault(draft.id or 0, now())
    return min(_LONGEST, (now() - first).total_seconds())


def _decide(
    user: User,
    draft: Draft,
    kind: DecisionKind,
    *,
    seal: str,
    body: str | None = None,
    reason: str = "",
    comment: str = "",
    acknowledged: list[int] | None = None,
    vouched: list[str] | None = None,
    at: datetime | None = None,
) -> Decision | None:
    desk = office.desk()
    seconds = round(seconds_on(draft), 1)
    sent = {DecisionKind.APPROVE: typed.REPLY, DecisionKind.REQUEST_CHANGES: typed.CHANGES}.get(kind)

    def change(session: Session) -> Decision:
        decision = approval.decide(
            session, desk.enqueue, desk.settings, user, draft.id or 0, kind=kind, seal=seal, body=body, reason=reason, comment=comment,
            acknowledged=acknowledged or [], vouched=vouched or [], active_seconds=seconds,
        )  # fmt: skip
        if at is not None:
            scheduling.schedule(session, desk.enqueue, user, decision.id or 0, at)
        if sent:
            typed.forget(session, user, draft.ticket_id, sent)
        return decision

    return office.attempt(change)
