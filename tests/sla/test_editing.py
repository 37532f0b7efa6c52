"""Managers change what is promised: tried first, versioned, taken back; open tickets follow behind it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from tests.desks import Enqueued, person, recorder_of, ticket, waiting_draft
from triage import approval
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.models import AuditEvent, Customer, Episode, Priority, Role, clock_at, now
from triage.settings import Settings
from triage.sla import clocks, editing, plan
from triage.sla.plan import DESK, Hours, Plan, Policy, Step, Targets, minutes_of, written


def quick(first: int, **fields: object) -> Plan:
    return Plan(
        policies=[Policy(name="Everybody", clock="always", targets={Priority.NORMAL: Targets(first_reply=first, approval=5)})],
        **fields,
    )  # type: ignore[arg-type]


def answered(session: Session, minutes: int, **fields: object) -> int:
    row = ticket(session, **fields)
    episode = session.get_one(Episode, row.episode_id)
    episode.started_at = now() - timedelta(days=2)
    episode.first_reply_at = episode.started_at + timedelta(minutes=minutes)
    session.add(episode)
    session.flush()
    return row.id or 0


def test_a_change_is_versioned_told_in_words_and_taken_back(database: Database) -> None:
    enqueued: Enqueued = []
    with database.transaction() as session:
        manager, staff = person(session, Role.MANAGER), person(session)
        before = plan.default()
        wanted = before.model_copy(update={"warn": 50, "hours": {DESK: Hours(country="NL")}})
        with pytest.raises(AccessError):
            editing.switch_on(session, staff, recorder_of(enqueued), wanted, base=0)
        row = editing.switch_on(session, manager, recorder_of(enqueued), wanted, base=0, note="Kings day")
        assert row and row.number == 2 and plan.current(session) == (2, wanted)
        assert [(kind, args) for kind, _, args in enqueued] == [("chore", ("retarget",))]
        with pytest.raises(ConflictError):
            editing.switch_on(session, manager, recorder_of(enqueued), before, base=0)
        assert editing.switch_on(session, manager, recorder_of(enqueued), wanted, base=2) is None
        newest = editing.versions(session, manager)[0]
        assert newest.by == "Nadia" and "Warning: at 50 %." in newest.changes and "holidays of NL" in newest.changes[0]
        editing.revert(session, manager, recorder_of(enqueued), 1)
        assert plan.current(session)[1] == before
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "targets_changed")).all()) == 2
    with database.read() as session:
        assert plan.current(session) == (3, before)


def test_targets_that_no_working_time_leads_to_never_count(database: Database) -> None:
    """With such a plan no message could come in: its ticket would have no due time."""
    target = {Priority.NORMAL: Targets(resolve=60 * 24 * 365)}
    few = Plan(policies=[Policy(name="Everybody", targets=target)], hours={DESK: Hours(week="Mon 08:00-08:01")})
    of_night = Plan(
        policies=few.policies, hours={DESK: Hours(week="Mon-Sun 00:00-24:00"), "Night": Hours(week="Sun 02:00-02:05")}
    )
    with database.transaction() as session:
        manager = person(session, Role.MANAGER)
        for wanted, whose in ((few, "the desk"), (of_night, "Night")):
            for change in (
                lambda wanted=wanted: editing.switch_on(session, manager, recorder_of([]), wanted, base=0),
                lambda wanted=wanted: editing.try_out(session, manager, wanted),
            ):
                with pytest.raises(InputError, match=f"five years of the working hours of {whose}"):
                    change()
        assert plan.current(session)[0] == 0
        assert editing.switch_on(session, manager, recorder_of([]), quick(60 * 24 * 365), base=0)


def test_a_trial_tells_which_promises_would_have_been_broken(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        manager = person(session, Role.MANAGER)
        plan.kept(session, quick(60), user_id=None)
        fast, slow = answered(session, 10), answered(session, 45, email="b@x.example")
        late = answered(session, 90, email="c@x.example")
        row = ticket(session, email="d@x.example")
        with clock_at(now() - timedelta(minutes=20)):
            draft = waiting_draft(session, row)
        approval.decide(session, recorder_of([]), settings, manager, draft.id or 0, kind="approve", seal=draft.seal)  # type: ignore[arg-type]
        found = editing.try_out(session, manager, quick(30))
        first = found.kinds["first_reply"]
        assert (first.cases, first.broken_now, first.broken_then) == (3, 1, 2) and found.episodes == 4
        assert [(case.ticket_id, case.breaks) for case in found.cases] == [(slow, True)] and fast != late
        assert (found.kinds["approval"].cases, found.kinds["approval"].broken_now) == (1, 1)
        looser = editing.try_out(session, manager, quick(120))
        assert [(case.ticket_id, case.breaks) for case in looser.cases] == [(late, False)]


def test_the_first_policy_that_fits_counts(database: Database) -> None:
    with database.transaction() as session:
        everybody = quick(60)
        plus = Policy(name="Plus", tiers=["plus"], clock="always", targets={Priority.NORMAL: Targets(first_reply=15)})
        plan.kept(session, everybody.model_copy(update={"policies": [plus, *everybody.policies]}), user_id=None)
        customer = Customer(external_id="C-1", name="Priya", email="priya@customer.example", tier="plus")
        session.add(customer)
        session.flush()
        for fields, minutes in (({"customer_id": customer.id}, 15), ({}, 60)):
            row = ticket(session, email=f"{minutes}@x.example", **fields)
            clocks.begin(session, row, now())
            assert row.first_reply_due and round((row.first_reply_due - now()).total_seconds() / 60) == minutes
            assert row.resolve_due is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"policies": []}, "policies"),
        ({"policies": [{"name": "a", "tiers": ["plus"]}]}, "everybody else"),
        ({"policies": [{"name": "a"}, {"name": "A"}]}, "same name"),
        ({"policies": [{"name": "a"}], "hours": {"": {"week": "Mon"}}}, "cannot be read as hours"),
        ({"policies": [{"name": "a"}], "hours": {"": {"zone": "Mars/Olympus"}}}, "no time zone"),
        ({"policies": [{"name": "a"}], "hours": {"": {"country": "DE", "region": "XX"}}}, "not known"),
        ({"policies": [{"name": "a"}], "hours": {"x": {}}}, "desk itself"),
        ({"policies": [{"name": "a"}], "warn": 100}, "warn"),
        ({"policies": [{"name": "a"}], "surprise": 1}, "surprise"),
    ],
)
def test_a_plan_that_cannot_be_used_says_why(value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan.read(value)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("45", 45), ("45 min", 45), ("8 h", 480), ("1:30 h", 90), ("1.5h", 90), ("2 d", 2880), ("", None), ("-", None)],
)
def test_times_are_read_as_people_write_them(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes
    if minutes:
        assert minutes_of(written(minutes)) == minutes


@pytest.mark.parametrize("text", ["soon", "0", "-5 min", "8 x", "9999 d"])
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        minutes_of(text)


def test_steps_are_told_in_words() -> None:
    assert (
        plan.step_words(Step(clock="approval", at="breach", do="hand", to="Seniors"))
        == "at a breach of decision on a draft, hand it to the group Seniors"
    )
