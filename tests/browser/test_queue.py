"""The queue as people use it: search while the page is redrawn, filters, kept views, who writes, and the way back."""

import re

from playwright.sync_api import expect

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"
SEALS = "Good morning,\n\nwhich vinegar may I use on the seals of my grinder, and where do I buy new ones?\n\nQuentin"


def test_searching_filtering_keeping_a_view_and_seeing_who_writes(desk: RunningDesk, visit: Visit) -> None:
    first = desk.drafted("quentin@queue.example", "Zwiebelkuchen and descaling", QUESTION)
    second = desk.drafted("quentin@seals.example", "Zwiebelkuchen, and the seals", SEALS)
    manager, staff = visit("manager"), visit("staff")
    page = manager.page
    search = page.get_by_role("textbox", name="Search")

    manager.press("/", page.locator("input:focus"))
    search.press_sequentially("zwiebelk")  # a word that is not finished
    expect(manager.queue.get_by_role("option")).to_have_count(2)
    expect(page).to_have_url(re.compile("find=zwiebelk"))
    search.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(manager.headline).to_contain_text(re.compile(f"#({first}|{second})"))
    opened = manager.headline.inner_text()
    page.keyboard.press("j")
    expect(manager.headline).not_to_contain_text(opened.split(" ")[0])
    manager.press("j", page.get_by_text("This is the last ticket here."))
    page.go_back()
    expect(manager.headline).to_contain_text(opened.split(" ")[0])
    expect(search).to_have_value("zwiebelk")

    search.fill("from:quentin subject:seals")
    search.press("Enter")
    expect(manager.queue.get_by_role("option")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Filter")).click()
    page.get_by_label("State").select_option("open")
    expect(search).to_have_value(re.compile("is:open"))
    page.get_by_label("Name of this view").fill("Seals of Quentin")
    page.get_by_label("for everybody").check()
    assert not barriers(page)
    page.get_by_role("button", name="Save view").click()

    shared = staff.page.get_by_role("button", name="Seals of Quentin")  # the others' queues show it by themselves
    expect(shared).to_be_visible()
    shared.click()
    expect(staff.queue.get_by_role("option")).to_have_count(1)
    expect(staff.page).to_have_url(re.compile("saved="))
    staff.open(second)
    staff.press("e", staff.editor)
    expect(manager.queue).to_contain_text("is writing a reply")
    page.get_by_role("button", name="Remove view").click()
    expect(page.get_by_role("button", name="Seals of Quentin")).to_have_count(0)

    page.goto("/?view=all")  # at the end of a page the next one follows, and back
    manager.queue.get_by_role("option").last.click()
    expect(page).to_have_url(re.compile("ticket="))
    last = manager.queue.get_by_role("option", selected=True)
    expect(last).to_have_count(1)
    before = last.inner_text()
    manager.press("j", manager.queue.get_by_role("option").first)
    expect(page).to_have_url(re.compile("page=2"))
    expect(manager.queue.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    manager.press("k", manager.queue.get_by_role("option").first)
    expect(page).to_have_url(re.compile("page=1"))
    expect(last).to_contain_text(before.split("\n")[0])
