"""From a sentence to what it rests on, an edit that is checked while it is typed, what changed meanwhile, and older versions."""

import re

from playwright.sync_api import expect

from knowledge_base import articles
from knowledge_base.embedding import embedder
from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from triage.models import Draft, Ticket

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"
TYPED = "The pump LP-459 was made on 14 May. "


def test_sentences_and_passages_show_each_other_and_typed_figures_are_checked(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@proof.example", "Descaling", QUESTION)
    staff = visit("staff")
    page = staff.page
    staff.open(number)
    staff.loaded()
    staff.settled()
    sentence = page.locator(".td-draft mark[data-sentence]").first
    source = page.locator("[data-passage].lit")
    sentence.click()
    expect(source.first.locator(".carry").first).to_be_visible()
    expect(source.first.locator(".word").first).to_be_visible()
    source.first.locator(".td-source").press("Enter")
    expect(page.locator(".td-draft .lit").first).to_be_visible()
    sentence.focus()
    sentence.press("ArrowRight")
    expect(page.locator(".td-draft mark[data-sentence]").nth(1)).to_be_focused()
    expect(page.locator(".td-draft mark[data-sentence]").nth(1)).to_have_class(re.compile("lit"))
    assert not barriers(page)

    staff.press("e", staff.editor)
    staff.settled()
    before = staff.editor.input_value()
    at = before.index("\n\n") + 2
    staff.editor.evaluate("(area, at) => { area.focus(); area.setSelectionRange(at, at); }", at)
    page.keyboard.type(TYPED)
    expect(page.get_by_text("Checked as you type")).to_contain_text("1 to acknowledge")
    staff.says(re.compile("No source mentions LP-459"))
    assert staff.editor.evaluate("area => [document.activeElement === area, area.selectionStart]") == [True, at + len(TYPED)]
    assert staff.editor.input_value() == before[:at] + TYPED + before[at:]
    expect(page.locator(".td-composer .marks .open.figure").first).to_have_text("LP-459")
    assert staff.editor.evaluate(
        """area => {
          const copy = area.parentElement.querySelector(".marks > div"), mark = copy.querySelector(".open").getBoundingClientRect();
          const field = area.getBoundingClientRect();
          return [copy.textContent === area.value, Math.abs(copy.offsetHeight - area.scrollHeight) <= 2, mark.top > field.top && mark.bottom < field.bottom];
        }"""
    ) == [True, True, True]
    assert not barriers(page)
    staff.editor.press("Control+Enter")
    staff.says("Acknowledge first")
    page.get_by_role("heading", level=1).first.click()
    box = page.get_by_role("checkbox", name=re.compile("I take responsibility"))
    staff.press("u", page.locator("[class*=st-key-td_ack_].lit"))
    page.keyboard.press("u")
    expect(box).to_be_checked()
    staff.settled()
    staff.button("Send edited").click()
    staff.says(re.compile(r"^(Sending|Sent) .*jo@proof\.example"))
    assert TYPED.strip() in desk.letter("jo@proof.example").get_content()


def test_what_changed_is_shown_kept_and_older_versions_come_back(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@lock.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    comment = staff.page.get_by_role("textbox", name="What should change?")
    staff.press("q", comment)
    comment.fill("Make it shorter. Please mention that vinegar attacks the seals.")
    staff.button("Send back").click()
    until(lambda: desk.ticket(number)["draft"]["version"] == 2, "the second version")
    staff.says(re.compile("^(Draft|Holding reply|Question back) 2"))
    staff.says(re.compile("asked the analyst and the writer"))

    with desk.database.transaction() as session:
        draft = session.get_one(Draft, session.get_one(Ticket, number).draft_id)
        article = sorted(draft.article_versions)[0]
        was = articles.version_of(session, article, draft.article_versions[article])
        articles.save_version(session, article, title=was.title, body=f"{was.body}\n\nDescale at dawn only.\n", author="test")
        articles.publish(session, article, author="test", embed=embedder().encode)
    staff.says("Something changed since this draft was written.")
    expect(staff.page.locator(".td-changed ins").first).to_contain_text("Descale at dawn only.")
    assert not barriers(staff.page)
    staff.page.get_by_role("button", name="I have seen it, keep mine").focus()
    staff.page.keyboard.press("Enter")
    staff.says(re.compile("Kept by Nadia Brandt, who has seen what changed"))

    staff.button("All 3 versions").click()
    staff.page.get_by_role("button", name="Bring version 2 back").click()
    staff.says("Nadia Brandt brought version 2 back.")
    assert desk.ticket(number)["draft"]["version"] == 4
