"""The whole story, as a newcomer would live it: a customer writes, people decide, the reply leaves once, the numbers move."""

import re
import time

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from tests.browser.visitor import Visitor

PRIYA = "priya@descaling.example"
TOM = "tom@refunds.example"
HERS = "<priya-1@descaling.example>"
OURS = "We wish you many good cups until then."
WORDS = "The quokka setting wakes the boiler at sunrise."
QUESTIONS = ["Which setting wakes the boiler at sunrise?", "What does the quokka setting do?", "Does my boiler wake at sunrise?"]


def test_the_whole_story(desk: RunningDesk, visit: Visit) -> None:
    manager, staff = visit("manager"), visit("staff")
    before = _decisions(manager)
    number = _a_ticket_arrives_by_itself(desk, staff)
    _the_draft_is_read_edited_and_sent(staff, number)
    refund = desk.drafted(
        TOM, "Money back", "Hello,\n\nmy order arrived broken. Please refund me 89 euro to my card right now.\n\nTom"
    )
    _staff_cannot_decide_a_refund(desk, staff, refund)
    _the_manager_decides_it(manager, refund)
    _the_mails_lie_in_the_maildir(desk, number, refund)
    assert _decisions(manager) == before + 2
    _an_article_is_found_as_soon_as_it_is_published(visit("admin"))


def _decisions(manager: Visitor) -> int:
    """How many decisions the tile of the approval step stands on."""
    manager.goto("Metrics")
    tile = manager.button("Approval step, median")
    expect(tile).to_have_accessible_name(re.compile(r"\d decisions"))
    found = re.search(r"([\d,]+) decisions", tile.get_attribute("aria-label") or "")
    assert found
    return int(found[1].replace(",", ""))


def _a_ticket_arrives_by_itself(desk: RunningDesk, staff: Visitor) -> int:
    staff.page.get_by_role("textbox", name="Search").fill(PRIYA)
    staff.page.keyboard.press("Enter")
    expect(staff.queue).to_contain_text("Nothing found")
    body = "Hello,\n\nhow often should I descale my Lark One, and what do I use for it?\n\nThanks, Priya"
    number = desk.send(f"Priya Nair <{PRIYA}>", "Descaling", body, message_id=HERS, channel="email")
    expect(staff.row("Descaling")).to_be_visible()
    expect(staff.row("Descaling")).to_contain_text("well supported")
    return number


def _the_draft_is_read_edited_and_sent(staff: Visitor, number: int) -> None:
    page = staff.page
    staff.row("Descaling").click()
    expect(staff.headline).to_contain_text(f"#{number}")
    sentence = page.get_by_role("button", name="every 3 months").first
    expect(sentence).to_have_attribute("title", re.compile("^Supported by Descale your machine"))
    staff.press("3", page.get_by_role("tabpanel", name="Why"))
    sentence.click()
    evidence = page.get_by_role("tabpanel", name="Evidence")
    expect(evidence).to_be_visible()
    expect(evidence.locator(".lit")).to_contain_text("every 3 months")

    staff.press("e", staff.editor)
    draft = staff.editor.input_value()
    assert draft.startswith("Hello Priya")
    staff.editor.fill(f"{draft.rstrip()}\n\n{OURS}")
    staff.editor.press("Control+Enter")
    staff.says(re.compile(f"^(Sending|Sent) .*{PRIYA}"))


def _staff_cannot_decide_a_refund(desk: RunningDesk, staff: Visitor, refund: int) -> None:
    staff.open(refund)
    staff.says("This draft needs a manager.")
    staff.says("Blocked: Refund of €89.00")
    expect(staff.button("Hand to a manager")).to_be_visible()
    for name in ("Approve", "Send edited", "Reject", "Escalate"):
        expect(staff.button(name)).to_have_count(0)
    for key in ("a", "d", "Control+Enter"):
        staff.page.keyboard.press(key)
    staff.button("Open dossier").click()
    dialog = staff.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Two managers sign this")
    expect(dialog.get_by_role("button", name="Agree")).to_have_count(0)
    assert desk.ticket(refund)["draft"]["status"] == "waiting"


def _the_manager_decides_it(manager: Visitor, refund: int) -> None:
    manager.open(refund)
    manager.button("Open dossier").click()
    dialog = manager.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("The carrier's photograph shows the damage.")
    dialog.get_by_role("button", name="Agree").click()
    expect(dialog).to_have_count(0)
    manager.says("one signature")
    manager.says("needs 1 more signature")
    manager.press("Control+Enter", manager.page.get_by_text(re.compile(f"^(Sending|Sent) .*{TOM}")))


def _the_mails_lie_in_the_maildir(desk: RunningDesk, number: int, refund: int) -> None:
    mail = desk.letter(PRIYA)
    assert mail["To"] == PRIYA and mail["From"] == "Larkfield Coffee Support <support@larkfield.example>"
    assert mail["Subject"] == f"Re: Descaling [#{number}]"
    assert mail["In-Reply-To"] == HERS and mail["References"] == HERS
    assert OURS in mail.get_content() and "every 3 months" in mail.get_content()
    mail = desk.letter(TOM)
    assert mail["Subject"] == f"Re: Money back [#{refund}]"
    assert "refund" not in mail.get_content() and "89" not in mail.get_content()  # a holding reply promises nothing
    assert len(desk.letters(PRIYA)) == len(desk.letters(TOM)) == 1


def _an_article_is_found_as_soon_as_it_is_published(admin: Visitor) -> None:
    page = admin.page
    admin.goto("Knowledge")
    page.get_by_role("textbox", name="Find").fill("Grinder G2")
    page.keyboard.press("Enter")
    page.get_by_role("row", name="Clean the Grinder G2").first.click()
    page.get_by_role("radio", name="Edit", exact=True).click()
    text = page.get_by_role("textbox", name="Text (Markdown)")
    text.fill(f"{text.input_value().rstrip()}\n\n## At sunrise\n\n{WORDS}\n")
    admin.button("Save draft").click()
    admin.button("Publish version").click()
    admin.says(re.compile(r"^Published\. \d passage"))
    expect(admin.button("Publish version")).to_have_count(0)
    page.get_by_role("button", name="All articles").click()
    admin.turn_to("Test search", page.get_by_role("textbox", name="Question"))
    assert any(_seconds_to_find(admin, question) < 3 for question in QUESTIONS), "the test search is slow"


def _seconds_to_find(admin: Visitor, question: str) -> float:
    """How long the test search takes to show the article's new words; a busy machine gets another try."""
    field = admin.page.get_by_role("textbox", name="Question")
    field.fill(question)
    began = time.monotonic()
    field.press("Enter")
    admin.says(f"What agents would be given for “{question}”")
    admin.says(WORDS)
    return time.monotonic() - began
