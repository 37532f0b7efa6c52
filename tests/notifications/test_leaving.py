"""Word that leaves the desk: once, in one message for a storm, signed, and only where it may go."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.desks import person, ticket
from tests.smtp import Mailbox
from triage import workspace
from triage.database import Database
from triage.delivery import notices
from triage.errors import AccessError, ConflictError, InputError
from triage.models import AuditEvent, Notice, NoticeItem, Notification, Role, User, Webhook, clock_at, now
from triage.notifications import digests, reading, settings, webhooks
from triage.notifications.telling import tell
from triage.settings import Settings


class Desk:
    """What digests and delivery need of a desk, noting what is enqueued."""

    def __init__(self, database: Database, machine: Settings) -> None:
        self.database, self.settings = database, machine
        self.enqueued: list[tuple[str, tuple[Any, ...], float]] = []

    def enqueue(self, session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None:
        self.enqueued.append((key, args, delay))

    def send(self) -> None:
        """Make what is due and carry it out, once."""
        digests.send_due(self)  # type: ignore[arg-type]
        self.deliver()

    def deliver(self) -> None:
        asked, self.enqueued = self.enqueued, []
        for _, (number, what), _ in asked:
            asyncio.run(notices.carry_out(self, number, int(str(what).partition(":")[2])))


class Receiver(ThreadingHTTPServer):
    """A webhook's other end: keeps what it gets, and answers as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def machine(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_networks": ["127.0.0.0/8"], "public_url": "https://desk.example"})


def with_mail(machine: Settings, port: int) -> Settings:
    return machine.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})


def somebody(session: Session, *, mail: bool = True, role: Role = Role.STAFF) -> User:
    user = person(session, role)
    user.created_at = now() - timedelta(days=30)
    settings.choose(session, user, "sla_breach", ["desk", "mail", "webhook"] if mail else ["desk", "webhook"])
    return user


def test_a_storm_is_one_mail_and_what_was_read_is_not_in_it(
    database: Database, machine: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    server, port = mail_server
    desk = Desk(database, with_mail(machine, port))
    with database.transaction() as session:
        user = somebody(session)
        told = [tell(session, "sla_breach", f"#{number} is late", role=Role.STAFF) for number in range(40)]
        session.flush()
        reading.mark(session, user, [told[0].id or 0])
    desk.send()
    desk.send()
    assert len(server.taken) == 1
    mail = BytesParser(policy=policy.default).parsebytes(server.taken[0])
    body = mail.get_content()
    assert mail["To"] == user.email and mail["Auto-Submitted"] == "auto-generated" and mail["Subject"] == "Target passed: 39"
    assert "#1 is late" in body and "#0 is late" not in body and "and 19 more" in body and "https://desk.example/you" in body
    with database.read() as session:
        assert session.exec(select(Notice.status)).all() == ["sent"] and len(session.exec(select(NoticeItem)).all()) == 39


def test_the_next_mail_waits_for_its_time_and_for_the_end_of_quiet_hours(database: Database, machine: Settings) -> None:
    desk = Desk(database, machine)
    noon = now().replace(hour=12, minute=0)
    with clock_at(noon):
        with database.transaction() as session:
            user = somebody(session)
            settings.be_quiet(session, user, begins="13:00", ends="14:00", zone="UTC")
            settings.pace(session, user, 15)
            tell(session, "sla_breach", "first", role=Role.STAFF)
        desk.send()
    for minutes, text, count in (
        (5, "second", 1),
        (10, "third", 1),
        (16, "", 2),
        (65, "in quiet hours", 2),
        (119, "", 2),
        (121, "", 3),
    ):
        with clock_at(noon + timedelta(minutes=minutes)):
            if text:
                with database.transaction() as session:
                    tell(session, "sla_breach", text, role=Role.STAFF)
            desk.send()
            with database.read() as session:
                assert len(session.exec(select(Notice)).all()) == count, minutes
    with database.read() as session:
        bodies = session.exec(select(Notice.body).order_by(Notice.id)).all()  # type: ignore[arg-type]
    assert "second" in bodies[1] and "third" in bodies[1] and "first" not in bodies[1] and "in quiet hours" in bodies[2]
    assert len(list((machine.home / "mail/notices/new").iterdir())) == 3


def test_a_notification_that_was_written_late_is_not_lost(database: Database, machine: Settings) -> None:
    """On PostgreSQL a row may become visible after younger ones were mailed."""
    desk = Desk(database, machine)
    moment = now()
    with database.transaction() as session:
        user = somebody(session)
        settings.pace(session, user, 1)
        tell(session, "sla_breach", "fast", role=Role.STAFF)
    desk.send()
    with clock_at(moment - timedelta(minutes=2)), database.transaction() as session:
        tell(session, "sla_breach", "slow", role=Role.STAFF)
    with clock_at(moment + timedelta(minutes=2)):
        desk.send()
    with database.read() as session:
        bodies = session.exec(select(Notice.body).order_by(Notice.id)).all()  # type: ignore[arg-type]
        assert len(bodies) == 2 and "slow" in bodies[1] and "fast" not in bodies[1]


def test_a_mail_of_a_desk_that_stopped_is_not_sent_twice(
    database: Database, machine: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    server, port = mail_server
    desk = Desk(database, with_mail(machine, port))
    with database.transaction() as session:
        somebody(session)
        tell(session, "sla_breach", "late", role=Role.STAFF)
    digests.send_due(desk)  # type: ignore[arg-type]
    with database.transaction() as session:
        notice = session.exec(select(Notice)).one()
        number = notice.id or 0
        taken = notices._take(session, number, 1)
        assert not isinstance(taken, str)
    assert asyncio.run(notices.carry_out(desk, number, 1)) == "uncertain" and server.taken == []
    assert asyncio.run(notices.carry_out(desk, number, 2)) == "nothing to do"


def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    database: Database, machine: Settings, mail_server: tuple[Mailbox, int]
) -> None:
    server, port = mail_server
    desk = Desk(database, with_mail(machine, port))
    with database.transaction() as session:
        somebody(session)
        tell(session, "sla_breach", "late", role=Role.STAFF)
    server.answer = "451 busy"
    desk.send()
    assert [args[1] for _, args, _ in desk.enqueued] == ["notice:2"] and desk.enqueued[0][2] > 0
    server.answer = "550 no such user"
    desk.deliver()
    with database.read() as session:
        notice = session.exec(select(Notice)).one()
        assert (notice.status, notice.attempts) == ("dead", 2) and desk.enqueued == []


def test_a_webhook_is_told_signed_and_without_a_word_of_the_ticket(
    database: Database, machine: Settings, receiver: Receiver
) -> None:
    desk = Desk(database, machine)
    with database.transaction() as session:
        admin = somebody(session, role=Role.ADMIN, mail=False)
        _, secret = webhooks.add(session, machine, admin, name="#support", url=receiver.url, events=["sla_breach"], shared=True)
        row = ticket(session)
        tell(session, "sla_breach", f"#{row.id} Refund for Priya: <!channel> is overdue", role=Role.STAFF, ticket_id=row.id)
        tell(session, "assigned", "a private word", user_id=admin.id)
    desk.send()
    (headers, body), *more = receiver.got
    assert more == []
    said = json.loads(body)
    assert "Priya" not in body.decode() and f"#{row.id}" in said["blocks"][0]["text"]["text"]
    assert (
        said["text"] == "Target passed: 1"
        and f"https://desk.example/?view=all&ticket={row.id}" in said["blocks"][0]["text"]["text"]
    )
    signed = hmac.new(secret.encode(), f"{headers[webhooks.STAMP]}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers[webhooks.SIGNATURE] == f"sha256={signed}"
    with database.transaction() as session:
        workspace.put(session, digests.CONTENT, True, user_id=admin.id or 0)
        tell(session, "sla_breach", "Priya <!channel> waits & waits", role=Role.STAFF)
    desk.send()
    assert "Priya &lt;!channel&gt; waits &amp; waits" in json.loads(receiver.got[1][1])["text"]
    with database.read() as session:
        hook = session.exec(select(Webhook)).one()
        assert secret not in hook.secret and receiver.url not in hook.url


def test_a_webhook_is_tried_again_given_up_told_and_sent_by_hand(
    database: Database, machine: Settings, receiver: Receiver
) -> None:
    desk = Desk(database, machine)
    receiver.answers = [503] * notices.TRIES
    with database.transaction() as session:
        user = somebody(session, mail=False)
        webhooks.add(session, machine, user, name="mine", url=receiver.url)
        tell(session, "sla_breach", "late", role=Role.STAFF)
    desk.send()
    delays = []
    while desk.enqueued:
        delays.append(desk.enqueued[0][2])
        desk.deliver()
    assert (
        len(receiver.got) == notices.TRIES
        and delays == sorted(delays)
        and len({h["Idempotency-Key"] for h, _ in receiver.got}) == 1
    )
    with database.transaction() as session:
        notice = session.exec(select(Notice)).one()
        assert notice.status == "dead" and "Given up" in str(notice.error)
        assert session.exec(select(Notification.user_id).where(Notification.kind == "notice dead")).all() == [user.id]
        shown = webhooks.listing(session, user)[0]
        assert [one.id for one in shown.dead] == [notice.id]
        webhooks.retry(session, desk.enqueue, user, notice.id or 0)
        with pytest.raises(ConflictError):
            webhooks.retry(session, desk.enqueue, user, notice.id or 0)
    desk.deliver()
    with database.read() as session:
        assert session.exec(select(Notice)).one().status == "sent"
    receiver.answers = [410]
    with clock_at(now() + timedelta(minutes=10)):
        with database.transaction() as session:
            tell(session, "sla_breach", "later", role=Role.STAFF)
        desk.send()
        assert desk.enqueued == []  # gone is gone
    with database.transaction() as session:
        webhooks.remove(session, user, shown.webhook.id or 0)
        assert webhooks.listing(session, user) == []


def test_where_a_webhook_may_lead_and_whose_it_is(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        staff, other, admin = person(session), person(session, name="Sam"), person(session, Role.ADMIN, "Ada")
        for url in (
            "http://127.0.0.1:9/hook",
            "https://169.254.169.254/latest",
            "http://10.0.0.1/",
            "ftp://x.example/",
            "https://u:p@127.0.0.1/",
        ):
            with pytest.raises(InputError):
                webhooks.add(session, settings, staff, name="x", url=url)
        with pytest.raises(AccessError):
            webhooks.add(session, settings, staff, name="x", url="https://127.0.0.1/", events=["alert"], shared=True)
        near = settings.model_copy(update={"webhook_networks": ["127.0.0.0/8"]})
        row, _ = webhooks.add(session, near, staff, name="mine", url="http://127.0.0.1:9/hook")
        with pytest.raises(InputError, match="webhook of yours"):
            webhooks.remove(session, other, row.id or 0)
        with pytest.raises(InputError, match="at least one event"):
            webhooks.add(session, near, admin, name="ours", url="http://127.0.0.1:9/", events=["assigned"], shared=True)


def test_an_address_that_leads_elsewhere_by_now_is_not_called(database: Database, machine: Settings, receiver: Receiver) -> None:
    desk = Desk(database, machine)
    with database.transaction() as session:
        user = somebody(session, mail=False)
        webhooks.add(session, machine, user, name="mine", url=receiver.url)
        tell(session, "sla_breach", "late", role=Role.STAFF)
    desk.settings = machine.model_copy(update={"webhook_networks": []})
    desk.send()
    with database.read() as session:
        notice = session.exec(select(Notice)).one()
        assert receiver.got == [] and "this machine itself" in str(notice.error)


def switched_off(session: Session, user: User) -> None:
    user.disabled_at = now()


def no_longer_a_manager(session: Session, user: User) -> None:
    user.role = Role.STAFF


@pytest.mark.parametrize("change", [switched_off, no_longer_a_manager])
def test_word_that_waits_for_somebody_who_may_not_read_it_any_more_never_leaves(
    database: Database, machine: Settings, mail_server: tuple[Mailbox, int], change: Callable[[Session, User], None]
) -> None:
    server, port = mail_server
    desk = Desk(database, with_mail(machine, port))
    with database.transaction() as session:
        user = somebody(session, role=Role.MANAGER)
        tell(session, "sla_breach", "For managers only", role=Role.MANAGER)
    digests.send_due(desk)  # type: ignore[arg-type]
    with database.transaction() as session:
        change(session, session.get_one(User, user.id))
        tell(session, "sla_breach", "For everybody", role=Role.STAFF)
    desk.deliver()
    assert server.taken == []
    with database.read() as session:
        assert session.exec(select(Notice.status)).one() == "cancelled"
    with clock_at(now() + timedelta(minutes=6)):
        desk.send()
    assert [b"For managers only" in mail for mail in server.taken] == ([] if change is switched_off else [False])


def test_what_people_choose_to_be_told_is_in_the_audit_log(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        settings.choose(session, user, "sla_breach", ["desk"])
        settings.pace(session, user, 15)
        settings.be_quiet(session, user, begins="22:00", ends="07:00", zone="UTC")
        events = session.exec(select(AuditEvent).where(AuditEvent.kind == "notice_choice").order_by(AuditEvent.id)).all()  # type: ignore[arg-type]
        assert [event.actor for event in events] == [user.actor] * 3
        assert [event.data for event in events] == [
            {"event": "sla_breach", "was": ["desk", "mail"], "ways": ["desk"]},
            {"every": 15, "was": 5},
            {"quiet": {"from": "22:00", "to": "07:00", "zone": "UTC", "weekends": False}, "was": {}},
        ]
