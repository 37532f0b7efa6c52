"""What people are told and what customers are promised, as somebody at the desk meets it, in a real browser."""

import re

from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from triage.models import Role, TargetPlan, User
from triage.notifications import reading, settings
from triage.tickets import work

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"


def test_a_colleague_is_told_at_once_and_says_how_else_to_be_told(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@told.example", "A word to somebody", QUESTION)
    staff = visit("staff")
    bell, unread = staff.page.get_by_role("button", name="Notifications", exact=True), staff.page.locator(".td-unread")
    with desk.database.transaction() as session:
        manager = session.exec(select(User).where(User.role == Role.MANAGER, User.demo)).first()
        nadia = session.exec(select(User).where(User.name == "Nadia Brandt")).one()
        assert manager
        work.assign(session, manager, number, nadia.id)
    bell.focus()
    staff.press("Enter", staff.page.get_by_text(f"{manager.name} gave you #{number}"))
    with desk.database.transaction() as session:
        work.note(session, manager, number, "@Nadia Brandt please mention the seals.")
    # it came without a reload, and the open panel stayed open
    told = staff.page.get_by_text(f"{manager.name} named you in a note on #{number}")
    expect(told.first).to_be_visible()
    expect(unread).to_have_text(re.compile(r"^\d+ unread notifications$"))
    assert not barriers(staff.page)
    staff.page.keyboard.press("Escape")
    expect(told.first).to_be_hidden()
    expect(bell).to_be_focused()
    staff.press("Enter", told)
    told.first.click()
    expect(staff.headline).to_contain_text(f"#{number}")
    staff.settled()
    bell.click()
    staff.page.get_by_role("button", name="Mark all as read").click()
    until(lambda: not _unread(desk, nadia), "an end of what is unread")
    staff.page.get_by_role("link", name="All notifications").click()
    staff.turn_to("What you are told", staff.page.get_by_role("heading", name="Tell me of"))
    choice = staff.page.get_by_role("checkbox", name="Given to you: E-mail")
    chosen = choice.is_checked()
    staff.page.locator(".st-key-tell_assigned_mail label").click()
    staff.says("Saved.")
    expect(choice).to_be_checked(checked=not chosen)
    staff.errors.clear()  # the browser's own words about a page that was opened by its address
    with desk.database.read() as session:
        assert ("mail" in settings.ways_of(settings.of(session, nadia), "assigned")) is not chosen


def _unread(desk: RunningDesk, user: User) -> int:
    with desk.database.read() as session:
        return reading.unread(session, user)


def test_a_manager_tries_and_changes_what_is_promised(desk: RunningDesk, visit: Visit) -> None:
    boss = visit("manager")
    boss.goto("Settings")
    boss.turn_to("Targets", boss.page.get_by_role("heading", name="Business hours"))
    field = boss.page.get_by_role("textbox", name="Next reply, low").last
    field.fill("19 h")
    field.press("Tab")
    boss.says(re.compile("“Everybody”, low: next reply 19 h instead of 20 h"))
    boss.button("Try on the last 30 days").click()
    boss.page.get_by_role("columnheader", name="With your change").wait_for()
    assert not barriers(boss.page)
    boss.button("Switch on").click()
    boss.says("The targets count from now on.")
    expect(boss.page.get_by_text("counts now")).to_be_visible()
    with desk.database.read() as session:
        newest = session.exec(select(TargetPlan.plan).order_by(TargetPlan.number.desc())).first()  # type: ignore[attr-defined]
    assert newest and newest["policies"][-1]["targets"]["low"]["next_reply"] == 19 * 60  # type: ignore[index]
