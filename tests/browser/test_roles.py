"""Each row of the table of roles, seen by each role: what is there, what may be done, and what an address does not open."""

import re

from playwright.sync_api import expect
from sqlmodel import col, select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from tests.browser.visitor import Visitor
from triage.models import Draft, Status, Ticket

ARTICLE = "/knowledge?article=descale-your-machine"
MANAGERS_ONLY = ["Guardrails", "Settings"]


def _sensitive(desk: RunningDesk) -> int:
    """A ticket whose draft only a manager decides."""
    with desk.database.read() as session:
        waiting = select(Ticket.id).join(Draft, col(Draft.id) == Ticket.draft_id).where(Draft.status == "waiting")
        return int(session.exec(waiting.where(Ticket.status == Status.ESCALATED).limit(1)).one() or 0)


def _routine(somebody: Visitor, desk: RunningDesk, role: str) -> None:
    """Row one: everybody works the inbox and decides routine drafts."""
    number = desk.drafted(f"{role}@roles.example", "How to descale", "How often should I descale my Lark Duo?")
    somebody.open(number)
    expect(somebody.button("Approve and next")).to_be_visible()
    somebody.press("a", somebody.page.get_by_text(re.compile(r"^(Sending|Sent) .*@roles\.example")))
    assert desk.ticket(number)["draft"]["status"] == "approved"


def _open_directly(somebody: Visitor, address: str) -> None:
    somebody.page.goto(address)
    expect(somebody.page.get_by_role("link", name="Knowledge", exact=True)).to_be_visible()
    somebody.settled()


def test_staff(desk: RunningDesk, visit: Visit) -> None:
    staff = visit("staff")
    page = staff.page
    _routine(staff, desk, "staff")
    staff.open(_sensitive(desk))
    staff.says("This draft needs a manager.")
    expect(staff.button("Hand to a manager")).to_be_visible()
    staff.press("a", page.get_by_text("Not possible here: approve and stay on the ticket."))
    expect(staff.button("Approve and next")).to_have_count(0)
    staff.goto("Metrics")
    expect(page.get_by_role("button", name="Person")).to_have_count(0)
    for name in MANAGERS_ONLY:
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    for address in ("/guardrails?part=policy", "/settings?part=people"):
        _open_directly(staff, address)
        expect(page.get_by_role("heading", level=1, name="Guardrails")).to_have_count(0)
        expect(page.get_by_role("button", name="Switch off")).to_have_count(0)
    _open_directly(staff, f"{ARTICLE}&tab=edit")
    expect(page.get_by_role("textbox", name="Text (Markdown)")).to_have_count(0)
    staff.goto("Traces")
    staff.errors.clear()  # the browser's own words about addresses that lead nowhere


def test_manager(desk: RunningDesk, visit: Visit) -> None:
    manager = visit("manager")
    page = manager.page
    _routine(manager, desk, "manager")
    manager.open(_sensitive(desk))
    expect(manager.button("Approve and next")).to_be_visible()
    _open_directly(manager, f"{ARTICLE}&tab=edit")
    expect(page.get_by_role("textbox", name="Text (Markdown)")).to_have_count(0)
    manager.goto("Guardrails")
    _open_directly(manager, "/settings?part=people")
    expect(page.get_by_role("radio", name="People")).to_have_count(0)
    expect(page.get_by_role("button", name="Switch off")).to_have_count(0)
    manager.goto("Metrics")
    manager.goto("Traces")
    manager.errors.clear()


def test_admin(desk: RunningDesk, visit: Visit) -> None:
    admin = visit("admin")
    page = admin.page
    _routine(admin, desk, "admin")
    admin.open(_sensitive(desk))
    expect(admin.button("Approve and next")).to_be_visible()
    _open_directly(admin, f"{ARTICLE}&tab=edit")
    expect(page.get_by_role("textbox", name="Text (Markdown)")).to_be_visible()
    _open_directly(admin, "/settings?part=people")
    expect(page.get_by_role("button", name="Switch off").first).to_be_visible()
    admin.goto("Guardrails")
    admin.goto("Traces")
    admin.errors.clear()
