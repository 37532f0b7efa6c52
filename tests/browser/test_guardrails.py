"""A rule of one's own, tried on past tickets, switched on and taken back; limits and alerts: in a real browser."""

import re

from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from tests.browser.visitor import Visitor
from triage import workspace
from triage.models import Alert, RuleTrial

PARTS = {
    "Change a rule": "Rules of your own", "Budgets": "Refused in 30 days", "Breakers and fallback": "How runs ended",
    "Alerts": "alert", "Quarantine": "Set aside",
}  # fmt: skip


def _part(visitor: Visitor, part: str) -> None:
    visitor.goto("Guardrails")
    visitor.turn_to(part, visitor.page.get_by_text(re.compile(PARTS[part], re.IGNORECASE)).filter(visible=True))
    visitor.settled()


def test_an_admin_tries_a_rule_switches_it_on_and_takes_it_back(desk: RunningDesk, visit: Visit) -> None:
    admin = visit("admin")
    _part(admin, "Change a rule")
    admin.page.get_by_role("textbox", name="Name", exact=True).fill("Grinders")
    admin.page.get_by_role("textbox", name="Words and phrases").fill("grinder*")
    admin.page.keyboard.press("Control+Enter")
    admin.settled()
    admin.button("Add the rule").click()
    admin.says("New rule “Grinders”.")
    admin.button("Try on the last 30 days").click()
    admin.says(re.compile(r"tickets of the last 30 days judged again"))
    expect(admin.page.get_by_text("newly to a manager").filter(visible=True).nth(1)).to_be_visible()
    expect(admin.page.get_by_text(re.compile("says “grinder")).first).to_be_visible()
    admin.page.get_by_role("textbox", name="Why (kept with the version)").fill("Many of them break.")
    admin.button("Switch on").click()
    admin.says("This change is switched on.")
    with desk.database.read() as session:
        trial = session.exec(select(RuleTrial)).one()
        assert trial.status == "done" and trial.done == trial.wanted > 20 and trial.flagged > 0
        assert [rule["name"] for rule in workspace.get(session, "own_rules")] == ["Grinders"]  # type: ignore[attr-defined]
    manager = visit("manager")
    _part(manager, "Change a rule")
    manager.says("Many of them break.")
    assert not manager.button("Back to version").count() and not manager.button("Try on").count()
    admin.button("Back to version 1").click()
    admin.says("Back to version 1.")
    with desk.database.read() as session:
        assert workspace.get(session, "own_rules") == []


def test_a_manager_acknowledges_an_alert_and_an_admin_sets_a_limit(desk: RunningDesk, visit: Visit) -> None:
    with desk.database.transaction() as session:
        session.add(
            Alert(active="test", kind="loop_runs", title="A ticket worked on again and again: #1", detail="9 times in a day.")
        )
    manager = visit("manager")
    expect(manager.page.get_by_role("link", name=re.compile(r"^\d+ alerts?$"))).to_have_attribute(
        "href", "/guardrails?part=alerts"
    )
    _part(manager, "Alerts")
    manager.says("9 times in a day.")
    box = manager.page.locator("[class*=st-key-box_alert]").filter(has_text="9 times in a day.")
    box.get_by_role("textbox", name="What you found or do about it").fill("We tested this.")
    box.get_by_role("button", name="Acknowledge").click()
    manager.says("We tested this.")
    admin = visit("admin")
    _part(admin, "Budgets")
    admin.page.get_by_role("spinbutton").fill("70000")
    admin.page.keyboard.press("Enter")
    admin.settled()
    admin.button("Set it").click()
    admin.says(re.compile("set here; the machine's is 60,000 tokens"))
    admin.button("Back to the machine's").click()
    expect(admin.page.get_by_text("set here")).to_have_count(0)
