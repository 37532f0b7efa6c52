"""Customers are asked how it went: once for each matter, not where it would be wrong, and only a sent form counts."""

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import Session, select

from tests.desks import Enqueued, person, recorder_of, say, ticket
from triage import confirming, delivery, ratings, replies, workspace
from triage.database import Database
from triage.errors import InputError
from triage.models import (
    CsatOptOut,
    CsatRequest,
    Episode,
    Incident,
    IncidentReply,
    Message,
    Notification,
    Outbox,
    Role,
    Status,
    Ticket,
    User,
    clock_at,
    now,
)
from triage.ratings import links
from triage.settings import Settings, load_settings
from triage.tickets import merging


class Post:
    """What asking and delivery need of a desk, noting what it enqueues."""

    def __init__(self, database: Database, settings: Settings) -> None:
        more = {**settings.model_dump(), "public_url": "https://desk.example"}
        self.database, self.settings, self.enqueued = database, load_settings(**more), Enqueued()
        self.enqueue = recorder_of(self.enqueued)

    def ask(self) -> str:
        """What the clock does a day later."""
        with clock_at(now() + timedelta(hours=25)):
            return ratings.ask(cast(Any, self))

    @property
    def folder(self) -> Any:
        return self.settings.home / "mail" / "sent" / "new"

    def mails(self) -> list[str]:
        return [path.read_text() for path in self.folder.iterdir()] if self.folder.exists() else []


@pytest.fixture
def post(database: Database, settings: Settings) -> Post:
    made = Post(database, settings)
    with database.transaction() as session:
        workspace.put(session, "ask_for_rating", True, user_id=person(session, Role.ADMIN, "Ines").id or 0)
    return made


def resolved(session: Session, **fields: Any) -> Ticket:
    """A matter that was answered and is settled."""
    row = ticket(session, status=Status.DELIVERED, **fields)
    episode = session.get_one(Episode, row.episode_id)
    episode.replies = 1
    session.add(episode)
    replies.resolve(session, row, actor="clock", how="assumed")
    session.flush()
    return row


async def asked(post: Post, **fields: Any) -> tuple[str, int]:
    """(the link's last part, the ticket) of a customer who got the mail."""
    with post.database.transaction() as session:
        number = resolved(session, **fields).id or 0
    assert post.ask() == "1 customers asked, 0 not asked"
    with post.database.read() as session:
        outbox = session.exec(select(Outbox)).one()
        found = re.search(r"https://desk\.example/rate/([^?\s]+)\?score=5", outbox.body)
        assert found and outbox.id
        row = outbox.id
    assert [await delivery.deliver(post, row) for _ in range(2)] == ["sent", "nothing to do"]
    return found[1], number


async def test_one_mail_leaves_and_its_answer_reaches_the_figures(post: Post) -> None:
    link, number = await asked(post, language="de")
    assert len(post.mails()) == 1 and "Wie war unsere Antwort?" in post.mails()[0].replace("_", " ").replace("=20", " ")
    assert post.ask() == "0 customers asked, 0 not asked"
    with post.database.read() as session:
        assert "/rate/…" in session.exec(select(Outbox)).one().body  # the secret is in the customer's mailbox only
        assert session.get_one(Ticket, number).status == Status.RESOLVED  # no ticket moves because it was asked
        assert ratings.look_at(session, post.settings, link).answered is False
    with post.database.transaction() as session:
        ratings.answer(session, post.settings, link, 4, "Quick!\nThanks")
    with post.database.transaction() as session:
        episode = session.exec(select(Episode)).one()
        assert (episode.csat, episode.csat_comment) == (4, "Quick!\nThanks")
        assert session.exec(select(Notification)).all() == []
        with pytest.raises(InputError, match="already"):
            ratings.answer(session, post.settings, link, 1)


@pytest.mark.parametrize(("score", "how"), [(5, "verified"), (4, "verified"), (3, "assumed"), (1, "assumed")])
async def test_a_good_score_verifies_the_resolution(post: Post, score: int, how: str) -> None:
    link, _number = await asked(post)
    with post.database.transaction() as session:
        ratings.answer(session, post.settings, link, score)
        assert session.exec(select(Episode)).one().resolution == how


@pytest.mark.parametrize("reopens", [False, True])
async def test_a_low_score_tells_the_team_and_can_reopen(post: Post, *, reopens: bool) -> None:
    with post.database.transaction() as session:
        sam = person(session, name="Sam").id or 0
        workspace.put(session, "low_rating_reopens", reopens, user_id=sam)
    link, number = await asked(post, assignee_id=sam)
    with post.database.transaction() as session:
        confirming.confirm(session, session.exec(select(Episode)).one(), confirming.MODEL)
        ratings.answer(session, post.settings, link, 1, "It still leaks.")
    with post.database.read() as session:
        told = session.exec(select(Notification).where(Notification.kind == "low rating")).all()
        assert {note.role or note.user_id for note in told} == {Role.MANAGER, sam} and "It still leaks." in told[0].text
        assert (
            session.exec(select(Message).where(Message.direction == "note"))
            .one()
            .body.startswith("The customer rated the answer 1 of 5.")
        )
        row, episodes = session.get_one(Ticket, number), session.exec(select(Episode).order_by(Episode.id)).all()  # type: ignore[arg-type]
        assert row.status == (Status.ESCALATED if reopens else Status.RESOLVED)
        assert len(episodes) == (2 if reopens else 1) and episodes[0].csat == 1
        assert (episodes[0].resolution, episodes[0].confirmed_by) == ("assumed", "")  # whatever a model had called settled


@pytest.mark.parametrize("reopens", [False, True])
async def test_a_rating_of_a_ticket_that_was_merged_is_told_where_it_went(post: Post, *, reopens: bool) -> None:
    with post.database.transaction() as session:
        workspace.put(session, "low_rating_reopens", reopens, user_id=person(session, name="Sam").id or 0)
    link, number = await asked(post)
    with post.database.transaction() as session:
        stays = ticket(session, status=Status.DELIVERED)
        merging.merge(session, session.exec(select(User)).first(), post.enqueue, number, stays.id or 0)  # type: ignore[arg-type]
        other = stays.id or 0
    with post.database.transaction() as session:
        ratings.answer(session, post.settings, link, 1, "It still leaks.")
    with post.database.read() as session:
        gone = session.get_one(Ticket, number)
        assert (gone.status, gone.merged_into) == (Status.RESOLVED, other)
        assert session.exec(select(Message).where(Message.direction == "note")).one().ticket_id == other
        assert {note.ticket_id for note in session.exec(select(Notification).where(Notification.kind == "low rating"))} == {other}
        assert session.get_one(Ticket, other).status == Status.DELIVERED


async def test_a_ticket_that_was_merged_while_the_mail_is_queued_is_not_asked_about(post: Post) -> None:
    with post.database.transaction() as session:
        number = resolved(session).id or 0
    post.ask()
    with post.database.transaction() as session:
        stays = ticket(session, status=Status.DELIVERED)
        merging.merge(session, session.exec(select(User)).first(), post.enqueue, number, stays.id or 0)  # type: ignore[arg-type]
        row = session.exec(select(Outbox.id)).one() or 0
    assert await delivery.deliver(post, row) == "nothing to do"
    assert post.mails() == []


def _set_aside(session: Session, row: Ticket) -> None:
    session.get_one(Episode, row.episode_id).eligible = False


def _unanswered(session: Session, row: Ticket) -> None:
    session.get_one(Episode, row.episode_id).replies = 0


def _opened_again(session: Session, row: Ticket) -> None:
    row.status = Status.REOPENED


def _merged(session: Session, row: Ticket) -> None:
    row.merged_into = ticket(session).id


def _unwanted(session: Session, row: Ticket) -> None:
    session.add(CsatOptOut(email=row.requester_email))


def _no_address(session: Session, row: Ticket) -> None:
    row.requester_email = ""


def _switched_off(session: Session, row: Ticket) -> None:
    workspace.put(session, "ask_for_rating", False, user_id=1)


def _lately(session: Session, row: Ticket) -> None:
    other = ticket(session)
    outbox = Outbox(
        ticket_id=other.id or 0, recipient=row.requester_email, subject="", body="", message_id="<x@y>", status="sent"
    )
    session.add(outbox)
    session.flush()
    session.add(
        CsatRequest(
            episode_id=other.episode_id or 0, ticket_id=other.id or 0, status="sent", recipient=row.requester_email, outbox_id=outbox.id,
            sent_at=now() - timedelta(days=20),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_set_aside, "spam or an automatic message"), (_unanswered, "nobody answered"), (_opened_again, "the matter went on"),
        (_merged, "the matter went on"), (_unwanted, "does not want"), (_no_address, "no address"), (_switched_off, "switched off"),
        (_lately, "within the last 30 days"),
    ],
)  # fmt: skip
def test_who_is_not_asked(post: Post, change: Callable[[Session, Ticket], None], why: str) -> None:
    with post.database.transaction() as session:
        row = resolved(session)
        change(session, row)
        session.add(row)
        number = row.id
    assert post.ask() == "0 customers asked, 1 not asked"
    with post.database.read() as session:
        assert why in session.exec(select(CsatRequest).where(CsatRequest.ticket_id == number)).one().reason
        assert session.exec(select(Outbox).where(Outbox.status == "held")).all() == []


def test_answers_to_many_at_once_ask_nobody(post: Post) -> None:
    from tests.desks import waiting_draft
    from triage.models import Decision, DecisionKind, MasterDraft

    with post.database.transaction() as session:
        row = ticket(session)
        draft = waiting_draft(session, row)
        incident = Incident(title="Outage", state="open", created_by="user:1")
        session.add(incident)
        session.flush()
        master = MasterDraft(incident_id=incident.id or 0, created_by="user:1")
        decision = Decision(
            draft_id=draft.id or 0, ticket_id=row.id or 0, episode_id=row.episode_id or 0, user_id=person(session).id or 0,
            kind=DecisionKind.APPROVE, seal="s",
        )  # fmt: skip
        session.add_all([master, decision])
        session.flush()
        session.add(
            IncidentReply(
                incident_id=incident.id or 0,
                round=1,
                ticket_id=row.id or 0,
                master_id=master.id or 0,
                decision_id=decision.id or 0,
            )
        )
        session.get_one(Episode, row.episode_id).replies = 1
        row.status = Status.DELIVERED
        replies.resolve(session, row, actor="clock", how="assumed")
    post.ask()
    with post.database.read() as session:
        assert "incident" in session.exec(select(CsatRequest)).one().reason


async def test_a_matter_that_goes_on_while_the_mail_is_queued_is_not_asked_about(post: Post) -> None:
    with post.database.transaction() as session:
        row = resolved(session)
    post.ask()
    with post.database.transaction() as session:
        session.get_one(Ticket, row.id).status = Status.REOPENED
        say(session, session.get_one(Ticket, row.id), "One more thing")
        number = session.exec(select(Outbox.id)).one() or 0
    assert await delivery.deliver(post, number) == "nothing to do"
    assert post.mails() == []


async def test_a_mail_cut_off_before_its_booking_is_never_sent_twice(post: Post) -> None:
    """A Maildir knows its name; a mail server does not, so that the customer is rather not asked."""
    with post.database.transaction() as session:
        resolved(session)
    post.ask()
    with post.database.transaction() as session:
        outbox = session.exec(select(Outbox)).one()
        outbox.status = "sending"
        number = outbox.id or 0
    by_smtp = SimpleNamespace(
        database=post.database, settings=load_settings(**{**post.settings.model_dump(), "smtp_host": "127.0.0.1"})
    )
    assert await delivery.deliver(cast(Any, by_smtp), number) == "nothing to do"
    with post.database.read() as session:
        assert session.exec(select(Outbox)).one().status == "uncertain"
        assert session.exec(select(Ticket)).one().status == Status.RESOLVED


async def test_who_wants_no_such_mail_gets_none(post: Post) -> None:
    link, _ = await asked(post)
    with post.database.transaction() as session:
        ratings.stop(session, post.settings, link)
        ratings.stop(session, post.settings, link)
        resolved(session)
    assert post.ask() == "0 customers asked, 1 not asked"


async def test_only_the_links_own_secret_opens_it_and_not_for_ever(post: Post) -> None:
    link, _ = await asked(post)
    with post.database.transaction() as session:
        number = session.exec(select(CsatRequest.id)).one() or 0
        forged, _ = links.new(post.settings, number)
        for wrong in ("", "x", link[:-1], link + "x", forged):
            with pytest.raises(InputError, match="not valid"):
                ratings.answer(session, post.settings, wrong, 5)
        with pytest.raises(InputError, match="one of the five"):
            ratings.answer(session, post.settings, link, 6)
        with clock_at(now() + timedelta(days=90)), pytest.raises(InputError, match="too old"):
            ratings.answer(session, post.settings, link, 5)
