"""Writing knowledge in a real browser: nothing typed is lost, two people do not overwrite each other, a second pair of eyes publishes."""

import re

import pytest
from playwright.sync_api import Locator, expect
from sqlmodel import Session, select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage.accounts import passwords, sessions, users
from triage.library.article import load
from triage.models import LoginSession, User, WorkingCopy, now

PASSWORD = "kettle-sings-at-noon"
ARTICLE = "store-beans-and-freshness"
ZEBRA = "A zebra tin keeps opened beans fresh for forty days."


@pytest.fixture
def editors(desk: RunningDesk, visit: Visit) -> tuple[Visitor, Visitor]:
    """Two administrators, each in a browser of their own."""
    with desk.database.transaction() as session:
        known = {user.email for user in users.listing(session)}
        if "ada@larkfield.example" not in known:
            ada = users.create(session, email="ada@larkfield.example", name="Ada Second", role="admin", actor="test")
            ada.password_hash = passwords.hashed(PASSWORD)
    second = visit()
    second.sign_in_by_password("ada@larkfield.example", PASSWORD)
    return visit("admin"), second


def test_an_article_is_written_reviewed_found_compared_and_rolled_back(
    desk: RunningDesk, editors: tuple[Visitor, Visitor]
) -> None:
    author, reviewer = editors
    _write_beside_a_live_preview(author)
    author.button("Save draft").click()
    expect(author.button("Publish version 2")).to_be_visible()
    _ask(author)
    _answer(reviewer)
    before = _newest(desk)
    _found(reviewer)
    _compare_and_roll_back(author, before)


def test_typing_outlives_a_reload_and_another_browser(desk: RunningDesk, editors: tuple[Visitor, Visitor]) -> None:
    author, _ = editors
    text = _open(author, "e5-grinder-jam")
    text.press("Control+End")
    author.page.keyboard.type("\n\n- one\ntwo\n\nHalf a thought")  # Enter goes on with a list, and ends it
    author.page.reload()
    text = _text(author)
    expect(text).to_have_value(re.compile("- one\n- two\nHalf a thought$"))
    expect(author.page.get_by_text("Kept as you type")).to_be_visible()
    author.page.goto("/knowledge")
    author.says("You have not saved")
    author.page.get_by_role("link", name=re.compile("jam", re.IGNORECASE)).first.click()
    expect(_text(author)).to_have_value(re.compile("Half a thought$"))
    desk.database.run_now(_another_tab_writes)
    _append(author, _text(author), ", which the desk does not take")
    author.says("You are writing in this article in another tab as well.")
    _throw_away(author, _text(author))


def test_typing_outlives_the_end_of_the_session_however_it_ends(desk: RunningDesk, editors: tuple[Visitor, Visitor]) -> None:
    _, ada = editors
    text = _open(ada, "two-step-codes")
    for number, end in enumerate((_sign_out_elsewhere, _switch_off_and_on, _expire)):
        _append(ada, text, f" Kept {number},")
        expect(ada.page.get_by_text("Kept as you type")).to_be_visible()
        desk.database.run_now(end)
        ada.page.keyboard.type(f" lost {number}?")
        expect(ada.page).to_have_url(re.compile("/login"))
        ada.fill_in_password("ada@larkfield.example", PASSWORD)
        text = _text(ada)
        expect(text).to_have_value(re.compile(rf" Kept {number}, lost {number}\?$"))  # back where it was, with the last words
    _throw_away(ada, text)


def test_typing_outlives_a_crash_of_the_desk(desk: RunningDesk, visit: Visit) -> None:
    author = visit("admin")
    text = _open(author, "payment-methods")
    _append(author, text, " Before the crash,")
    expect(author.page.get_by_text("Kept as you type")).to_be_visible()
    desk.server.kill()
    author.page.keyboard.type(" during it,")
    desk.server.start()
    expect(author.page.get_by_text("Kept as you type")).to_be_visible()
    _append(author, text, " and after.")
    expect(author.page.get_by_text("Kept as you type")).to_be_visible()
    author.page.goto("/knowledge")  # a page that knows of nothing but what the desk kept
    author.says("You have not saved")
    text = _open(author, "payment-methods")
    expect(text).to_have_value(re.compile(" Before the crash, during it, and after.$"))
    _throw_away(author, text)


def test_the_second_to_save_sees_both_texts_and_merges_them(desk: RunningDesk, editors: tuple[Visitor, Visitor]) -> None:
    first, second = editors
    place = "warehouse-cut-offs"
    mine, theirs = _open(second, place), _open(first, place)
    _append(first, theirs, " Sofia adds this.")
    first.button("Save draft").click()
    first.says("Saved as version")
    mine.press("Control+Home")
    second.page.keyboard.type("Ada begins so. ")
    second.says(re.compile("saved version 2 while you were writing in version 1"))
    expect(mine).to_have_value(re.compile("^Ada begins so"))
    second.button("Merge both").click()
    expect(mine).to_have_value(re.compile(r"^Ada begins so\..*Sofia adds this\.\s*$", re.DOTALL))
    second.button("Save draft").click()
    second.says("Saved as version 3")
    with desk.database.read() as session:
        body = load(session, place).latest.body
    assert body.startswith("Ada begins so.") and body.endswith("Sofia adds this.")
    _clear(first, second)


def test_staff_read_and_suggest_but_find_no_way_to_edit(visit: Visit) -> None:
    staff = visit("staff")
    staff.page.goto(f"/knowledge?article={ARTICLE}&tab=edit")
    expect(staff.page.get_by_role("radio", name="Suggest a change")).to_be_visible()
    for name in ("Save draft", "Publish version", "Still right", "More"):
        expect(staff.button(name)).to_have_count(0)
    expect(staff.page.get_by_role("radio", name="Edit", exact=True)).to_have_count(0)
    expect(_text(staff)).to_have_count(0)
    staff.errors.clear()


# ---- steps


def _write_beside_a_live_preview(author: Visitor) -> None:
    text, page = _open(author, ARTICLE), author.page
    _append(author, text, f"\n\n## Zebra tins\n\n{ZEBRA[:-6]}")
    expect(page.locator(".td-preview h2", has_text="Zebra tins")).to_be_visible()
    expect(text).to_be_focused()  # the preview came while the person was still writing
    page.keyboard.type(ZEBRA[-6:])
    page.get_by_role("radio", name="Passages").click()
    expect(page.get_by_text(ZEBRA).filter(visible=True).first).to_be_visible()
    author.says(re.compile("differ from what is published"))
    page.get_by_role("radio", name="Test search").click()
    question = page.get_by_role("textbox", name="A customer's question")
    question.fill("How long does a zebra tin keep beans fresh?")
    question.press("Enter")
    author.says(re.compile(r"would stand in place 1"))
    author.says(re.compile("^Why: "))


def _ask(author: Visitor) -> None:
    author.button("Ask for a review").click()
    author.page.get_by_role("textbox", name="What should they look at?").fill("Is forty right?")
    author.page.get_by_role("button", name="Send", exact=True).click()
    author.says(re.compile("Version 2 waits for"))
    expect(author.button("Approve and publish")).to_have_count(0)


def _answer(reviewer: Visitor) -> None:
    reviewer.goto("Knowledge")
    reviewer.says("Is forty right?")
    reviewer.page.get_by_role("link", name=re.compile("version 2$")).click()
    reviewer.button("Approve and publish").click()
    reviewer.says(re.compile("^Published"))


def _found(reviewer: Visitor) -> None:
    reviewer.page.goto("/knowledge?part=search&q=zebra+tin+opened+beans+fresh")
    reviewer.says(ZEBRA)
    _clear(reviewer)


def _compare_and_roll_back(author: Visitor, before: int) -> None:
    page = author.page
    page.goto(f"/knowledge?article={ARTICLE}&tab=versions")
    expect(page.locator(".td-sides ins", has_text="zebra tin keeps")).to_be_visible()
    page.get_by_role("radio", name="In one text").click()
    expect(page.locator(".td-diff ins", has_text="zebra tin keeps")).to_be_visible()
    page.goto(f"/knowledge?article={ARTICLE}&tab=versions&v=1")
    author.button("Bring this text back").click()
    author.button(f"Publish version {before + 1}").click()
    author.says(re.compile("^Published"))
    page.goto("/knowledge?part=search&q=zebra+tin+opened+beans+fresh")
    author.says(re.compile("What agents would be given"))
    expect(page.get_by_text(ZEBRA)).to_have_count(0)
    _clear(author)


def _open(visitor: Visitor, article: str) -> Locator:
    visitor.page.goto(f"/knowledge?article={article}&tab=edit")
    text = _text(visitor)
    expect(text).to_be_visible()
    visitor.settled()
    visitor.errors.clear()  # the browser's own words about a page that was opened by its address
    return text


def _text(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("textbox", name="Text (Markdown)")


def _append(visitor: Visitor, text: Locator, words: str) -> None:
    text.press("Control+End")
    visitor.page.keyboard.type(words)


def _throw_away(visitor: Visitor, text: Locator) -> None:
    typed = text.input_value()
    visitor.button("Start over").click()
    visitor.button("Throw it away").click()
    expect(text).not_to_have_value(typed)
    _clear(visitor)  # the browser's own words about pages that were opened by their address, and lost connections


def _another_tab_writes(session: Session) -> None:
    copy = session.exec(select(WorkingCopy).where(WorkingCopy.article == "e5-grinder-jam")).one()
    copy.body, copy.revision = "Something else", copy.revision + 1
    session.add(copy)


def _sign_out_elsewhere(session: Session) -> None:
    sessions.revoke_all(session, _ada(session).id or 0, actor="test")


def _switch_off_and_on(session: Session) -> None:
    users.create(session, email="eve@larkfield.example", name="Eve Third", role="admin", actor="test")  # the last one stays
    users.disable(session, _ada(session), actor="test")
    users.enable(session, _ada(session), actor="test")


def _expire(session: Session) -> None:
    for row in session.exec(select(LoginSession).where(LoginSession.user_id == _ada(session).id)):
        row.expires_at = now()
        session.add(row)


def _ada(session: Session) -> User:
    return users.by_email(session, "ada@larkfield.example")


def _newest(desk: RunningDesk) -> int:
    """The published version, once the second one is."""

    def published() -> int | None:
        with desk.database.read() as session:
            number = load(session, ARTICLE).row.published
        return number if number and number > 1 else None

    return until(published, "the publication of version 2")


def _clear(*visitors: Visitor) -> None:
    for visitor in visitors:
        visitor.errors.clear()
