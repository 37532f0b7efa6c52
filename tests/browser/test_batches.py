"""Approving many at once, and a trainee's first reply: by keyboard and by mouse, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, expect
from sqlmodel import Session, select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage.drafts import own_replies
from triage.models import BatchMember, Decision, Draft, Role, Ticket, User

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"


def part(visitor: Visitor, key: str) -> Locator:
    return visitor.page.locator(f"[class*=st-key-{key}]")


@pytest.mark.parametrize("after", [0, 40, 200, 800])
def test_a_key_pressed_as_a_batch_is_drawn_acts_once(desk: RunningDesk, visit: Visit, after: int) -> None:
    staff = visit("staff")
    staff.open(_alike(desk)[0])
    staff.settled()
    staff.press_as_it_appears("j", "First decide", after)
    staff.page.keyboard.press("b")
    rows = staff.queue.get_by_role("option")
    expect(rows.first).to_have_attribute("aria-selected", "true")  # the next one of none is the first; twice were the second
    expect(staff.headline).to_contain_text(f"#{rows.first.get_attribute('data-id')}")
    staff.settled()
    expect(rows.first).to_have_attribute("aria-selected", "true")


def test_like_drafts_are_approved_together_after_one_by_itself(desk: RunningDesk, visit: Visit) -> None:
    first, *others = _alike(desk)
    staff = visit("staff")
    staff.open(first)
    staff.press("b", staff.page.get_by_text("First decide"))
    assert not barriers(staff.page)
    staff.press("Control+Enter", staff.page.get_by_text("One of a batch."))
    staff.press("Control+Enter", staff.page.get_by_text("you approved it by itself"))
    staff.settled()
    boxes = part(staff, "batch_rest").get_by_role("checkbox")
    count = boxes.count()
    boxes.first.uncheck(force=True)
    staff.button(f"Approve {count - 1} drafts").click()
    staff.says("Approved together.")
    staff.press("z", staff.page.get_by_text(re.compile("^Taken back")))
    with desk.database.read() as session:
        members = session.exec(select(BatchMember).where(BatchMember.state == "approved")).all()
        undone = session.exec(select(Decision).where(Decision.undone_at.is_not(None))).all()  # type: ignore[union-attr]
    assert len(members) == count - 1 >= 2
    assert {member.decision_id for member in members} <= {decision.id for decision in undone}
    staff.page.goto("/?view=all&find=descale")
    staff.loaded()
    for _ in range(2):
        staff.page.keyboard.press("j")
        staff.settled()
        staff.page.keyboard.press("x")
    expect(staff.page.get_by_text("2 selected")).to_be_visible()
    staff.page.locator("[data-clear]").click()
    expect(staff.page.get_by_text("2 selected")).to_be_hidden()
    assert others


def test_a_trainees_reply_waits_comes_back_and_is_sent(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@trainee.example", "Descaling", QUESTION)
    manager, staff = visit("manager"), visit("staff")
    manager.goto("Settings")
    manager.turn_to("Trainees", part(manager, "box_trainee_"))
    assert not barriers(manager.page)
    part(manager, "box_trainee_").filter(has_text="Nadia Brandt").get_by_text("Trainee", exact=True).click()
    manager.says("Nadia Brandt is a trainee now.")
    try:
        staff.open(number)
        staff.says("You are a trainee.")
        staff.press("e", staff.editor)
        staff.editor.press("Control+End")
        staff.editor.press_sequentially("\nMy first reply.")
        staff.button("Hand in").click()
        staff.button("Hand over").click()
        manager.open(number)
        manager.says(re.compile(r"Written by Nadia Brandt \(trainee\)"))
        comment = manager.page.get_by_role("textbox", name="What should change?")
        manager.press("q", comment)
        comment.fill("Leave the last line out.")
        manager.button("Send back").click()
        until(lambda: desk.ticket(number)["status"] == "rejected", "the reply to come back")
        staff.open(number)
        staff.says(re.compile("Your reply came back.*Leave the last line out"))
        own = staff.page.get_by_role("textbox", name="Your reply")
        expect(own).to_have_value(re.compile("My first reply"))
        own.fill(own.input_value().replace("\nMy first reply.", ""))
        own.press("Control+Enter")
        until(lambda: desk.ticket(number)["status"] == "awaiting_approval", "the second try")
        manager.open(number)
        manager.says("4 of 4 facts supported")
        manager.settled()
        expect(part(manager, "acks")).to_have_count(0)  # thanks and the invitation to write again are no facts
        manager.press("Control+Enter", manager.page.get_by_text(re.compile(r"^(Sending|Sent) .*jo@trainee\.example")))
        assert "My first reply" not in desk.letter("jo@trainee.example").get_content()
        staff.goto("Metrics")
        staff.says("Your replies that a colleague decided")
    finally:
        with desk.database.transaction() as session:
            _released(session)


def _released(session: Session) -> None:
    people = {person.name: person for person in session.exec(select(User).where(User.demo))}
    manager = next(person for person in people.values() if person.role == Role.MANAGER)
    own_replies.set_trainee(session, manager, people["Nadia Brandt"].id or 0, False)


def _alike(desk: RunningDesk) -> list[int]:
    """The demo's tickets that ask the same, those that still wait."""
    with desk.database.read() as session:
        found = select(Ticket.id).join(Draft, Draft.id == Ticket.draft_id).where(Draft.alike != "", Draft.status == "waiting")  # type: ignore[arg-type]
        tickets = session.exec(found.where(Ticket.source_id.startswith("demo-alike")).order_by(Ticket.id)).all()  # type: ignore[union-attr, arg-type]
    assert len(tickets) >= 4
    return [number for number in tickets if number is not None]
