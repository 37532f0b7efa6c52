"""Approved replies go out once: to the Maildir, to a real SMTP server, through interruptions."""

import asyncio
import mailbox
import socket
import threading
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from tests.homes import fresh
from tests.smtp import Mailbox
from triage import approval, delivery
from triage.database import Database
from triage.delivery.letter import letter
from triage.delivery.maildir import put
from triage.errors import ConflictError
from triage.models import Decision, DecisionKind, Draft, Episode, Message, Outbox, Role, Run, Status, Ticket
from triage.settings import Settings, load_settings


class Post:
    """What delivery needs of a desk, noting what it enqueues."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.enqueued = database, settings, Enqueued()
        self.enqueue = recorder_of(self.enqueued)


@pytest.fixture
def breaking_server() -> Iterator[int]:
    """A server that takes the text and then drops the connection without a word."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hello\r\n")
            for line in lines:
                if line.strip() == b".":
                    return
                if line[:4].upper() in (b"EHLO", b"HELO", b"MAIL", b"RCPT"):
                    connection.sendall(b"250 fine\r\n")
                elif line[:4].upper() == b"DATA":
                    connection.sendall(b"354 go on\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(timeout=5)


def approved(post: Post, **draft: Any) -> int:
    with post.database.transaction() as session:
        waiting = waiting_draft(session, ticket(session), **draft)
        approval.decide(
            session,
            post.enqueue,
            post.settings,
            person(session, Role.MANAGER),
            waiting.id or 0,
            kind=DecisionKind.APPROVE,
            seal=waiting.seal,
        )
        return session.exec(select(Outbox.id)).one() or 0


def with_smtp(settings: Settings, port: int) -> Settings:
    return load_settings(**{**settings.model_dump(), "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})


def the_ticket(session: Session) -> Ticket:
    return session.exec(select(Ticket)).one()


async def test_a_reply_lies_in_the_maildir_with_threading_headers(database: Database, settings: Settings) -> None:
    post = Post(database, settings)
    assert await delivery.deliver(post, approved(post)) == "sent"
    box = mailbox.Maildir(settings.home / "mail" / "sent", factory=None, create=False)
    mail = BytesParser(policy=policy.default).parsebytes(next(iter(box)).as_bytes())
    with database.read() as session:
        row, outbox = the_ticket(session), session.exec(select(Outbox)).one()
        assert mail["To"] == "priya@customer.example" and mail["Message-ID"] == outbox.message_id
        assert mail["In-Reply-To"].startswith(f"<{row.id}-") and mail["References"].split()[0] == "<first@customer.example>"
        assert f"[#{row.id}]" in mail["Subject"] and "ClearCal" in mail.get_content()
        assert row.status == Status.DELIVERED
        episode = session.exec(select(Episode)).one()
        assert episode.first_reply_at and episode.replies == 1
        assert session.exec(select(Message).where(Message.direction == "out")).one().body == outbox.body


async def test_delivering_again_sends_nothing_again(database: Database, settings: Settings) -> None:
    post = Post(database, settings)
    outbox_id = approved(post)
    results = [await delivery.deliver(post, outbox_id) for _ in range(3)]
    assert results == ["sent", "nothing to do", "nothing to do"]
    assert len(list((settings.home / "mail" / "sent" / "new").iterdir())) == 1


async def test_two_workers_at_once_send_one_mail(
    database: Database, settings: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    handler, port = mail_server
    post = Post(database, with_smtp(settings, port))
    outbox_id = approved(post)
    await asyncio.gather(*(delivery.deliver(post, outbox_id) for _ in range(4)))
    assert len(handler.taken) <= 1


async def test_a_maildir_send_cut_off_before_the_booking_is_booked_once(database: Database, settings: Settings) -> None:
    post = Post(database, settings)
    outbox_id = approved(post)
    with database.transaction() as session:  # as a crash between the rename and the booking leaves it
        outbox, row = session.get_one(Outbox, outbox_id), the_ticket(session)
        outbox.status, row.status = "sending", Status.DELIVERING
        put(settings.folder("mail/sent"), outbox.key, letter(outbox, settings))
    assert await delivery.deliver(post, outbox_id) == "sent"
    assert len(list((settings.home / "mail" / "sent" / "new").iterdir())) == 1


async def test_smtp_takes_the_mail(database: Database, settings: Settings, mail_server: tuple[Mailbox, int]) -> None:
    handler, port = mail_server
    post = Post(database, with_smtp(settings, port))
    assert await delivery.deliver(post, approved(post)) == "sent"
    assert len(handler.taken) == 1 and b"To: priya@customer.example" in handler.taken[0]


async def test_a_busy_server_is_tried_again_later(
    database: Database, settings: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    handler, port = mail_server
    handler.answer = "451 busy"
    post = Post(database, with_smtp(settings, port))
    outbox_id = approved(post)
    assert await delivery.deliver(post, outbox_id) == "held"
    assert post.enqueued[-1][0] == "deliver"
    handler.answer = "250 OK"
    assert await delivery.deliver(post, outbox_id) == "sent"
    assert len(handler.taken) == 1


async def test_a_refusal_for_good_goes_to_people_who_can_try_again(
    database: Database, settings: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    handler, port = mail_server
    handler.answer = "550 no such user"
    post = Post(database, with_smtp(settings, port))
    outbox_id = approved(post)
    assert await delivery.deliver(post, outbox_id) == "failed"
    with database.transaction() as session:
        assert the_ticket(session).status == Status.FAILED and "550" in (the_ticket(session).error or "")
        delivery.retry(session, post, person(session, name="Sam"), outbox_id)
    handler.answer = "250 OK"
    assert await delivery.deliver(post, outbox_id) == "sent"


async def test_a_connection_lost_after_the_text_is_uncertain_and_a_person_decides(
    database: Database, settings: Settings, breaking_server: int
) -> None:
    post = Post(database, with_smtp(settings, breaking_server))
    outbox_id = approved(post)
    assert await delivery.deliver(post, outbox_id) == "uncertain"
    assert await delivery.deliver(post, outbox_id) == "nothing to do"
    with database.transaction() as session:
        assert the_ticket(session).status == Status.FAILED
        delivery.settle(session, post, person(session, Role.MANAGER, "Omar"), outbox_id, was_sent=True)
        assert the_ticket(session).status == Status.DELIVERED


async def test_an_smtp_send_found_half_done_after_a_crash_is_uncertain(
    database: Database, settings: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    handler, port = mail_server
    post = Post(database, with_smtp(settings, port))
    outbox_id = approved(post)
    with database.transaction() as session:
        session.get_one(Outbox, outbox_id).status = "sending"
        the_ticket(session).status = Status.DELIVERING
    assert await delivery.deliver(post, outbox_id) == "nothing to do"
    assert handler.taken == []
    with database.read() as session:
        assert session.get_one(Outbox, outbox_id).status == "uncertain"


async def test_a_held_reply_holds_itself_when_the_customer_writes(database: Database, settings: Settings) -> None:
    post = Post(database, settings)
    outbox_id = approved(post)
    with database.transaction() as session:
        say(session, the_ticket(session), "Never mind, it is solved.")
    assert await delivery.deliver(post, outbox_id) == "nothing to do"
    with database.read() as session:
        row = the_ticket(session)
        assert row.status == Status.REOPENED and session.exec(select(Run)).one().cause == "reply"
        newest = session.get_one(Draft, row.draft_id)
        assert newest.version == 2 and "wrote again" in newest.cause
    assert not (settings.home / "mail" / "sent" / "new").exists()


async def test_a_row_without_a_standing_approval_is_never_sent(database: Database, settings: Settings) -> None:
    post = Post(database, settings)
    outbox_id = approved(post)
    with database.transaction() as session:
        decision = session.exec(select(Decision)).one()
        decision.undone_at = decision.created_at
    with pytest.raises(ConflictError, match="no standing approval"):
        await delivery.deliver(post, outbox_id)


@given(other=st.emails().filter(lambda address: address != "priya@customer.example"))
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_delivery_only_ever_sends_to_the_tickets_own_address(tmp_path_factory: pytest.TempPathFactory, other: str) -> None:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    database = fresh(settings)
    post = Post(database, settings)
    outbox_id = approved(post)
    with database.transaction() as session:
        session.get_one(Outbox, outbox_id).recipient = other
    with pytest.raises(ConflictError, match="not what was approved"):
        asyncio.run(delivery.deliver(post, outbox_id))
    assert not (settings.home / "mail" / "sent" / "new").exists()
    database.close()
