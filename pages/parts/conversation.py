"""The head of a ticket and its conversation: what was said, by whom, with which files."""

import streamlit as st
from markupsafe import Markup

from pages.parts import running_clocks, words
from pages.parts.markup import card, join, mute, show, tag
from pages.parts.ticket_fields import tag_marks
from pages.parts.xray import marked
from triage.models import Attachment
from triage.tickets.ticket_view import Letter, TicketView
from triage.xray import XRay


def head(view: TicketView, user_id: int | None) -> None:
    """Subject and where the ticket stands."""
    ticket = view.ticket
    said = [f"#{ticket.id}", words.CHANNEL.get(ticket.channel, ticket.channel), view.category]
    if ticket.priority != "normal":
        said.append(str(ticket.priority))
    said.append(words.standing(ticket, view.draft))
    if ticket.team:
        said.append(f"for {ticket.team}")
    if view.assignee:
        said.append(f"with {view.assignee}")
    if writer := view.writing(user_id):
        said.append(f"{writer} is writing a reply")
    elif other := view.looking(user_id):
        said.append(f"{other} is also looking")
    line = join(mute(" · ".join(part for part in said if part), running_clocks.line(ticket)), " ", tag_marks(view.tags))
    show(tag("div", tag("h1", ticket.subject or "(no subject)"), line, cls="td-head", data_ticket=ticket.id or 0))


def conversation(view: TicketView, seen: XRay) -> None:
    """What waits for an answer is open, and so is our last answer when nothing does; what lies before is folded.

    Where a guard flagged something, a switch shows it in the customer's words.
    """
    letters = view.letters
    if not _through(view, seen):
        seen = XRay()
    start = _first_open([letter.message.direction for letter in letters])
    if older := letters[:start]:
        files = sum(len(letter.attachments) for letter in older)
        label = words.plural(len(older), "earlier message") + (f" · {words.plural(files, 'attachment')}" if files else "")
        show(tag("details", tag("summary", label), *[_older(letter, view, seen) for letter in older], cls="td-fold"))
    for letter in letters[start:]:
        show(_letter(letter, view, seen))
        if letter.message.hidden:
            show(_hidden(letter.message.hidden))
    if not letters:
        show(card(title="No message", tone="quiet"))


def _first_open(directions: list[str]) -> int:
    """Where the open part begins: after our last reply, at most three customer messages back; else at the last exchange."""
    replies = [index for index, way in enumerate(directions) if way == "out"]
    inbound = [index for index, way in enumerate(directions) if way == "in"]
    fresh = [index for index in inbound if not replies or index > replies[-1]]
    if fresh:
        return fresh[-3:][0]
    before = [index for index in inbound if index < replies[-1]] if replies else []
    return before[-1] if before else 0


def _through(view: TicketView, seen: XRay) -> bool:
    """Whether suspicious words are to be marked; the switch is only there when there are any."""
    if not any(seen.marks(letter.message.id) for letter in view.letters):
        return False
    with st.container(key="xray_switch"):
        return st.toggle(
            "Mark suspicious words", value=True, key=f"xray_{view.ticket.id}", help="The Why tab says what they mean."
        )


def _older(letter: Letter, view: TicketView, seen: XRay) -> Markup:
    return tag("div", _letter(letter, view, seen), style="margin-top:8px")


def _letter(letter: Letter, view: TicketView, seen: XRay) -> Markup:
    message = letter.message
    if message.direction == "note":
        return card(
            tag("div", message.body, cls="td-text"),
            title=_from(f"Note by {letter.author or message.author_name}", "", letter),
            tone="note",
        )
    name = letter.author or message.author_name or (view.ticket.requester_name if message.direction == "in" else "Support")
    address = message.author_email if message.direction == "in" else "replied"
    return card(
        marked(message.body, marks)
        if (marks := seen.marks(message.id))
        else tag("div", message.body or "(no text)", cls="td-text"),
        _folded("Quoted history", message.quoted),
        _folded("Signature", message.signature),
        tag("div", *[_file(attachment) for attachment in letter.attachments]) if letter.attachments else None,
        title=_from(name or message.author_email or "Unknown sender", address, letter),
    )


def _from(name: str, address: str, letter: Letter) -> Markup:
    moment = letter.message.sent_at or letter.message.created_at
    return join(name, " ", mute(f"{address} · " if address else "", words.ago(moment)))


def _folded(label: str, text: str) -> Markup | None:
    if not text.strip():
        return None
    return tag("details", tag("summary", label), tag("div", text, cls="td-text td-mute"), cls="td-fold")


def _file(attachment: Attachment) -> Markup:
    size = f"{attachment.size / 1e6:.1f} MB" if attachment.size >= 1e6 else f"{max(1, attachment.size // 1000)} kB"
    if attachment.refused:
        return tag("span", attachment.filename, mute(f"{size} · not kept: {attachment.refused}"), cls="td-file")
    return tag(
        "a", attachment.filename, mute(size), href=f"/attachments/{attachment.id}", download=True, target="_self", cls="td-file"
    )


def _hidden(text: str) -> Markup:
    """Text the customer's mail carried but did not show: evidence, never read by the agents as the message."""
    return card(
        tag("span", "A reader of this mail does not see it; the agents did not take it as the customer's words.", cls="td-mute"),
        tag("div", text[:4000], cls="td-code"),
        title="Hidden text in this message",
        tone="warn",
    )
