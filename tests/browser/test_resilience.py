"""Whatever breaks in the middle of an edit, no word is lost: the connection, the way back, the desk, the session."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect
from sqlmodel import Session, delete, select

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from tests.browser.visitor import Visitor
from triage import first_steps
from triage.accounts import passwords, sessions, users
from triage.models import Role, TypedText, User

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"
RAE, PASSWORD = "rae@larkfield.example", "steam-wand-at-noon"


@dataclass(frozen=True)
class Field:
    """One of the three fields that a ticket has, and two tickets of its own."""

    name: str
    key: str
    label: str
    ticket: int
    other: int

    def of(self, visitor: Visitor) -> Locator:
        return visitor.page.get_by_role("textbox", name=self.label, exact=True)

    def begin(self, visitor: Visitor) -> Locator:
        """Open it in the ticket that is open."""
        visitor.press(self.key, self.of(visitor))
        return self.go_on(visitor)

    def go_on(self, visitor: Visitor) -> Locator:
        """At the end of what stands there."""
        self.of(visitor).press("Control+End")
        return self.of(visitor)


@pytest.fixture(scope="module")
def fields(desk: RunningDesk) -> list[Field]:
    with desk.database.transaction() as session:
        rae = users.create(session, email=RAE, name="Rae Olsen", role=Role.STAFF, actor="test")
        rae.password_hash = passwords.hashed(PASSWORD)
        first_steps.end_tour(session, rae)
    kinds = (("note", "n", "Internal note"), ("changes", "q", "What should change?"), ("reply", "e", "Reply"))

    def ticket(name: str) -> int:
        return desk.drafted(f"{name}@marzipan.example", "Descaling the Marzipan", QUESTION)

    return [Field(*kind, ticket(kind[0]), ticket(f"other-{kind[0]}")) for kind in kinds]


@pytest.fixture
def rae(desk: RunningDesk, visit: Visit, fields: list[Field]) -> Visitor:
    """Somebody with nothing typed yet, in a browser whose connection and session may be spoiled."""
    desk.database.run_now(_forget)
    visitor = visit(own=True)
    visitor.sign_in_by_password(RAE, PASSWORD)
    return visitor


def test_what_is_typed_without_a_connection_comes_to_the_desk_once_it_is_back(
    desk: RunningDesk, rae: Visitor, fields: list[Field]
) -> None:
    for field in fields:
        rae.open(field.ticket)
        box = field.begin(rae)
        rae.page.keyboard.type("Online,")
        _kept(desk, field, "Online,")
        rae.page.context.set_offline(True)
        rae.page.keyboard.type(" offline,")
        expect(rae.page.locator(".td-composer .status")).to_have_text("Keeping…")
        rae.page.context.set_offline(False)
        rae.page.keyboard.type(" online.")
        _kept(desk, field, "Online, offline, online.")
        expect(box).to_have_value(re.compile(r"Online, offline, online\.$"))
    rae.errors.clear()  # the browser's own words about a connection that was lost


def test_the_ways_back_and_forward_between_two_tickets_lose_no_word(desk: RunningDesk, rae: Visitor, fields: list[Field]) -> None:
    for field in fields:
        rae.page.goto(f"/?view=all&find=marzipan&ticket={field.other}")
        expect(rae.headline).to_contain_text(f"#{field.other}")
        rae.settled()
        rae.queue.locator(f"[data-id='{field.ticket}']").click()
        expect(rae.headline).to_contain_text(f"#{field.ticket}")
        box = field.begin(rae)
        rae.page.keyboard.type("Here.")
        rae.page.go_back()  # at once, before the desk was told
        expect(rae.headline).to_contain_text(f"#{field.other}")
        expect(box).to_be_hidden()
        field.begin(rae)
        rae.page.keyboard.type("There.")
        rae.page.go_forward()
        expect(box).to_have_value(re.compile(r"Here\.$"))
        _kept(desk, field, "Here.")
        rae.page.go_back()
        expect(box).to_have_value(re.compile(r"There\.$"))
    rae.errors.clear()  # the browser's own words about pages that were opened by their address


def test_a_crash_of_the_desk_in_the_middle_of_a_word_loses_nothing(desk: RunningDesk, rae: Visitor, fields: list[Field]) -> None:
    tabs = [rae, *(Visitor(rae.page.context.new_page()) for _ in fields[1:])]
    for tab, field in zip(tabs, fields, strict=True):
        tab.open(field.ticket)
        field.begin(tab)
        tab.page.keyboard.type("Before,")
        _kept(desk, field, "Before,")
    desk.server.kill()
    for tab in tabs:
        tab.page.keyboard.type(" during,")
    desk.server.start()
    for tab, field in zip(tabs, fields, strict=True):
        _kept(desk, field, "Before, during,")  # nobody pressed a key since
        tab.settled()
        field.go_on(tab)
        tab.page.keyboard.type(" after.")
        _kept(desk, field, "Before, during, after.")
    rae.errors.clear()


def test_the_words_typed_when_the_session_was_ended_are_there_after_signing_in(
    desk: RunningDesk, rae: Visitor, fields: list[Field]
) -> None:
    for field in fields:
        rae.open(field.ticket)
        box = field.begin(rae)
        _lose_the_session(desk, rae, "The first words,")  # of which the desk has heard nothing yet
        expect(box).to_have_value(re.compile(r"The first words,$"))
        _kept(desk, field, "The first words,")
    field.go_on(rae)
    _lose_the_session(desk, rae, " and the last.")
    expect(box).to_have_value(re.compile(r"The first words, and the last\.$"))
    desk.database.run_now(lambda session: sessions.revoke_all(session, _rae(session), actor="test"))
    rae.sign_in("manager")
    rae.open(field.ticket)
    rae.press(field.key, box)
    expect(box).not_to_have_value(re.compile("The first words"))  # another person in the same tab
    rae.errors.clear()


# ---- steps


def _lose_the_session(desk: RunningDesk, visitor: Visitor, words: str) -> None:
    desk.database.run_now(lambda session: sessions.revoke_all(session, _rae(session), actor="test"))
    visitor.page.keyboard.type(words)
    expect(visitor.page).to_have_url(re.compile("/login"))
    visitor.fill_in_password(RAE, PASSWORD)


def _kept(desk: RunningDesk, field: Field, words: str) -> None:
    """Until the desk itself has these words at the end of the field."""

    def has() -> bool:
        with desk.database.read() as session:
            row = session.get(TypedText, (_rae(session), field.ticket, field.name))
        return row is not None and row.text.endswith(words)

    until(has, f"“{words}” in the field {field.name}, kept by the desk")


def _forget(session: Session) -> None:
    session.execute(delete(TypedText).where(TypedText.user_id == _rae(session)))  # type: ignore[arg-type]


def _rae(session: Session) -> int:
    return session.exec(select(User.id).where(User.email == RAE)).one() or 0
