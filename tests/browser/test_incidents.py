"""Many customers, one matter, as people meet it: offered by the desk, confirmed, told once, each mail with its own name."""

import re

from playwright.sync_api import expect

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from tests.browser.visitor import Visitor

NAMES = ("Ada", "Berit", "Ciro", "Dunja")
MAILS = (
    "My Lark One shows E8 since tonight's firmware update. The update stopped at 60 per cent and E8 stays. What do I do?",
    "Error E8 after the firmware update of last night: my Lark One does not finish the update. How do I get rid of E8?",
    "Since the firmware update tonight the machine shows E8. The update hangs and starts again. Is the update broken?",
    "The firmware update failed on my Lark One and now it shows E8 all the time. Can I stop the update?",
)
REFUND = "E8 since the firmware update tonight on my Lark One. I have had enough, please refund me the 249 euro to my card."
TOLD = "We have stopped the update and a repaired one follows today."


def test_one_text_answers_a_burst_and_names_its_exceptions(desk: RunningDesk, visit: Visit) -> None:
    manager = visit("manager")
    for name, body in zip(NAMES, MAILS, strict=True):
        desk.drafted(f"{name} Example <{name.lower()}@burst.example>", "E8 after the firmware update", body)
    refund = desk.drafted("Egon Example <egon@burst.example>", "E8 after the firmware update", REFUND)
    number = _the_burst_is_offered(desk, manager)
    _it_is_confirmed_and_told(manager, number)
    _it_is_approved_with_its_exception(manager, refund)
    for name in NAMES:
        mail = desk.letter(f"{name.lower()}@burst.example").get_content()
        assert mail.startswith(f"Hello {name},") and TOLD in mail
        assert not any(other in mail for other in NAMES if other != name)
    assert desk.letters("egon@burst.example") == [] and desk.ticket(refund)["status"] == "escalated"
    assert [len(desk.letters(f"{name.lower()}@burst.example")) for name in NAMES] == [1] * 4


def _the_burst_is_offered(desk: RunningDesk, manager: Visitor) -> int:
    """By its chip and by the banner; gives the incident's number in the address."""
    manager.page.get_by_role("textbox", name="Search").fill("firmware update")
    manager.page.keyboard.press("Enter")
    row = manager.row("E8 after the firmware update").first
    expect(row).to_contain_text("incident", timeout=240_000)  # on a busy machine the clock, every two minutes, finds it
    row.click()
    manager.says("Part of an incident")
    manager.button("Open incident").click()
    expect(manager.page.get_by_text("Is this one incident?")).to_be_visible()
    found = re.search(r"incident=(\d+)", manager.page.url)
    assert found
    return int(found[1])


def _it_is_confirmed_and_told(manager: Visitor, number: int) -> None:
    page = manager.page
    assert not barriers(page)
    manager.press("Control+Enter", page.get_by_label("What should they be told?"))
    page.get_by_label("What should they be told?").fill(TOLD)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Text for all, message 1, version 1")).to_be_visible()
    text = page.get_by_role("textbox", name="Text", exact=True)
    manager.press("e", text)
    text.fill(f"Hello {{{{name}}}},\n\n{TOLD}\n\nKind regards\nLarkfield Coffee Support")
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()
    page.reload()
    manager.says("Your text is back")
    expect(text).to_have_value(re.compile(re.escape(TOLD)))
    text.press("Control+Enter")
    expect(page.get_by_text("Text for all, message 1, version 2")).to_be_visible()
    page.set_viewport_size({"width": 900, "height": 900})
    manager.settled()
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert f"incident={number}" in page.url


def _it_is_approved_with_its_exception(manager: Visitor, refund: int) -> None:
    page = manager.page
    left_out = page.locator(".td-card", has_text="Left out:")
    expect(left_out).to_contain_text(f"#{refund}")
    expect(left_out).to_contain_text("an action is blocked: issue refund")
    page.get_by_role("checkbox").check(force=True)
    approve = page.get_by_role("button", name=re.compile(r"^Approve for \d+ customers"))  # the demo may hold a like ticket
    approve.click()
    manager.says(re.compile(r"^Approved for \d+ customers"))
    manager.says(re.compile(r"^Sending .*customers"))
