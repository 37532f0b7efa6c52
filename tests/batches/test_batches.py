"""Like drafts approved together: nothing risky gets in, a tenth is always decided one by one, and nothing is decided twice."""

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.batches.conftest import alike
from tests.desks import person, recorder_of, say
from triage import approval, audit, workspace
from triage.batches import approving, forming, view
from triage.batches.likeness import mark
from triage.errors import AccessError, AlreadyDecided, ConflictError, InputError
from triage.models import (
    Article,
    BatchMember,
    BlockedAction,
    Decision,
    DecisionKind,
    Draft,
    Incident,
    IncidentMember,
    Outbox,
    Role,
    Status,
    Ticket,
    User,
    now,
)
from triage.settings import Settings

K = DecisionKind
RISKY: dict[str, dict[str, Any]] = {
    "money": {"said": "How often should I descale it? I paid 29 euros for it."},
    "law": {"said": "Descale how often? My lawyer will write to you."},
    "high risk": {"risk": "high"},
    "manager": {"approver": "manager"},
    "draft of a manager": {"draft": {"approver": "manager"}},
    "unsupported": {"draft": {"sentences": [{"text": "Use ClearCal every three months.", "kind": "fact", "supported": False, "passages": []}]}},
    "unsure": {"draft": {"confidence": 0.4}},
    "language": {"language": "pl"},
    "upset": {"sentiment": "negative"},
    "urgent": {"priority": "urgent"},
    "asks back": {"draft": {"kind": "clarify"}},
    "no source": {"draft": {"citations": []}},
    "wants something": {"draft": {"plan": {"requested_actions": [{"action": "cancel_order"}]}}},
    "written by a person": {"draft": {"created_by": "user:1"}},
    "degraded": {"draft": {"degraded": ["the model was down"]}},
}  # fmt: skip


def ids(drafts: list[Draft]) -> list[int]:
    return [draft.ticket_id for draft in drafts]


def examine(session: Session, desk: Any, user: User, batch: int, kind: DecisionKind = K.APPROVE, **more: Any) -> None:
    """Decide by themselves all that have to be."""
    for one in view.load(session, desk.settings, user, batch).forced:
        approval.decide(session, desk.enqueue, desk.settings, user, one.row.draft_id, kind=kind, seal=one.draft.seal, **more)


def test_a_batch_is_approved_after_its_tenth_with_a_decision_and_an_undo_for_each(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session)
        drafts = [alike(session, n) for n in range(12)]
        row = session.get_one(Ticket, drafts[0].ticket_id)
        assert forming.alike(session, row, drafts[0]) == 12
        batch = forming.form_alike(session, desk.settings, user, drafts[0].ticket_id)
        seen = view.load(session, desk.settings, user, batch.id or 0)
        assert len(seen.forced) == 2 and len(seen.rest) == 10
    with pytest.raises(ConflictError, match="by itself"):
        approving.approve(desk, user, batch.id or 0, shown=seen.shown)
    with desk.database.transaction() as session:
        examine(session, desk, user, batch.id or 0)
    done = approving.approve(desk, user, batch.id or 0, shown=seen.shown, active_seconds=30)
    with desk.database.transaction() as session:
        assert len(done.decisions) == 10 and not done.dropped
        assert len(session.exec(select(Decision)).all()) == len(session.exec(select(Outbox)).all()) == 12
        events = [
            event.data["draft"] for event in session.exec(select(audit.AuditEvent).where(audit.AuditEvent.kind == "decision"))
        ]
        assert sorted(events) == sorted(draft.id for draft in drafts)
        assert audit.verify(session) is None
        renewed = approval.undo(session, user, done.decisions[3])
        assert renewed.status == "waiting"
    assert approving.undo(desk, user, batch.id or 0) == 9
    with pytest.raises(ConflictError, match="over"):
        approving.approve(desk, user, batch.id or 0, shown=seen.shown)


def test_what_is_risky_is_left_out_with_its_reason(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session, Role.MANAGER)
        drafts = [alike(session, n) for n in range(3)]
        risky = [alike(session, 9 + n, **fields) for n, fields in enumerate(RISKY.values())]
        batch = forming.form(session, desk.settings, user, ids([*drafts, *risky]))
        rows = session.exec(select(BatchMember).where(BatchMember.batch_id == batch.id)).all()
        assert {row.ticket_id for row in rows if row.state == "dropped" and row.reason} == set(ids(risky))
        with pytest.raises(InputError, match="begins at 3"):
            forming.form(session, desk.settings, user, ids([*drafts[:2], *risky[:3]]))


def test_blocked_actions_incidents_and_another_answer_keep_a_draft_out(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session)
        blocked, within, other, snoozed, *plain = [alike(session, n) for n in range(7)]
        session.add(BlockedAction(ticket_id=blocked.ticket_id, action="issue_refund", rule="payments"))
        incident = Incident(title="Down", state="open")
        session.add(incident)
        session.flush()
        session.add(IncidentMember(incident_id=incident.id or 0, ticket_id=within.ticket_id))
        session.flush()
        counted = [forming.alike(session, session.get_one(Ticket, one.ticket_id), one) for one in (within, plain[0])]
        assert counted == [0, 6]  # neither offered for what an incident holds, nor counted
        other.alike = "another"
        session.get_one(Ticket, snoozed.ticket_id).snoozed_until = now().replace(year=now().year + 1)
        session.flush()
        batch = forming.form(session, desk.settings, user, ids([blocked, within, other, snoozed, *plain]))
        seen = view.load(session, desk.settings, user, batch.id or 0)
        said = {one.ticket.id: one.reason for one in seen.members if one.state == "dropped"}
    assert set(said) == set(ids([blocked, within, other, snoozed]))
    assert "action is blocked" in said[blocked.ticket_id] and "incident" in said[within.ticket_id]
    assert "other passages" in said[other.ticket_id] and "put off" in said[snoozed.ticket_id]


def test_whatever_changed_in_between_drops_out_with_its_reason(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user, other = person(session), person(session, name="Sam")
        drafts = [alike(session, n) for n in range(8)]
        batch = forming.form(session, desk.settings, user, ids(drafts))
        examine(session, desk, user, batch.id or 0)
        seen = view.load(session, desk.settings, user, batch.id or 0)
        wrote, decided, cited, *_ = seen.rest
        say(session, session.get_one(Ticket, wrote.row.ticket_id), "One more thing!")
        approval.decide(
            session,
            desk.enqueue,
            desk.settings,
            other,
            decided.row.draft_id,
            kind=K.REJECT,
            reason="other",
            seal=decided.row.seal,
        )
        session.get_one(Ticket, cited.row.ticket_id).requester_email = "new@customer.example"
    done = approving.approve(desk, user, batch.id or 0, shown=seen.shown)
    assert len(done.decisions) == len(seen.rest) - 3
    assert done.dropped[wrote.row.ticket_id] == "the customer wrote again"
    assert "Sam decided it" in done.dropped[decided.row.ticket_id]
    assert "address is now" in done.dropped[cited.row.ticket_id]


def test_an_article_that_changed_empties_the_batch(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session)
        batch = forming.form(session, desk.settings, user, ids([alike(session, n) for n in range(4)]))
        examine(session, desk, user, batch.id or 0)
        seen = view.load(session, desk.settings, user, batch.id or 0)
        session.get_one(Article, "descale").published_version = 2
    with pytest.raises(InputError, match="is now version 2"):
        approving.approve(desk, user, batch.id or 0, shown=seen.shown)


@pytest.mark.parametrize(
    ("kind", "more"),
    [(K.REJECT, {"reason": "wrong facts"}), (K.REQUEST_CHANGES, {"comment": "mention the filter"}), (K.APPROVE, {"body": "Use ClearCal every nine months.", "vouched": ["Use ClearCal every nine months."]})],
)  # fmt: skip
def test_an_examined_draft_that_was_not_right_stops_the_batch(batch_desk: Any, kind: DecisionKind, more: dict[str, Any]) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session)
        batch = forming.form(session, desk.settings, user, ids([alike(session, n) for n in range(5)]))
        shown = view.load(session, desk.settings, user, batch.id or 0).shown
        examine(session, desk, user, batch.id or 0, kind, **more)
    with pytest.raises(ConflictError, match="not right"):
        approving.approve(desk, user, batch.id or 0, shown=shown)
    with desk.database.read() as session:
        assert len(session.exec(select(Decision)).all()) == 1


def test_forming_anew_draws_nobody_out_of_the_tenth(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user = person(session)
        drafts = [alike(session, n) for n in range(9)]
        first = forming.form(session, desk.settings, user, ids(drafts))
        forced = {one.row.draft_id for one in view.load(session, desk.settings, user, first.id or 0).forced}
        for _ in range(3):
            again = forming.form(session, desk.settings, user, ids(drafts))
            assert {one.row.draft_id for one in view.load(session, desk.settings, user, again.id or 0).forced} == forced
        assert first.status == "closed"


def test_when_somebody_else_decides_one_of_the_tenth_another_is_drawn(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user, other = person(session), person(session, name="Sam")
        batch = forming.form(session, desk.settings, user, ids([alike(session, n) for n in range(6)]))
        for one in view.load(session, desk.settings, user, batch.id or 0).forced:
            approval.decide(session, desk.enqueue, desk.settings, other, one.row.draft_id, kind=K.APPROVE, seal=one.row.seal)
        approving.tend(session, desk, user, batch.id or 0)
        seen = view.load(session, desk.settings, user, batch.id or 0)
        assert len(seen.forced) == 1 and len(seen.rest) == 4


def test_a_batch_is_its_own_persons_and_no_way_round_the_switch(batch_desk: Any) -> None:
    desk = batch_desk
    with desk.database.transaction() as session:
        user, other = person(session), person(session, name="Sam")
        drafts = [alike(session, n) for n in range(4)]
        batch = forming.form(session, desk.settings, user, ids(drafts))
        with pytest.raises(AccessError):
            view.load(session, desk.settings, other, batch.id or 0)
        workspace.put(session, "every_draft_needs_manager", True, user_id=user.id or 0)
        with pytest.raises(InputError, match="every draft needs a manager"):
            forming.form(session, desk.settings, other, ids(drafts))
        shown = view.load(session, desk.settings, user, batch.id or 0)
        with pytest.raises(AccessError):
            examine(session, desk, user, batch.id or 0)
    assert shown.forced


@given(
    kinds=st.lists(st.sampled_from(["", "", "", *RISKY]), min_size=3, max_size=11),
    decided=st.sets(st.integers(0, 10), max_size=3),
    drops=st.sets(st.integers(0, 10), max_size=3),
)
@tries(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_risk_never_gets_in_the_tenth_is_always_forced_and_nothing_is_decided_twice(
    batch_desk: Any, kinds: list[str], decided: set[int], drops: set[int]
) -> None:
    desk = batch_desk
    if not desk.database.is_sqlite:
        return
    with Session(desk.database.engine, expire_on_commit=False) as session:  # rolled back at its end
        user, other = person(session), person(session, name="Sam")
        _one_batch(session, desk, user, other, kinds, decided, drops)


def _one_batch(
    session: Session, desk: Any, user: User, other: User, kinds: list[str], decided: set[int], drops: set[int]
) -> None:
    drafts = [
        alike(session, n, **{k: dict(v) if isinstance(v, dict) else v for k, v in RISKY.get(kind, {}).items()})
        for n, kind in enumerate(kinds)
    ]
    safe = {draft.id for draft, kind in zip(drafts, kinds, strict=True) if not kind}
    try:
        batch = forming.form(session, desk.settings, user, ids(drafts))
    except InputError:
        assert len(safe) < forming.LEAST
        return
    rows = session.exec(select(BatchMember).where(BatchMember.batch_id == batch.id)).all()
    assert {row.draft_id for row in rows if row.state == "waiting"} == safe
    assert sum(row.forced for row in rows) == max(1, math.ceil(len(safe) / 10))
    assert all(row.state == "waiting" for row in rows if row.forced)
    for n, draft in enumerate(drafts):
        if n in decided and draft.id in safe:
            approval.decide(session, desk.enqueue, desk.settings, other, draft.id or 0, kind=K.APPROVE, seal=draft.seal)
        elif n in drops:
            say(session, session.get_one(Ticket, draft.ticket_id), "Wait!")
    one_database = type(
        "Nested", (), {"transaction": lambda _: session.begin_nested(), "patiently": lambda _, work: work(session)}
    )()
    nested = type("Desk", (), {"settings": desk.settings, "enqueue": recorder_of([]), "database": one_database})()
    shown = view.load(session, desk.settings, user, batch.id or 0)
    approving.tend(session, nested, user, batch.id or 0)
    examined = len(view.load(session, desk.settings, user, batch.id or 0).forced)
    if shown.rest and examined:
        with pytest.raises((ConflictError, InputError)):
            approving._approve(session, nested, user, batch.id or 0, shown.shown | {d.id or 0: d.seal for d in drafts}, None)
    examine(session, nested, user, batch.id or 0)
    everything = {draft.id or 0: draft.seal for draft in drafts}  # a client that asks for more than it was shown
    with suppress(ConflictError, InputError):
        approving._approve(session, nested, user, batch.id or 0, everything, None)
    made = session.exec(select(Decision)).all()
    assert len({one.draft_id for one in made}) == len(made)
    mine = {one.draft_id for one in made if one.user_id == user.id}
    changed = {draft.id for n, draft in enumerate(drafts) if n in drops and not (n in decided and draft.id in safe)}
    assert mine <= safe - changed
    if mine:
        looked_at = {one.row.draft_id for one in view.load(session, desk.settings, user, batch.id or 0).examined}
        assert len(looked_at) >= math.ceil(len(mine) / 10)


def test_the_mark_says_what_is_alike(batch_desk: Any) -> None:
    with batch_desk.database.transaction() as session:
        one, two = alike(session, 1), alike(session, 2)
        assert one.alike == two.alike != ""
        row = session.get_one(Ticket, two.ticket_id)
        assert row.status == Status.AWAITING_APPROVAL
        two.citations = [*two.citations, {"passage": "descale#1", "article": "descale"}]
        assert mark(two, row) not in ("", one.alike)
        two.confidence = 0.2
        assert mark(two, row) == ""
        with pytest.raises(AlreadyDecided):
            for _ in range(2):
                approval.decide(
                    session,
                    batch_desk.enqueue,
                    Settings(),
                    person(session, name=f"P{_}"),
                    one.id or 0,
                    kind=K.APPROVE,
                    seal=one.seal,
                )
