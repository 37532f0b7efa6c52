"""Reviewer signals by keyboard: switched on by oneself, an exercise met in the queue, told at once, seen by managers only when shared."""

import random
import re

from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from triage.models import Outbox, Role, User
from triage.reviewing import consent, copies, making
from triage.reviewing.consent import Word
from triage.settings import load_settings


def test_an_exercise_is_met_in_the_queue_and_told_at_once(desk: RunningDesk, visit: Visit) -> None:
    with desk.database.transaction() as session:
        nadia = session.exec(select(User).where(User.role == Role.STAFF, User.demo)).first()
        assert nadia
        consent.say(session, nadia, Word.OFF)
    staff = visit("staff")
    page = staff.page
    page.goto("/you?part=signals")
    expect(page.get_by_text("Here you would see")).to_be_visible()
    staff.settled()
    page.get_by_role("radio", name="For me alone").click(force=True)
    expect(page.get_by_role("heading", name="Faster than reading")).to_be_visible()
    with desk.database.transaction() as session:
        made = making.make(session, load_settings(home=desk.home), nadia, random.Random(5))
        assert made
        mails = len(session.exec(select(Outbox)).all())
        subject = copies.ticket(made).subject
    page.goto("/")
    staff.loaded()
    staff.row(subject).first.click()
    expect(staff.headline).to_contain_text(f"#{made.ticket_id}")
    staff.press("a", page.get_by_text(re.compile("This was an exercise, and this one got past you")))
    expect(page.get_by_text(made.told)).to_be_visible()
    with desk.database.read() as session:
        assert len(session.exec(select(Outbox)).all()) == mails
    page.goto("/you?part=signals")
    expect(page.get_by_text("0 of 1 caught")).to_be_visible()
    manager = visit("manager")
    manager.goto("Metrics")
    expect(manager.page.get_by_text("Nadia Brandt").filter(visible=True)).to_have_count(0)
