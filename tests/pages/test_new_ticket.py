"""The new-ticket screen: by form and from files; nothing typed is lost, nothing is taken in twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from tests.pages.desk import html, open_small_desk, opened, person
from triage.errors import InputError
from triage.models import Attachment, Message, Role, Ticket
from triage.tickets import new_tickets
from triage.tickets.new_tickets import Written

MAIL = b"From: Bo <bo@customer.example>\r\nSubject: Cold milk\r\nMessage-ID: <m1@customer.example>\r\n\r\nThe milk is cold.\r\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("new")) as opened_desk:
        yield opened_desk


def tickets(desk: Any) -> list[Ticket]:
    with desk.database.read() as session:
        return list(session.exec(select(Ticket).order_by(col(Ticket.id).desc())))


def test_a_written_ticket_goes_to_the_agents_and_the_form_is_empty_again(desk: Any) -> None:
    page = opened(desk, "new_ticket.py", Role.STAFF)
    page.selectbox(key="new_who").set_value("ann@customer.example")
    page.text_input(key="new_subject").set_value("Steam wand drips")
    page.text_area(key="new_body").set_value("She says the steam wand drips.")
    page.button(key="new_create").click().run()
    made = tickets(desk)[0]
    assert (made.subject, made.requester_email, made.channel, made.identity) == (
        "Steam wand drips",
        "ann@customer.example",
        "phone",
        "unverified",
    )
    assert f"/?view=all&amp;ticket={made.id}" in html(page) and ("triage", made.id) in desk.work
    assert page.text_input(key="new_subject").value == "" and page.text_area(key="new_body").value == ""


def test_a_mistake_keeps_what_was_typed(desk: Any) -> None:
    page = opened(desk, "new_ticket.py", Role.STAFF)
    before = len(tickets(desk))
    page.text_area(key="new_body").set_value("A long story")
    page.button(key="new_create").click().run()
    assert "Choose the customer or type their address" in html(page)
    assert page.text_area(key="new_body").value == "A long story" and len(tickets(desk)) == before


def test_the_same_form_twice_is_one_ticket_and_a_checked_customer_is_verified(desk: Any) -> None:
    user = person(desk, Role.STAFF)
    written = Written(
        "token",
        "Help",
        "Please help",
        "ann@customer.example",
        checked=True,
        attachments=[("a.txt", "text/plain", b"hi"), ("b.exe", "", b"MZ")],
    )
    receipts = [
        desk.database.run_now(lambda s: new_tickets.create(s, user, desk.settings, desk.start, written)) for _ in range(2)
    ]
    assert receipts[0].ticket_id == receipts[1].ticket_id and receipts[1].again
    with desk.database.read() as session:
        assert session.get_one(Ticket, receipts[0].ticket_id).identity == "verified"
        files = session.exec(select(Attachment).join(Message).where(Message.ticket_id == receipts[0].ticket_id)).all()
    assert [(file.filename, bool(file.refused)) for file in files] == [("a.txt", False), ("b.exe", True)]


@pytest.mark.parametrize(
    "written", [Written("t", "", " ", "a@x.example"), Written("t", "Hi", "", ""), Written("t", "Hi", "", "Jonas")]
)
def test_what_is_missing_is_said(desk: Any, written: Written) -> None:
    user = person(desk, Role.STAFF)
    with pytest.raises(InputError):
        desk.database.run_now(lambda session: new_tickets.create(session, user, desk.settings, desk.start, written))


def test_every_message_of_a_file_has_its_line(desk: Any) -> None:
    user = person(desk, Role.STAFF)

    def take(name: str, data: bytes) -> list[new_tickets.ReportLine]:
        return list(new_tickets.take_file(desk.database, user, desk.settings, desk.start, name, data))

    lines = take("many.jsonl", b'{"id":"1","body":"Where is it?","from":"bo@customer.example"}\nnot json\n')
    assert [bool(line.problem) for line in lines] == [False, True] and "JSON" in lines[1].problem
    first, again = take("../x/mail.eml", MAIL), take("mail.eml", MAIL)
    assert first[0].subject == "Cold milk" and first[0].receipt and again[0].receipt
    assert again[0].receipt.again and again[0].receipt.ticket_id == first[0].receipt.ticket_id
    assert take("box.mbox", b"no mailbox")[0].problem
