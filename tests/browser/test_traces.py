"""From a red number to the input of the step that decided, and what a person does with a run then: in a real browser."""

import json
import re

from playwright.sync_api import Locator, expect
from sqlmodel import select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from tests.browser.visitor import Visitor
from triage.models import BadAnswer, Outbox, Run, Ticket

MOST_CLICKS = 4


class Counted:
    """A visitor whose clicks are counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.clicks = visitor, 0

    def click(self, what: Locator) -> None:
        self.visitor.settled()
        what.click()
        self.clicks += 1


def _dear(desk: RunningDesk) -> tuple[int, str]:
    """The demo's ticket that cost three times the usual, and its run."""
    with desk.database.read() as session:
        found = session.exec(select(Ticket.id, Run.id).join(Run).where(Ticket.source_id == "demo-trial-6")).one()
        return found[0] or 0, found[1]


def test_from_a_red_number_to_the_failing_steps_input_in_four_clicks(desk: RunningDesk, visit: Visit) -> None:
    manager = visit("manager")
    counted = Counted(manager)
    counted.click(manager.page.get_by_role("link", name="Metrics", exact=True))
    counted.click(manager.button("Escalated"))
    counted.click(manager.page.get_by_role("dialog").get_by_role("link", name="step to look at").first)
    manager.says(re.compile("^The step to look at: "))
    expect(manager.page.get_by_text("What went in", exact=True)).to_be_in_viewport()
    assert counted.clicks <= MOST_CLICKS
    manager.errors.clear()  # the browser's own words about a page that was opened by its address


def test_why_a_ticket_was_dear_and_what_is_done_about_it(desk: RunningDesk, visit: Visit) -> None:
    ticket, run_id = _dear(desk)
    admin = visit("admin")
    admin.open(ticket)
    counted = Counted(admin)
    counted.click(admin.page.get_by_role("tab", name="Why"))
    counted.click(admin.page.get_by_role("link", name="Step to look at"))
    admin.says(re.compile(r"It cost [3-9]\.\d times the usual for warranty repair"))
    admin.says(re.compile("It was escalated because .*the reviewer still asks"))
    admin.says("The step to look at: the review was not content.")
    step = admin.page.locator(".st-key-box_step")
    expect(step.get_by_text(re.compile(r"It cost [3-9]\.\d times the usual"))).to_be_in_viewport()
    assert counted.clicks <= MOST_CLICKS
    _searches(admin)
    _replays(admin)
    _reports(desk, admin, run_id)
    _forks(desk, admin, run_id)
    admin.errors.clear()


def _searches(admin: Visitor) -> None:
    page = admin.page
    page.get_by_label("Search in this run").fill("telephone")
    page.keyboard.press("Enter")
    admin.says(re.compile(r"^\d of \d+ steps$"))
    steps = page.get_by_role("listbox", name=re.compile("Steps of this run"))
    found = steps.get_by_role("option", name=re.compile("found"))
    expect(found.first).to_be_visible()
    admin.settled()
    found.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(steps.get_by_role("option", selected=True)).not_to_have_accessible_name(re.compile("trial-large.*3,2"))
    admin.settled()
    admin.button("Next").click()
    expect(page.locator("mark.td-found").first).to_be_visible()


def _replays(admin: Visitor) -> None:
    admin.settled()
    admin.button("Replay").click()
    admin.says(re.compile(r"^Identical, \d+ steps"))
    with admin.page.expect_download() as download:
        admin.button("Export").click()
    head = json.loads(download.value.path().read_text(encoding="utf-8").splitlines()[0])
    assert head["format"] == "triage-recording"


def _reports(desk: RunningDesk, admin: Visitor, run_id: str) -> None:
    admin.button("Report a bad answer").click()
    admin.page.get_by_text("Does not answer what was asked").click()
    admin.settled()
    admin.button("Report it").click()
    admin.says("Reported; the team is told.")
    with desk.database.read() as session:
        assert session.exec(select(BadAnswer.reason).where(BadAnswer.run_id == run_id)).one() == "incomplete"
    admin.page.keyboard.press("Escape")


def _forks(desk: RunningDesk, admin: Visitor, run_id: str) -> None:
    """From the review that was not content: as if it had been."""
    page = admin.page
    page.goto(f"/traces?run={run_id}&step=deciding")
    admin.settled()
    admin.button("Fork from this step").click()
    page.get_by_text("This step’s answer").click()
    answer = page.get_by_role("textbox", name="What came out, as JSON")
    expect(answer).to_be_visible()
    admin.settled()
    answer.fill('{"verdict": "approve", "notes": [], "unanswered": [], "confidence": 0.95}')
    admin.button("Run the fork").click()
    admin.says("Fork: cannot be sent.")
    admin.says(re.compile("They first differ at step 12, “Reviewer checks”"))
    page.get_by_role("link", name=re.compile("^run ")).last.click()
    admin.says(re.compile("and tried another answer of the last step taken over"))
    page.get_by_role("link", name="Compare with the original").click()
    admin.says("Step by step")
    with desk.database.read() as session:
        fork = session.exec(select(Run).where(Run.parent_id == run_id)).one()
        assert fork.outcome == "awaiting_approval" and session.get_one(Ticket, fork.ticket_id).status == "escalated"
        assert not session.exec(select(Outbox.id).where(Outbox.ticket_id == fork.ticket_id)).all()
