"""What the review desk promises to the people who work at it, in a real browser."""

import re

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage.accounts import passwords, users
from triage.batches import forming
from triage.models import Draft, Gap, Role, Run, Ticket, User
from triage.settings import load_settings

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"
MINE = "My own closing words, not yet sent."
PASSWORD = "correct horse battery"
BOTH = ((1280, "light"), (900, "dark"))
SCREENS = {
    "staff": ["Inbox", "New ticket", "Metrics", "Knowledge", "Traces"],
    "manager": ["Inbox", "New ticket", "Metrics", "Knowledge", "Guardrails", "Traces", "Settings"],
    "admin": ["Inbox", "New ticket", "Metrics", "Knowledge", "Guardrails", "Traces", "Settings"],
}


def test_the_second_decision_is_refused_and_its_text_is_kept(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@second.example", "Descaling", QUESTION)
    staff, manager = visit("staff", frozen=True), visit("manager")
    staff.open(number)
    staff.press("e", staff.editor)
    staff.editor.press_sequentially(MINE)
    manager.open(number)
    expect(manager.headline).to_contain_text(re.compile("Nadia Brandt is (also looking|writing)"))
    staff.settled()
    staff.page.clock.pause_at(staff.now() + 1000)  # this tab hears nothing new from now on
    manager.press("Control+Enter", manager.page.get_by_text(re.compile(r"^(Sending|Sent) .*jo@second\.example")))
    staff.editor.press("Control+Enter")
    staff.page.clock.resume()
    staff.says(re.compile(r"Somebody was first\. .*Marco Vidal"))
    own = staff.page.get_by_role("textbox", name="Your reply")  # once the other reply has left, the text waits in the composer
    kept = staff.page.get_by_test_id("stCode").filter(has_text=MINE).or_(own)
    expect(kept).to_be_visible()
    assert MINE in (own.input_value() if own.is_visible() else kept.inner_text())
    assert MINE not in desk.letter("jo@second.example").get_content()


def test_undo_brings_the_text_back(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@undo.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    staff.press("e", staff.editor)
    staff.editor.press_sequentially(MINE)
    staff.editor.press("Control+Enter")
    expect(staff.button("Undo")).to_be_visible()
    staff.press("z", staff.page.get_by_text("Taken back; nothing was sent."))
    expect(staff.headline).to_contain_text(f"#{number}")
    staff.says(MINE)
    staff.says("Sending was undone by Nadia Brandt.")
    assert desk.ticket(number)["draft"] == desk.ticket(number)["draft"] | {"version": 2, "status": "waiting"}
    assert not desk.letters("jo@undo.example")


def test_a_request_for_changes_brings_a_second_version(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@changes.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    comment = staff.page.get_by_role("textbox", name="What should change?")
    staff.press("q", comment)
    comment.fill("Please mention that vinegar attacks the seals.")
    staff.button("Send back").click()
    until(lambda: desk.ticket(number)["draft"]["version"] == 2, "the second version")
    staff.says(re.compile("^(Draft|Holding reply|Question back) 2"))
    staff.says("vinegar attacks the seals")


def test_a_reload_in_the_middle_of_an_edit_loses_nothing(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@reload.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    staff.press("e", staff.editor)
    staff.editor.press_sequentially(MINE)
    staff.page.reload()
    staff.says("Your text is back")
    expect(staff.editor).to_have_value(re.compile(re.escape(MINE)))


def test_no_key_acts_while_somebody_types(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@typing.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    staff.press("e", staff.editor)
    staff.editor.fill("")
    keys = "aAeEdDqQjJkKxXzZhH1234/"
    staff.editor.press_sequentially(keys)
    expect(staff.editor).to_have_value(keys)
    search = staff.page.get_by_role("textbox", name="Search")
    search.focus()  # leaving the editor keeps its text, which draws the page once more while the search is typed
    search.press_sequentially(keys)
    expect(search).to_have_value(keys)
    staff.settled()
    expect(staff.headline).to_contain_text(f"#{number}")
    expect(staff.page.get_by_role("dialog")).to_have_count(0)
    expect(staff.button("Send back")).to_have_count(0)
    expect(staff.button("Reject the draft")).to_have_count(0)
    assert desk.ticket(number)["draft"]["status"] == "waiting"


def test_a_person_who_is_switched_off_is_stopped_at_the_next_click(desk: RunningDesk, visit: Visit) -> None:
    with desk.database.transaction() as session:
        user = users.create(session, email="lee@larkfield.example", name="Lee Park", role=Role.STAFF, actor="test")
        user.password_hash = passwords.hashed(PASSWORD)
    lee, admin = visit(frozen=True), visit("admin")
    lee.sign_in_by_password("lee@larkfield.example", PASSWORD)
    lee.page.clock.pause_at(lee.now() + 1000)  # left alone, the page would be sent away within seconds by itself
    admin.goto("Settings")
    admin.page.get_by_role("radio", name="People").click()
    person = admin.page.locator("[class*=st-key-box_person]").filter(has_text="Lee Park")
    person.get_by_role("button", name="Switch off").click()
    expect(person).to_contain_text("switched off")
    lee.page.get_by_role("link", name="Knowledge", exact=True).click()
    lee.page.clock.resume()
    expect(lee.page).to_have_url(re.compile("/login"))
    expect(lee.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not barriers(lee.page)
    lee.errors = [line for line in lee.errors if "401" not in line and "WebSocket" not in line]
    with desk.database.read() as session:
        assert session.exec(select(User).where(User.name == "Lee Park")).one().disabled_at


@pytest.mark.parametrize("role", SCREENS)
def test_every_screen_opens_fits_and_keeps_nobody_out(role: str, desk: RunningDesk, visit: Visit) -> None:
    somebody = visit(role)
    for name in SCREENS[role]:
        somebody.goto(name)
        parts = somebody.page.get_by_role("radiogroup", name="Part").get_by_role("radio")
        for part in range(max(1, parts.count())):
            if part:
                parts.nth(part).click()
            _looks_right(somebody, *(BOTH if role == "admin" else BOTH[1:]))  # most of what the others see, an admin sees


def test_what_lists_and_menus_lead_to_fits_and_keeps_nobody_out(desk: RunningDesk, visit: Visit) -> None:
    admin = visit("admin")
    for place in _inner_places(desk):
        admin.page.goto(place)
        expect(admin.page.get_by_role("link", name="Knowledge", exact=True)).to_be_visible()
        _looks_right(admin, *BOTH)
    admin.errors.clear()  # the browser's own words about pages that were opened by their address


def _inner_places(desk: RunningDesk) -> list[str]:
    """What lists and menus lead to: articles, gaps, findings, runs, oneself, and a ticket of each kind."""
    with desk.database.read() as session:
        tickets = {status: number for number, status in session.exec(select(Ticket.id, Ticket.status))}
        run, gap = session.exec(select(Run.id).limit(1)).one(), session.exec(select(Gap.id).limit(1)).one()
        admin = session.exec(select(User).where(User.role == Role.ADMIN, User.demo)).one()
        waiting = select(Draft, Ticket).join(Ticket, Ticket.draft_id == Draft.id).where(Draft.status == "waiting")  # type: ignore[arg-type]
        like = max(session.exec(waiting), key=lambda pair: forming.alike(session, pair[1], pair[0]))[1].id
    with desk.database.transaction() as session:
        batch = forming.form_alike(session, load_settings(home=desk.home, demo=True), admin, like or 0).id
    article = "/knowledge?article=descale-your-machine"
    return [
        *(f"/?view=all&ticket={number}" for number in tickets.values()), "/?view=incidents", f"/?view=all&batch={batch}",
        "/you", "/you?part=choices", "/you?part=account", "/knowledge?part=edits&became=set",
        article, f"{article}&tab=edit", f"{article}&tab=versions", f"/knowledge?part=gaps&gap={gap}",
        "/knowledge?part=gaps&show=conflicts", "/knowledge?part=gaps&show=stale", f"/traces?run={run}",
        "/guardrails?part=policy", "/guardrails?part=apis",
    ]  # fmt: skip


def _looks_right(somebody: Visitor, *looks: tuple[int, str]) -> None:
    """At each width and in each scheme: drawn without an error, no wider than the window, and open to everybody."""
    page = somebody.page
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
        somebody.settled()
        expect(page.get_by_role("navigation", name="Screens")).to_have_count(1)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        expect(page.get_by_text("That did not work")).to_have_count(0)
        wide = "() => [document.documentElement, document.body, ...document.querySelectorAll('[data-testid=stMain]')].every(e => e.scrollWidth <= e.clientWidth)"
        page.wait_for_function(wide)
        assert not (found := barriers(page)), "\n".join([page.url, scheme, *found])
