"""The desk by keyboard: no key is lost, none acts where it should not, and the palette leads everywhere."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage.models import Role, User, now
from triage.tickets import work

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"


def _choose(somebody: Visitor, words: str) -> None:
    """One command by a few of its letters."""
    somebody.page.keyboard.press("Control+k")
    expect(somebody.page.get_by_role("combobox", name="Command, screen, view or ticket")).to_be_focused()
    somebody.page.keyboard.type(words)
    somebody.page.keyboard.press("Enter")


def _at_once(somebody: Visitor, *keys: str) -> None:
    """Keys pressed faster than the desk can answer."""
    somebody.page.evaluate(
        """(keys) => {
          for (const key of keys) {
            let node = document.activeElement;
            while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
            node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true }));
          }
        }""",
        list(keys),
    )


def test_keys_wait_for_the_page_and_what_is_typed_ahead_is_kept(desk: RunningDesk, visit: Visit) -> None:
    first = desk.drafted("jo@ahead.example", "Lime one", QUESTION)
    second = desk.drafted("li@ahead.example", "Lime in another machine", QUESTION)
    staff = visit("staff")
    staff.open(first)
    staff.loaded()
    keyboard = staff.page.keyboard
    keyboard.press(":")
    keyboard.type(f"#{second}")
    _at_once(staff, "Enter", "q", *"Please shorter, h and a")  # the other ticket is still on its way
    comment = staff.page.get_by_role("textbox", name="What should change?")
    expect(comment).to_have_value("Please shorter, h and a")
    expect(staff.headline).to_contain_text(f"#{second}")
    expect(comment).to_be_focused()
    keyboard.press("Control+Enter")
    until(lambda: desk.ticket(second)["draft"]["version"] == 2, "the second version")
    assert desk.ticket(first)["draft"]["version"] == 1


def test_a_key_that_decides_spares_a_draft_nobody_saw(desk: RunningDesk, visit: Visit) -> None:
    seen, unseen = (desk.drafted(f"{name}@unseen.example", "Lime, unseen", QUESTION) for name in ("jo", "li"))
    staff = visit("staff")
    staff.open(seen)
    staff.loaded()
    keyboard = staff.page.keyboard
    keyboard.press("Control+k")
    keyboard.type(f"#{unseen}")
    _at_once(staff, "Enter", "a")
    staff.says(re.compile("Nothing was decided: another draft came up"))
    expect(staff.headline).to_contain_text(f"#{unseen}")
    assert {desk.ticket(number)["draft"]["status"] for number in (seen, unseen)} == {"waiting"}
    staff.press("a", staff.page.get_by_text(re.compile(r"^(Sending|Sent) .*li@unseen\.example")))
    until(lambda: desk.ticket(unseen)["draft"]["status"] == "approved", "the approval")
    assert desk.ticket(seen)["draft"]["status"] == "waiting"


@pytest.mark.parametrize("after", [0, 40, 200, 800])
def test_a_key_pressed_as_a_ticket_wakes_acts_once(desk: RunningDesk, visit: Visit, after: int) -> None:
    number = desk.drafted(f"jo@wake{after}.example", "Lime, asleep", QUESTION)
    with desk.database.transaction() as session:
        person = session.exec(select(User).where(User.demo, User.role == Role.STAFF)).first()
        assert person
        work.snooze(session, person, number, now() + timedelta(hours=1))
    staff = visit("staff")
    staff.open(number)
    expect(staff.button("Wake")).to_be_visible()
    staff.settled()
    staff.press_as_it_appears("n", "Awake again.", after)
    staff.page.keyboard.press("s")  # opens no field here: what follows is a key
    expect(staff.page.get_by_role("textbox", name="Internal note")).to_be_focused()
    expect(staff.page.get_by_role("textbox", name="Internal note")).to_have_value("")


def test_no_key_acts_with_another_modifier_in_a_dialog_or_while_composing(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@modifier.example", "Lime", QUESTION)
    staff = visit("staff")
    staff.open(number)
    staff.settled()
    keyboard, page = staff.page.keyboard, staff.page
    for name in ("Alt+e", "Shift+e", "Meta+e", "Control+e", "Shift+q", "Control+Shift+k"):
        keyboard.press(name)
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'e', keyCode: 229, bubbles: true}))")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'e', isComposing: true, bubbles: true}))")
    staff.press("h", page.get_by_role("dialog", name="Keys"))
    expect(page.get_by_role("dialog")).to_contain_text("approve and stay on the ticket")
    assert not barriers(page)
    keyboard.press("e")
    keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    staff.settled()
    expect(staff.editor).to_have_count(0)
    # the character counts, not its place: on a French keyboard a 2 needs Shift, a Russian E has another letter
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '2', code: 'Digit2', shiftKey: true, bubbles: true}))"
    )
    expect(page.get_by_role("tab", name="Customer")).to_have_attribute("aria-selected", "true")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'у', code: 'KeyE', bubbles: true}))")
    expect(staff.editor).to_be_focused()
    keyboard.press("Escape")
    expect(staff.editor).not_to_be_focused()


def test_the_palette_finds_commands_screens_and_tickets(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@palette.example", "Lime by palette", QUESTION)
    manager = visit("manager")
    manager.open(number)
    manager.loaded()
    page = manager.page
    page.keyboard.press("Control+k")
    options = page.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(options.filter(has_text="Approve and next")).to_contain_text("Ctrl")
    assert not barriers(page)
    page.keyboard.type("zzzz")
    expect(options).to_have_count(1)  # the search
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Command, screen, view or ticket")).not_to_be_visible()
    _choose(manager, "escalated")
    expect(page).to_have_url(re.compile("view=escalated"))
    _choose(manager, "knowl")
    expect(page.get_by_role("heading", level=1, name="Knowledge")).to_be_visible()
    _choose(manager, f"#{number}")
    expect(manager.headline).to_contain_text(f"#{number}")
    _choose(manager, "write a note")
    expect(page.get_by_role("textbox", name="Internal note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Internal note")).to_have_count(0)
