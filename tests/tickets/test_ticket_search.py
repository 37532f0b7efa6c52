"""The search of the queue: words in any script, filters, what keeps the words in step, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests import desks
from triage.database import Database, derived, documents, migrate
from triage.database.documents import TICKETS
from triage.database.migrate import config, migrating
from triage.models import Category, Message, Role, Status, Ticket, User, now
from triage.tickets import inbox, ticket_filter
from triage.tickets.inbox import View


def made(session: Session, subject: str, body: str, **fields: object) -> Ticket:
    due = now() + timedelta(hours=1)
    fields = {"status": Status.AWAITING_APPROVAL, "due_at": due, "first_reply_due": due, **fields}
    after = {name: fields.pop(name) for name in ("requester_name", "language") if name in fields}
    ticket = desks.ticket(session, body=body, **fields)  # type: ignore[arg-type]
    ticket.subject = subject
    for name, value in after.items():
        setattr(ticket, name, value)
    session.add(ticket)
    session.flush()
    return ticket


def found(session: Session, user: User, find: str, view: View = View.ALL) -> list[str]:
    return [row.subject for row in inbox.listing(session, user, view, find=find).rows]


def test_words_of_any_script_are_found_wherever_they_stand(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        one = made(
            session,
            "Steam wand",
            "It will not foam the milk. Order TD-1234, résumé v2.5_final.",
            email="ana.lima@mail.example",
            requester_name="Ana Lima",
        )
        desks.say(session, one, "Second letter: the Größe is wrong.")
        made(session, "返金について", "返金には五日かかりますか。東京都から。")
        made(session, "เครื่องเสีย", "เครื่องชงกาแฟไม่ทำงานครับ")
        made(session, "환불 문의", "주문을 환불해 주세요.")
        expected = [
            ("foam milk", ["Steam wand"]), ("milk steam größe", ["Steam wand"]), ("GROSSE", []), ("große", ["Steam wand"]),
            ("ana.lima@mail.example", ["Steam wand"]), ("lima@mail", ["Steam wand"]), ("td-1234", ["Steam wand"]), ("TD-12", []),
            ("TD-123", ["Steam wand"]), ("RESUME", ["Steam wand"]), ("foa", ["Steam wand"]), ("fo", []), ("milk foam nothing", []),
            ("返金", ["返金について"]), ("五日", ["返金について"]), ("日五", []), ("京都", ["返金について"]), ("返金 東京", ["返金について"]),
            ("กาแฟ", ["เครื่องเสีย"]), ("환불", ["환불 문의"]), ("주문을", ["환불 문의"]),
        ]  # fmt: skip
        assert [(find, found(session, nadia, find)) for find, _ in expected] == expected


def test_filters_narrow_what_words_find(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        session.add(Category(slug="billing", title="Billing and refunds"))
        made(
            session, "a", "refund please", category="billing", priority="high", language="de", assignee_id=sam.id, confidence=0.9
        )
        made(session, "b", "refund please", status=Status.ESCALATED, requester_name="Ana Lima", channel="form", team="Returns")
        old = made(session, "c", "refund please", status=Status.RESOLVED, sentiment="negative")
        old.created_at = datetime(2026, 1, 5, 12, tzinfo=UTC)
        made(session, "d", "something else", snoozed_until=now() + timedelta(days=1), due_at=now() - timedelta(hours=1))
        session.flush()
        expected = [
            ("refund", {"a", "b", "c"}), ("refund is:open", {"a", "b"}), ("is:escalated", {"b"}), ("from:ana", {"b"}), ('from:"Ana Lima"', {"b"}),
            ("category:billing", {"a"}), ('category:"billing and refunds"', {"a"}), ("-category:billing refund", {"b", "c"}), ("priority:high", {"a"}),
            ("language:de", {"a"}), ("lang:de refund", {"a"}), ("channel:form", {"b"}), ("team:returns", {"b"}), ("assignee:sam", {"a"}),
            ("assignee:none refund", {"b", "c"}), ("assignee:me", set()), ("before:2026-02-01", {"c"}), ("after:2026-02-01 refund", {"a", "b"}),
            ("on:2026-01-05", {"c"}), ("is:upset", {"c"}), ("is:sure", {"a"}), ("is:overdue", {"d"}), ("is:snoozed", {"d"}), ("is:nonsense", set()),
            ("before:soon", set()), ("subject:a", {"a"}), ("subject:refund", set()), ("http://refund", set()), ("re:refund", set()), ("is:resolved", {"c"}),
        ]  # fmt: skip
        assert [(find, set(found(session, nadia, find))) for find, _ in expected] == expected
        assert found(session, nadia, "refund", View.MANAGER) == ["b"]
        assert inbox.following(session, nadia, View.ALL, 1, find="refund") == 2
        assert ticket_filter.problems(ticket_filter.parse("before:soon is:nonsense is:open"))[0].startswith("before: needs a day")


def test_the_words_follow_whatever_changes_the_texts(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        first, second = made(session, "one", "alpha"), made(session, "two", "beta")
        message = session.exec(select(Message).where(Message.ticket_id == first.id)).one()
        message.body = "gamma"
        second.requester_name = "Zoë Ünal"
        session.flush()
        assert (found(session, nadia, "alpha"), found(session, nadia, "gamma"), found(session, nadia, "unal")) == (
            [],
            ["one"],
            ["two"],
        )
        message.ticket_id = second.id or 0
        session.flush()
        assert found(session, nadia, "gamma") == ["two"] == found(session, nadia, "beta gamma")
        first.thread_head = None
        session.delete(message)
        session.flush()
        assert found(session, nadia, "gamma") == [] and found(session, nadia, "beta") == ["two"]


def test_a_search_that_finds_more_than_it_sorts_still_has_what_presses(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FEW", 3)
    monkeypatch.setattr(inbox, "MOST_COUNTED", 3)
    with database.transaction() as session:
        nadia = desks.person(session)
        for number in range(6):
            made(session, f"open {number}", "milk", due_at=now() + timedelta(minutes=number + 1))
            made(session, f"done {number}", "milk", status=Status.RESOLVED)
        page = inbox.listing(session, nadia, View.ALL, find="milk", size=4)
        assert [row.subject for row in page.rows] == ["open 0", "open 1", "open 2", "open 3"]
        assert page.more_than and page.pages > 1
        second = inbox.listing(session, nadia, View.ALL, find="milk", size=4, page=2)
        assert [row.subject for row in second.rows[:2]] == ["open 4", "open 5"] and second.rows[2].subject.startswith("done")
        needs = inbox.listing(session, nadia, size=2)
        assert (needs.total, needs.more_than, needs.pages) == (3, True, 2)
        assert inbox.counts(session, nadia)[View.NEEDS] == 4


@pytest.mark.parametrize(("recent", "common"), [(9, 9), (2, 9), (2, 2)], ids=["recent", "rare", "common"])
def test_the_newest_are_found_however_common_the_words_are(
    database: Database, monkeypatch: pytest.MonkeyPatch, recent: int, common: int
) -> None:
    monkeypatch.setattr(documents, "_RECENT", recent)
    monkeypatch.setattr(documents, "_COMMON", common)
    with database.transaction() as session:
        numbers = [made(session, f"{word} machine", "It leaks.").id for word in ("Red", "Blue", "Red", "Red", "Blue", "Blue")]
        red = [numbers[3], numbers[2], numbers[0]]
        for most in (1, 2, 3, 4):
            assert documents.newest(session, TICKETS, documents.terms("red machine"), most) == red[:most]
        assert documents.newest(session, TICKETS, documents.terms("green"), 2) == []


def test_the_words_and_indexes_come_back_after_migrations(database: Database) -> None:
    from alembic import command

    with database.transaction() as session:
        made(session, "early", "written long ago")
    with migrating(database) as connection:
        command.downgrade(config(connection), "0012")
        there = {(kind, name) for kind, name in derived.names(connection) if not name.startswith("ix_")}  # migrations keep those
    migrate(database)
    with database.engine.begin() as connection:
        assert derived.names(connection) >= there | {("index", "queue_pressing"), ("index", "queue_newest")}
    with database.transaction() as session:
        nadia = desks.person(session)
        made(session, "late", "written just now")
        assert set(found(session, nadia, "written")) == {"early", "late"}


@given(st.text(max_size=60))
def test_whatever_somebody_types_can_be_taken_apart(text: str) -> None:
    wanted = ticket_filter.parse(text)
    assert ticket_filter.parse(str(wanted)) == wanted
    assert set(text) | {" "} >= set(wanted.words)


def test_a_search_is_plain_words_and_never_an_error(database: Database) -> None:
    odd = ['"', "'", "*", "a*", "-", "is:", "from:", "from:*", "(", "NEAR(a, 2)", "a OR b", "NOT", "who : a", "a & | ! <-> b", "x\x00", "\ud800x", "%", "_",
           "日" * 500, "x" * 5000, "ä " * 300, '"' * 50, "²", "½", "🙂", "→ €", "\\", "'; DROP", "99999999999999", "#", "#0", "٣"]  # fmt: skip
    with database.transaction() as session:
        nadia = desks.person(session)
        made(session, "one", "alpha")
        for text in odd:
            assert found(session, nadia, text) == [], text
