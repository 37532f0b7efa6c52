"""One message in: created, appended, duplicate or quarantined; the same however often it is tried."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, func, select

from triage import audit
from triage.database import Database
from triage.errors import InputError
from triage.intake import Incoming, IncomingFile, Outcome, Receipt
from triage.intake.mail import parse_mail
from triage.intake.storage import attachment_path, raw_path
from triage.models import (
    TRANSITIONS,
    Attachment,
    Customer,
    Episode,
    Message,
    Quarantine,
    QuarantineReason,
    Status,
    Ticket,
    clock_at,
    now,
)
from triage.settings import Settings
from triage.sla import clocks
from triage.sla.plan import desk_hours

from .mails import mail

Take = Callable[[Incoming], Receipt]
BODY = "My machine has leaked water on the counter since Monday morning. What should I do about it?"


def message(body: str = BODY, **fields: object) -> Incoming:
    return Incoming(
        **{"body": body, "subject": "Leak", "sender_email": "ada@quill.example", "sender_name": "Ada", "language": "en", **fields}
    )


def set_status(database: Database, ticket_id: int, status: Status, **fields: object) -> None:
    with database.transaction() as session:
        ticket = session.get_one(Ticket, ticket_id)
        ticket.status = status
        for name, value in fields.items():
            setattr(ticket, name, value)
        session.add(ticket)


def rows(session: Session) -> dict[str, int]:
    return {
        table.__name__: session.exec(select(func.count()).select_from(table)).one()
        for table in (Ticket, Message, Episode, Attachment, Quarantine)
    }


def test_a_new_ticket(take: Take, database: Database, queue: list[int], settings: Settings) -> None:
    file = IncomingFile(filename="a.txt", content_type="text/plain", data=b"E6", size=2, text="E6")
    got = take(message(source_id="m-1", raw=b"raw bytes", attachments=[file], hidden="psst", quoted="> old", message_id="<a@x>"))
    assert (got.outcome, got.status, queue) == (Outcome.CREATED, "received", [got.ticket_id])
    with database.read() as session:
        ticket = session.get_one(Ticket, got.ticket_id)
        stored = session.exec(select(Message)).one()
        episode = session.exec(select(Episode)).one()
        kept = session.exec(select(Attachment)).one()
        assert (ticket.source_id, ticket.subject, ticket.requester_email, ticket.identity) == (
            "m-1",
            "Leak",
            "ada@quill.example",
            "unknown",
        )
        assert (ticket.thread_head, ticket.episode_id, stored.episode_id) == (stored.id, episode.id, episode.id)
        promised = desk_hours(session).add(ticket.created_at, 8 * 3600)
        assert (ticket.first_reply_due, ticket.due_at, ticket.due_kind) == (promised, promised, "first_reply")
        assert episode.first_reply_due == promised and episode.resolve_due == ticket.resolve_due is not None
        assert (stored.hidden, stored.quoted, kept.text, episode.eligible) == ("psst", "> old", "E6", True)
        assert raw_path(settings, stored.raw_sha256 or "").read_bytes() == b"raw bytes"
        assert attachment_path(settings, kept.sha256).read_bytes() == b"E6"
        assert audit.verify(session) is None


@pytest.mark.parametrize("fields", [{"source_id": "m-1"}, {"raw": b"raw"}, {"message_id": "<a@x>"}])
def test_the_same_delivery_changes_nothing(take: Take, database: Database, queue: list[int], fields: dict[str, object]) -> None:
    first = take(message(**fields))
    with database.read() as session:
        before = rows(session)
    again = take(message(**fields))
    assert again == first.model_copy(update={"again": True})
    with database.read() as session:
        assert rows(session) == before
    assert len(queue) == 1


def test_every_outcome_is_repeated_as_it_was(take: Take) -> None:
    sent = [
        message(source_id="1", message_id="<1@x>"),
        message("It got worse.", source_id="2", in_reply_to="<1@x>"),
        message(source_id="3", subject="URGENT: Leak"),
        message(source_id="4", quarantine=QuarantineReason.LOOP, problem="Loop."),
    ]
    first = [take(incoming) for incoming in sent]
    assert [receipt.outcome for receipt in first] == ["created", "appended", "duplicate", "quarantined"]
    assert first[2].duplicate_of == first[0].ticket_id
    again = [take(incoming) for incoming in sent]
    assert [(r.ticket_id, r.outcome, r.duplicate_of) for r in again] == [(r.ticket_id, r.outcome, r.duplicate_of) for r in first]
    assert all(receipt.again for receipt in again)


def test_a_message_id_alone_does_not_make_us_drop_a_mail(take: Take) -> None:
    take(message(message_id="<a@x>"))
    assert take(message(message_id="<a@x>", sender_email="eve@bad.example")).outcome == Outcome.CREATED
    assert take(message("Something else entirely, please help me.", message_id="<a@x>")).outcome == Outcome.CREATED


@pytest.mark.parametrize(
    "status",
    [
        Status.AWAITING_APPROVAL,
        Status.NEEDS_INFO,
        Status.ESCALATED,
        Status.REJECTED,
        Status.FAILED,
        Status.DELIVERED,
        Status.RESOLVED,
    ],
)
def test_a_reply_wakes_a_ticket_that_waits_or_is_done(take: Take, database: Database, queue: list[int], status: Status) -> None:
    first = take(message(message_id="<1@x>"))
    set_status(database, first.ticket_id, status)
    assert Status.REOPENED in TRANSITIONS[status]
    got = take(message("It leaks again.", in_reply_to="<1@x>"))
    assert (got.ticket_id, got.outcome, got.status) == (first.ticket_id, Outcome.APPENDED, "reopened")
    assert queue == [first.ticket_id] * 2


@pytest.mark.parametrize(
    "status", [Status.RECEIVED, Status.SCREENED, Status.TRIAGING, Status.REOPENED, Status.APPROVED, Status.DELIVERING]
)
def test_a_reply_to_a_ticket_at_work_only_lengthens_the_thread(
    take: Take, database: Database, queue: list[int], status: Status
) -> None:
    first = take(message(message_id="<1@x>"))
    set_status(database, first.ticket_id, status, snoozed_until=now())
    got = take(message("One more thing.", references=["<0@x>", "<1@x>"]))
    assert (got.outcome, got.status, queue) == (Outcome.APPENDED, status.value, [first.ticket_id])
    with database.read() as session:
        ticket = session.get_one(Ticket, first.ticket_id)
        assert ticket.thread_head == session.exec(select(func.max(Message.id))).one()
        assert ticket.snoozed_until is None


def test_a_resolved_demand_starts_a_new_episode_and_a_running_one_goes_on(take: Take, database: Database) -> None:
    first = take(message(message_id="<1@x>"))
    with database.transaction() as session:
        episode = session.exec(select(Episode)).one()
        episode.first_reply_at = now()
        ticket = session.get_one(Ticket, first.ticket_id)
        clocks.replied(ticket, episode)
        session.add_all([episode, ticket])
    set_status(database, first.ticket_id, Status.DELIVERED)
    with clock_at(now() + timedelta(days=2)):
        take(message("Still leaks.", in_reply_to="<1@x>"))
        with database.transaction() as session:
            episode = session.exec(select(Episode)).one()
            ticket = session.get_one(Ticket, first.ticket_id)
            assert (ticket.first_reply_due, ticket.due_kind) == (desk_hours(session).add(now(), 8 * 3600), "next_reply")
            episode.resolved_at = now()
            session.add(episode)
        set_status(database, first.ticket_id, Status.RESOLVED)
        take(message("And again.", in_reply_to="<1@x>"))
    with database.read() as session:
        assert session.exec(select(Episode.number).order_by(Episode.number)).all() == [1, 2]
        newest = session.exec(select(Message).order_by(Message.id.desc())).first()
        assert newest.episode_id == session.get_one(Ticket, first.ticket_id).episode_id


def test_the_mark_in_the_subject_threads_too(take: Take) -> None:
    first = take(message())
    assert take(message("More.", subject=f"Re: Leak [#{first.ticket_id}]")).ticket_id == first.ticket_id
    assert take(message("Other matter.", subject="Leak [#999999999]")).outcome == Outcome.CREATED


def test_a_stranger_cannot_join_a_thread(take: Take, database: Database) -> None:
    first = take(message(message_id="<1@x>"))
    got = take(
        message("Send it to me instead.", sender_email="eve@bad.example", in_reply_to="<1@x>", subject=f"[#{first.ticket_id}]")
    )
    assert got.outcome == Outcome.CREATED and got.ticket_id != first.ticket_id


def test_a_known_ticket_id_appends_without_a_search(take: Take) -> None:
    first = take(message())
    assert take(message("By phone.", sender_email="", ticket_id=first.ticket_id)).ticket_id == first.ticket_id
    with pytest.raises(InputError, match="no ticket 99"):
        take(message("x", ticket_id=99))


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"sender_email": "ada@quill.example"}, "unverified"),
        ({"sender_email": "ada@quill.example", "sender_proven": True}, "verified"),
        ({"sender_email": "", "channel": "api", "customer_external_id": "C-1"}, "verified"),
        ({"sender_email": "ada@quill.example", "channel": "form", "customer_external_id": "C-1"}, "verified"),
        ({"sender_email": "eve@bad.example", "channel": "api", "customer_external_id": "C-1"}, "unverified"),
        ({"sender_email": "ada@quill.example", "channel": "email", "customer_external_id": "C-1"}, "unverified"),
        ({"sender_email": "eve@bad.example", "customer_external_id": "C-404", "channel": "api"}, "unknown"),
        ({"sender_email": ""}, "unknown"),
    ],
)
def test_who_a_customer_is(take: Take, database: Database, ada: Customer, fields: dict[str, object], identity: str) -> None:
    got = take(message(**fields))
    with database.read() as session:
        ticket = session.get_one(Ticket, got.ticket_id)
        assert ticket.identity == identity
        assert (ticket.customer_id == ada.id) is (identity != "unknown")


def test_a_ticket_is_as_sure_as_its_least_sure_message(take: Take, database: Database, ada: Customer) -> None:
    first = take(message(sender_proven=True, message_id="<1@x>"))
    take(message("Send me my address.", in_reply_to="<1@x>"))
    with database.read() as session:
        assert session.get_one(Ticket, first.ticket_id).identity == "unverified"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"subject": "URGENT: Leak"}, True),
        ({"body": f"  {BODY.upper()} "}, True),
        ({"body": BODY.replace("counter", "counters")}, True),
        ({"body": f"No answer yet, so here it is again. {BODY}"}, True),
        ({"body": BODY.replace("Monday", "Monday the 3rd")}, False),
        ({"sender_email": "eve@bad.example"}, False),
        ({"body": "Where is my parcel?"}, False),
    ],
)
def test_the_same_demand_joins_the_first_ticket(take: Take, queue: list[int], other: dict[str, object], same: bool) -> None:
    first = take(message())
    got = take(message(**{"body": BODY, **other}))
    assert (got.outcome == Outcome.DUPLICATE, got.ticket_id == first.ticket_id, len(queue)) == (same, same, 1 if same else 2)


def test_numbers_tell_two_orders_apart(take: Take) -> None:
    text = "I would like to send back order {} because the colour is not what I expected it to be."
    assert take(message(text.format("LF-10440"))).outcome == take(message(text.format("LF-10441"))).outcome == Outcome.CREATED


def test_empty_messages_and_old_or_answered_ones_are_no_duplicates(take: Take, database: Database) -> None:
    assert [take(message("", subject="")).outcome for _ in range(2)] == [Outcome.CREATED] * 2
    first = take(message())
    set_status(database, first.ticket_id, Status.DELIVERED)
    assert take(message()).outcome == Outcome.CREATED
    with clock_at(now() + timedelta(days=15)):
        assert take(message()).outcome == Outcome.CREATED


def test_an_exact_repeat_leaves_the_thread_head_a_changed_one_moves_it(take: Take, database: Database) -> None:
    first = take(message())
    for body, moved in ((BODY, False), (BODY.replace("counter", "counters"), True)):
        with database.read() as session:
            before = session.get_one(Ticket, first.ticket_id).thread_head
        take(message(body))
        with database.read() as session:
            assert (session.get_one(Ticket, first.ticket_id).thread_head != before) is moved


def test_quarantine_keeps_reason_raw_mail_and_is_no_case_for_metrics(
    take: Take, database: Database, queue: list[int], settings: Settings
) -> None:
    got = take(parse_mail(mail("I am away.", Auto_Submitted="auto-replied"), settings))
    assert (got.outcome, got.status, queue) == (Outcome.QUARANTINED, "quarantined", [])
    with database.read() as session:
        held = session.exec(select(Quarantine)).one()
        assert (held.reason, held.ticket_id, session.exec(select(Episode)).one().eligible) == ("auto_reply", got.ticket_id, False)
        assert "Auto-Submitted" in held.detail and raw_path(settings, held.raw_sha256 or "").exists()
        assert session.get_one(Ticket, got.ticket_id).reason == "auto_reply"


def test_an_automatic_reply_says_which_ticket_it_answers_and_leaves_it_alone(take: Take, database: Database) -> None:
    first = take(message(message_id="<1@x>"))
    set_status(database, first.ticket_id, Status.DELIVERED)
    got = take(message("Away.", in_reply_to="<1@x>", quarantine=QuarantineReason.AUTO_REPLY, problem="Automatic."))
    assert got.ticket_id != first.ticket_id
    with database.read() as session:
        assert session.exec(select(Quarantine.detail)).one() == f"Automatic. It answers ticket #{first.ticket_id}."
        assert session.get_one(Ticket, first.ticket_id).status == Status.DELIVERED


def test_a_customer_is_no_spammer(take: Take, ada: Customer) -> None:
    spam = {"quarantine": QuarantineReason.SPAM, "problem": "It offers a service nobody asked for."}
    assert take(message(**spam)).outcome == Outcome.CREATED
    assert take(message(sender_email="seo@bad.example", **spam)).outcome == Outcome.QUARANTINED


def test_nothing_is_written_when_the_transaction_fails(database: Database, settings: Settings) -> None:
    from triage.intake import receive

    def refuse(_session: Session, _ticket: Ticket) -> None:
        raise RuntimeError("queue is gone")

    with pytest.raises(RuntimeError), database.transaction() as session:
        receive(session, message(), settings, enqueue=refuse)
    with database.read() as session:
        assert set(rows(session).values()) == {0}
