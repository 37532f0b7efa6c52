"""A browser without a live session, and a page of another site, get nothing (the routes themselves: tests/web)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from tests.browser.conftest import Visit
from tests.browser.desk import ROOT, RunningDesk
from tests.browser.visitor import Visitor
from triage.accounts import demo, sessions
from triage.accounts.cookies import SESSION_COOKIE
from triage.models import LoginSession, Role, User, now
from triage.settings import load_settings

ADDRESSES = [
    "",
    *sorted(path.stem for path in Path(ROOT / "pages").glob("*.py")),
    "pages/inbox",
    "?view=all&ticket=1",
    "knowledge?article=new",
]
FOREIGN = "http://127.0.0.1:5999"  # the browser sends the desk's cookie from here too: cookies know no ports
SOCKET = """address => new Promise(done => {
    const socket = new WebSocket(address);
    socket.onopen = () => done('opened');
    socket.onclose = socket.onerror = () => done('refused');
})"""
FETCH = "([address, method]) => fetch(address, {method, credentials: 'include'}).then(answer => answer.text(), () => 'refused')"


def _cookie(desk: RunningDesk, *, expired: bool = False) -> str:
    """The cookie of a manager's session."""
    settings = load_settings(home=desk.home, demo=True)
    with desk.database.transaction() as session:
        value = sessions.create(session, demo.person(session, Role.MANAGER, settings), settings=settings)
        if expired:
            row = session.exec(select(LoginSession).order_by(col(LoginSession.created_at).desc())).first()
            assert row
            row.expires_at = now() - timedelta(minutes=1)
            session.add(row)
    return value


def _carry(visitor: Visitor, desk: RunningDesk, value: str) -> None:
    visitor.page.context.add_cookies(
        [{"name": SESSION_COOKIE, "value": value, "url": desk.address, "httpOnly": True, "sameSite": "Lax"}]
    )


@pytest.mark.parametrize("cookie", ["none", "tampered", "expired"])
def test_every_address_leads_a_stranger_to_the_sign_in_page(desk: RunningDesk, visit: Visit, cookie: str) -> None:
    stranger = visit()
    if cookie != "none":
        value = _cookie(desk, expired=cookie == "expired")
        _carry(stranger, desk, value if cookie == "expired" else value[:-6] + ("AAAAAA" if value[-6:] != "AAAAAA" else "BBBBBB"))
    for address in ADDRESSES:
        stranger.page.goto(f"/{address}")
        expect(stranger.page).to_have_url(re.compile(r"/login"))
        expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(stranger.page.get_by_test_id("stApp")).to_have_count(0)


def test_the_same_cookie_untouched_opens_the_desk(desk: RunningDesk, visit: Visit) -> None:
    manager = visit()
    _carry(manager, desk, _cookie(desk))
    manager.page.goto("/")
    expect(manager.queue).to_be_visible()


def test_a_page_of_another_site_gets_nothing_although_its_reader_is_signed_in(desk: RunningDesk, visit: Visit) -> None:
    manager = visit("manager")
    page = manager.page
    page.route(f"{FOREIGN}/**", lambda route: route.fulfill(content_type="text/html", body="<h1>Win a coffee machine</h1>"))
    page.goto(f"{FOREIGN}/")
    stream = desk.address.replace("http", "ws") + "/_stcore/stream"
    assert page.evaluate(SOCKET, stream) == "refused"
    for address in ("/", "/inbox", "/_stcore/host-config", "/attachments/1"):
        assert page.evaluate(FETCH, [desk.address + address, "GET"]) == "refused"
    for address in ("/logout", "/account", "/login/demo"):
        assert page.evaluate(FETCH, [desk.address + address, "POST"]) == "refused"
    manager.errors.clear()  # the browser's own words about what it refused
    page.goto("/")
    expect(manager.queue).to_be_visible()  # nobody signed the manager out
    assert page.evaluate(SOCKET, stream) == "opened"


def test_staff_get_nothing_of_what_only_managers_see(desk: RunningDesk, visit: Visit) -> None:
    staff = visit("staff")
    for address in ("guardrails", "quality"):
        staff.page.goto(f"/{address}")
        expect(staff.page.get_by_role("link", name="Inbox", exact=True)).to_be_visible()
        staff.settled()
        expect(staff.page.get_by_role("heading", level=1, name=address.capitalize())).to_have_count(0)
    staff.page.goto("/settings?part=people")
    staff.settled()
    expect(staff.page.get_by_text("marco@larkfield.example")).to_have_count(0)
    with desk.database.read() as session:
        assert session.exec(select(User).where(User.email == "marco@larkfield.example")).one()
    staff.errors.clear()  # the browser's own words about pages that are not there
