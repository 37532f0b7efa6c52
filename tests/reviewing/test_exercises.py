"""Exercises: who gets one and when, what deciding it does and tells, and that nothing else knows of it."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func
from sqlmodel import Session, SQLModel, select

from tests.desks import person
from tests.reviewing.conftest import sent_by
from triage import administration, workspace
from triage.database import Database
from triage.errors import AccessError, AlreadyDecided, InputError
from triage.learning.metrics import BusinessHours, Window, reports
from triage.models import AuditEvent, DecisionKind, Exercise, ReviewerConsent, Role, Ticket, User, clock_at, now
from triage.reviewing import consent, copies, exercises, making
from triage.reviewing.consent import Word
from triage.settings import Settings
from triage.tickets import inbox, ticket_view, work
from triage.tickets.inbox import View

People = tuple[User, User]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


def decided(session: Session, user: User, exercise: Exercise, kind: DecisionKind, **said: str) -> Exercise:
    return exercises.decide(session, user, exercise.ticket_id, kind=kind, **said)


# ---- how it is shown and decided -----------------------------------------------------------------------------


def test_it_looks_like_a_ticket_that_waits_and_only_to_its_person(session: Session, people: People, exercise: Exercise) -> None:
    nadia, tom = people
    view = ticket_view.load(session, exercise.ticket_id, nadia)
    assert view.draft and (view.ticket.status, view.draft.status, view.draft.created_by) == (
        "awaiting_approval",
        "waiting",
        "agents",
    )
    assert [letter.message.body for letter in view.letters] == ["How do I descale it?"] and view.ticket.requester_name == "Priya"
    assert exercise.source_id not in [other.id for other in view.past]
    assert [row.id for row in inbox.listing(session, nadia).rows] == [exercise.ticket_id]
    assert work.claim(session, nadia, exercise.ticket_id) is None
    for other in (tom, None):
        with pytest.raises(InputError, match="There is no ticket"):
            ticket_view.load(session, exercise.ticket_id, other)
    for view_ in View:
        assert inbox.listing(session, tom, view_).rows == [] or view_ in (View.SENT, View.ALL)
        assert exercise.ticket_id not in [row.id for row in inbox.listing(session, tom, view_).rows]
    with pytest.raises(InputError, match="There is no ticket"):
        decided(session, tom, exercise, DecisionKind.REJECT, reason="other")


def test_going_on_through_the_queue_comes_to_it(session: Session, settings: Settings, people: People, exercise: Exercise) -> None:
    nadia, _ = people
    assert work.take_next(session, nadia, View.NEEDS, 1, below=[exercise.ticket_id]) == exercise.ticket_id
    assert work.take_next(session, nadia, View.NEEDS, exercise.ticket_id, below=[exercise.ticket_id]) is None


@pytest.mark.parametrize(
    ("kind", "said", "ended"),
    [
        (DecisionKind.APPROVE, {}, "missed"),
        (DecisionKind.APPROVE, {"mended": "yes"}, "caught"),
        (DecisionKind.REJECT, {"reason": "wrong facts"}, "caught"),
        (DecisionKind.REQUEST_CHANGES, {"comment": "Look at the article again."}, "caught"),
        (DecisionKind.ESCALATE, {}, "aside"),
    ],
)
def test_what_a_decision_is_taken_for(
    session: Session, people: People, exercise: Exercise, kind: DecisionKind, said: dict[str, str], ended: str
) -> None:  # fmt: skip
    shown = copies.draft(exercise).body
    assert exercise.wrong in shown and exercise.right not in shown and exercise.defect == "figure"
    body = shown.replace(exercise.wrong, exercise.right) if "mended" in said else shown
    done = decided(session, people[0], exercise, kind, body=body, **{key: word for key, word in said.items() if key != "mended"})
    assert done.ended == ended and done.told and done.shown == {} and done.ended_at
    assert inbox.listing(session, people[0]).rows == []
    with pytest.raises(InputError):
        ticket_view.load(session, exercise.ticket_id, people[0])
    with pytest.raises(AlreadyDecided):
        decided(session, people[0], exercise, kind, body=body, reason="other", comment="again")
    kept = session.get_one(ReviewerConsent, people[0].id)
    figure = exercises.past(session, kept).figure
    assert (figure.numerator, figure.denominator) == {"caught": (1, 1), "missed": (0, 1), "aside": (0, 0)}[ended]


def test_what_a_real_decision_would_need_is_asked_for(session: Session, people: People, exercise: Exercise) -> None:
    for kind in (DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.REQUEST_CHANGES):
        with pytest.raises(InputError):
            decided(session, people[0], exercise, kind)
    assert session.get_one(Exercise, exercise.id).ended == ""


def test_an_exercise_nobody_decided_goes_away(session: Session, settings: Settings, people: People, exercise: Exercise) -> None:
    with clock_at(now() + making.WAITS - timedelta(minutes=1)):
        assert making.expire(session) == 0
    with clock_at(now() + making.WAITS + timedelta(minutes=1)):
        assert making.expire(session) == 1
    gone = session.get_one(Exercise, exercise.id)
    assert (gone.ended, gone.shown) == ("expired", {})
    assert exercises.past(session, session.get_one(ReviewerConsent, people[0].id)).newest == []


def test_switching_signals_off_takes_the_exercise_away_and_forgets_the_past(
    session: Session, people: People, exercise: Exercise
) -> None:
    consent.say(session, people[0], Word.OFF)
    assert session.exec(select(Exercise)).all() == [] and inbox.listing(session, people[0]).rows == []
    assert session.get_one(Ticket, exercise.ticket_id).training


def test_the_audit_log_tells_that_there_was_one_and_not_how_it_ended(
    session: Session, people: People, exercise: Exercise
) -> None:
    decided(session, people[0], exercise, DecisionKind.APPROVE, body=copies.draft(exercise).body)
    told = session.exec(select(AuditEvent).where(AuditEvent.kind.startswith("exercise"))).all()  # type: ignore[attr-defined]
    assert [(event.kind, event.actor, event.ticket_id) for event in told] == [
        ("exercise.made", "clock", None), ("exercise.decided", people[0].actor, None),
    ]  # fmt: skip
    assert "missed" not in str([event.data for event in told])


# ---- nothing else knows of it ----------------------------------------------------------------------------------


def rows(session: Session) -> dict[str, int]:
    session.flush()
    return {
        table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in SQLModel.metadata.sorted_tables
    }  # type: ignore[call-overload]


def test_no_table_but_its_own_gets_a_row(session: Session, settings: Settings, people: People) -> None:
    """Neither when it is made nor when it is decided: no message, draft, decision, mail, run, vote or notice that anything could count."""
    nadia, _ = people
    before = rows(session)
    made = making.make(session, settings, nadia, random.Random(1))
    assert made
    decided(session, nadia, made, DecisionKind.APPROVE, body=copies.draft(made).body)
    grown = {name: count - before[name] for name, count in rows(session).items() if count != before[name]}
    assert grown.pop("metricchange", 0) >= 0  # the ticket's day is counted anew, to the same figures
    assert grown == {"ticket": 1, "exercise": 1, "auditevent": 2}
    bare = session.get_one(Ticket, made.ticket_id)
    assert (bare.subject, bare.requester_email, bare.requester_name, bare.customer_id, bare.draft_id) == ("", "", "", None, None)


def test_no_figure_moves(session: Session, settings: Settings, people: People) -> None:
    window = Window.last(30, BusinessHours())
    before = reports.report(session, window), inbox.counts(session, people[0])
    made = making.make(session, settings, people[0], random.Random(1))
    assert made and (reports.report(session, window), inbox.counts(session, people[0])) == before
    decided(session, people[0], made, DecisionKind.REJECT, reason="other")
    assert (reports.report(session, window), inbox.counts(session, people[0])) == before


def test_neither_search_nor_history_finds_it(session: Session, people: People, exercise: Exercise) -> None:
    for find in ("descale", str(exercise.ticket_id), f"#{exercise.ticket_id}", "Priya"):
        for user in people:
            assert exercise.ticket_id not in [row.id for row in inbox.listing(session, user, View.ALL, find=find).rows]
    source = ticket_view.load(session, exercise.source_id)
    assert exercise.ticket_id not in [other.id for other in source.past]


# ---- who gets one, and when --------------------------------------------------------------------------------------


def test_nobody_gets_one_who_did_not_ask(session: Session, settings: Settings, people: People) -> None:
    workspace.put(session, making.RATE, 20.0, user_id=people[0].id or 0)
    for _ in range(30):
        sent_by(session, settings, people[1])
    assert making.keep_up(session, settings) == "0 exercises made, 0 gone"  # Nadia decided nothing, Tom did not ask
    for _ in range(8):
        sent_by(session, settings, people[0])
    assert making.keep_up(session, settings) == "1 exercises made, 0 gone"
    assert making.keep_up(session, settings) == "0 exercises made, 0 gone"
    made = session.exec(select(Exercise)).one()
    assert made.user_id == people[0].id


def test_how_many_is_set_by_administrators(session: Session, settings: Settings, people: People) -> None:
    admin = person(session, Role.ADMIN, "Ines")
    with pytest.raises(AccessError):
        administration.turn(session, person(session, Role.MANAGER, "Marco"), making.RATE, 5.0)
    for wrong in (-1.0, 21.0):
        with pytest.raises(InputError, match="0 to 20"):
            administration.turn(session, admin, making.RATE, wrong)
    administration.turn(session, admin, making.RATE, 0.0)
    for _ in range(60):
        sent_by(session, settings, people[0])
    assert making.keep_up(session, settings) == "0 exercises made, 0 gone"


def test_one_at_a_time_and_none_of_what_the_person_knows(
    session: Session, settings: Settings, people: People, exercise: Exercise
) -> None:
    nadia, _ = people
    assert making.make(session, settings, nadia) is None  # one waits
    decided(session, nadia, exercise, DecisionKind.ESCALATE)
    assert making.make(session, settings, nadia) is None  # its source was had before
    sent_by(session, settings, nadia)
    assert making.make(session, settings, nadia) is None  # she sent that herself


def test_what_waits_or_was_edited_or_is_in_a_language_one_does_not_read_is_not_copied(
    session: Session, settings: Settings
) -> None:
    nadia, tom = person(session), person(session, name="Tom")
    sent_by(session, settings, tom, language="nl")
    draft_of = sent_by(session, settings, tom)
    draft_of.approver = "manager"
    session.add(draft_of)
    session.flush()
    assert making.make(session, settings, nadia) is None


def test_a_defect_that_the_guards_would_stop_tests_nobody(session: Session, settings: Settings, people: People) -> None:
    """Staff may not promise a refund, so that a promise never reaches them as an exercise."""
    nadia, tom = people
    kinds = set()
    for seed in range(12):
        sent_by(session, settings, tom)
        made = making.make(session, settings, nadia, random.Random(seed))
        assert made
        kinds.add(made.defect)
        decided(session, nadia, made, DecisionKind.ESCALATE)
    assert kinds == {"figure"}
