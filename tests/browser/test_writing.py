"""Writing to customers and colleagues: saved replies at the caret, notes with names, sending later, merging, tags."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Locator, expect
from sqlmodel import select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage import macros
from triage.macros import MacroText
from triage.models import CsatRequest, Episode, Notification, Outbox, Role, Ticket, TypedText, User, now
from triage.ratings import links
from triage.settings import load_settings

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo?\n\nThanks, Jo"


def panel(visitor: Visitor) -> Locator:
    return visitor.page.locator(".st-key-panel")


def test_a_reply_is_written_kept_and_sent_later_by_keyboard(desk: RunningDesk, visit: Visit) -> None:
    """`::` at the caret, the browser's own undo, another browser that goes on with the text, a time, and back again."""
    number = desk.drafted("jo@macros.example", "Descaling", QUESTION)
    with desk.database.transaction() as session:
        admin = session.exec(select(User).where(User.role == Role.ADMIN)).first()
        assert admin
        macros.save(
            session,
            admin,
            MacroText(
                "Greeting for tests", "All the best, {{agent.first_name}} (#{{ticket.id}}, {{order.number}})", "zz", "everyone"
            ),
        )
    staff = visit("staff")
    staff.open(number)
    staff.press("e", staff.editor)
    staff.editor.press("Control+End")
    staff.editor.press_sequentially(" ::zz")
    options = staff.page.get_by_role("listbox", name="Saved replies").get_by_role("option")
    expect(options).to_have_count(1)
    expect(options).to_have_attribute("aria-selected", "true")
    assert staff.editor.get_attribute("aria-activedescendant") == options.get_attribute("id")
    staff.editor.press("Enter")
    filled = re.compile(rf"All the best, Nadia \(#{number}, {{{{order\.number: [^}}]+}}}}\)$")
    expect(staff.editor).to_have_value(filled)
    staff.says(re.compile(r"To fill in by hand: order\.number"))
    staff.editor.press("Control+z")
    expect(staff.editor).to_have_value(re.compile(" ::zz$"))
    staff.editor.press("Escape")
    staff.editor.press("Control+y")
    expect(staff.editor).to_have_value(filled)
    staff.editor.press("Control+Enter")
    staff.says(re.compile("The reply still has a gap"))
    staff.editor.fill("My own words, typed to the last letter.")
    until(lambda: _kept(desk, number) == "My own words, typed to the last letter.", "the text on the desk")
    other = visit("staff")  # the machine died: the same person goes on elsewhere
    other.open(number)
    expect(other.editor).to_have_value("My own words, typed to the last letter.")
    staff.button("Send later").click()
    expect(panel(staff)).to_be_visible()
    staff.settled()
    panel(staff).get_by_role("button", name=re.compile("^Send then")).click()
    until(lambda: desk.ticket(number)["status"] == "approved", "the approval")
    staff.open(number)
    staff.says(re.compile("^Will be sent"))
    with desk.database.read() as session:
        outbox = session.exec(select(Outbox).where(Outbox.ticket_id == number)).one()
        assert outbox.scheduled and outbox.status == "held" and outbox.send_after > now() + timedelta(minutes=5)
        assert outbox.body == "My own words, typed to the last letter."
    assert _kept(desk, number) is None
    staff.settled()
    staff.button("Do not send").click()
    staff.says("Sending was undone by Nadia Brandt.")
    assert not desk.letters("jo@macros.example")


def test_a_note_names_a_colleague_and_a_ticket_gets_a_tag_and_goes_into_another(desk: RunningDesk, visit: Visit) -> None:
    first = desk.drafted("jo@merge.example", "Descaling", QUESTION)
    second = desk.drafted("jo@merge.example", "Another matter", "Hello,\n\nwhere can I buy the AquaPod filter?\n\nJo")
    staff = visit("staff")
    staff.open(second)
    note = staff.page.get_by_role("textbox", name="Internal note")
    staff.settled()
    staff.button("Note").click()
    expect(note).to_be_focused()
    note.press_sequentially("Please look, @marco")
    expect(staff.page.get_by_role("listbox", name="People").get_by_role("option")).to_have_text("Marco Vidal")
    note.press("Tab")
    expect(note).to_have_value("Please look, @Marco Vidal ")
    note.press("Control+Enter")
    staff.says(re.compile("^Note by Nadia Brandt"))
    with desk.database.read() as session:
        told = session.exec(select(Notification).where(Notification.kind == "mentioned", Notification.ticket_id == second)).one()
        assert session.get_one(User, told.user_id).name == "Marco Vidal"
    staff.page.get_by_role("tab", name="Customer").click()
    tags = staff.page.get_by_role("combobox", name="Tags")
    tags.press_sequentially("Two Matters")
    tags.press("Enter")
    staff.says("two-matters")
    tags.press("Escape")  # its list hides the rest of the page from screen readers while it is open
    assert barriers(staff.page) == []
    staff.settled()
    staff.button("Merge or split").click()
    into = panel(staff).get_by_role("combobox", name="Into which of the customer's tickets?")
    expect(into).to_have_value(re.compile(f"^#{first} Descaling"))
    staff.settled()
    panel(staff).get_by_role("button", name=re.compile("^Do it")).click()
    expect(staff.headline).to_contain_text(f"#{first}")
    staff.says(re.compile("AquaPod filter"))
    assert desk.ticket(second)["merged_into"] == first and desk.ticket(first)["tags"] == ["two-matters"]
    until(lambda: (desk.ticket(first)["draft"] or {}).get("version") == 2, "a draft for both matters")
    staff.open(second)
    staff.settled()
    staff.button("Take the merge back").click()
    until(lambda: desk.ticket(second)["merged_into"] is None, "the two tickets apart")


def test_a_customer_rates_with_one_click_and_a_button(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@rating.example", "Descaling", QUESTION)
    settings = load_settings(home=desk.home, demo=True)
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, number)
        request = CsatRequest(
            episode_id=ticket.episode_id or 0,
            ticket_id=number,
            status="sent",
            sent_at=now(),
            expires_at=now() + timedelta(days=1),
        )
        session.add(request)
        session.flush()
        link, request.token_hash = links.new(settings, request.id or 0)
    customer = visit("", java_script_enabled=False)
    customer.page.goto(f"/rate/{link}?score=4")
    assert urlsplit(customer.page.url).path == f"/rate/{link}"
    expect(customer.page.get_by_role("radio", name="Happy", exact=True)).to_be_checked()
    with desk.database.read() as session:
        assert session.get_one(Episode, ticket.episode_id).csat is None
    customer.page.get_by_label("Would you like to add something?").fill("Quick\nand kind")
    customer.button("Send").click()
    expect(customer.page.get_by_role("heading", name="Thank you")).to_be_visible()
    with desk.database.read() as session:
        assert (session.get_one(Episode, ticket.episode_id).csat, session.get_one(Episode, ticket.episode_id).csat_comment) == (
            4,
            "Quick\nand kind",
        )


def _kept(desk: RunningDesk, number: int) -> str | None:
    with desk.database.read() as session:
        row = session.exec(select(TypedText).where(TypedText.ticket_id == number, TypedText.field == "reply")).first()
        return row.text if row else None
