"""One approval, many mails: each a decision of its own, nobody twice, no exception ever."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from knowledge_base import articles
from tests import desks
from tests.incidents.conftest import Put, put_in
from tests.incidents.stories import OUTAGE, PEOPLE
from triage import approval, audit, delivery, workspace
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, InputError, TriageError
from triage.incidents import keeping, sending
from triage.incidents.sending import Preview
from triage.models import (
    BlockedAction,
    Decision,
    DecisionKind,
    Draft,
    GuardVerdict,
    IncidentReply,
    MasterDraft,
    Message,
    Outbox,
    Role,
    Status,
    Ticket,
    User,
)
from triage.office import Desk

Text = Callable[..., MasterDraft]
Outage = tuple[int, list[int]]


def look(desk: Desk, user: User, master: MasterDraft) -> Preview:
    return sending.preview(desk, user, master)


def approve(desk: Desk, user: User, master: MasterDraft, seen: Preview | None = None, **given: Any) -> sending.Approved:
    seen = seen or look(desk, user, master)
    return sending.approve(desk, user, master.id or 0, shown=seen.shown, **given)


def outboxes(desk: Desk) -> list[Outbox]:
    with desk.database.read() as session:
        return list(session.exec(select(Outbox).order_by(col(Outbox.id))))


def why(seen: Preview) -> dict[int, str]:
    return {one.ticket.id or 0: "; ".join(one.reasons) for one in seen.exceptions}


def deliver(desk: Desk) -> None:
    for outbox in outboxes(desk):
        asyncio.run(delivery.deliver(desk, outbox.id or 0))


def test_each_member_gets_a_decision_a_seal_and_a_mail_of_its_own(desk: Desk, staff: User, outage: Outage, text: Text) -> None:
    incident, numbers = outage
    seen = look(desk, staff, text(incident))
    assert not seen.exceptions and [one.draft.body.splitlines()[0] for one in seen.ready] == [
        f"Hello {name}," for name in PEOPLE[:4]
    ]
    done = approve(desk, staff, text(incident, version=2), active_seconds=40.0)
    assert len(done.decisions) == 4 and not done.left_out
    with desk.database.read() as session:
        for outbox, name, number in zip(outboxes(desk), PEOPLE, numbers, strict=False):
            assert (outbox.recipient, outbox.ticket_id, outbox.status) == (f"{name.lower()}@customer.example", number, "held")
            decision = session.get_one(Decision, outbox.decision_id)
            draft = session.get_one(Draft, decision.draft_id)
            assert outbox.body == decision.body == draft.body and outbox.body.startswith(f"Hello {name},")
            assert draft.seal == decision.seal and draft.created_by == f"incident:{incident}" and decision.active_seconds == 10.0
            assert session.get_one(Ticket, number).status == Status.APPROVED
        assert len(session.exec(select(IncidentReply)).all()) == 4
        assert audit.verify(session) is None
    deliver(desk)
    assert {outbox.status for outbox in outboxes(desk)} == {"sent"}
    with desk.database.read() as session:
        assert len(session.exec(select(Message).where(Message.direction == "out")).all()) == 4


def _sensitive(session: Session, ticket: Ticket) -> str:
    session.add(BlockedAction(ticket_id=ticket.id or 0, action="issue_refund", rule="payments"))
    return "an action is blocked: issue refund"


def _flagged(session: Session, ticket: Ticket) -> str:
    session.add(GuardVerdict(ticket_id=ticket.id or 0, stage="input", rule="injection", verdict="flag"))
    return "a guard flagged it: injection"


def _escalated(session: Session, ticket: Ticket) -> str:
    ticket.status, ticket.reason = Status.ESCALATED, "policy_restriction"
    return "it is escalated: policy restriction"


def _wrote_again(session: Session, ticket: Ticket) -> str:
    desks.say(session, ticket, "And now it is on fire.")
    return "the customer wrote again"


def _foreign(session: Session, ticket: Ticket) -> str:
    ticket.language = "fr"
    return "it is written in another language (fr)"


def _more(session: Session, ticket: Ticket) -> str:
    own = session.get_one(Draft, ticket.draft_id)
    own.plan = {**own.plan, "questions": [OUTAGE[0], "When does my next subscription box with coffee beans ship?"]}
    session.add(own)
    return "it asks more: “When does my next subscription box with coffee beans ship?”"


def _wish(session: Session, ticket: Ticket) -> str:
    own = session.get_one(Draft, ticket.draft_id)
    own.plan = {**own.plan, "requested_actions": [{"action": "cancel_order", "target": "KT-1"}]}
    session.add(own)
    return "it asks for more: cancel order"


def _nameless(session: Session, ticket: Ticket) -> str:
    ticket.requester_name = "x@y {{order}}"
    return "there is no first name for {{name}}"


def _rejected(session: Session, ticket: Ticket) -> str:
    ticket.status = Status.REJECTED
    return "a colleague rejected its draft"


def _answered(session: Session, ticket: Ticket) -> str:
    ticket.status = Status.DELIVERED
    return "it was answered already"


def _busy(session: Session, ticket: Ticket) -> str:
    ticket.status = Status.TRIAGING
    return "the agents are at work on it"


def _own_reply(session: Session, ticket: Ticket) -> str:
    session.get_one(Draft, ticket.draft_id).created_by = "user:1"
    return "a colleague is writing its reply"


def _risky(session: Session, ticket: Ticket) -> str:
    ticket.risk = "high"
    return "the matter is of high risk"


def _addressless(session: Session, ticket: Ticket) -> str:
    ticket.requester_email = ""
    return "it has no address to reply to"


HURDLES = [
    _sensitive, _flagged, _escalated, _wrote_again, _foreign, _more, _wish, _nameless, _rejected, _answered, _busy, _own_reply, _risky,
    _addressless,
]  # fmt: skip


def test_every_hurdle_makes_an_exception_with_its_reason_and_none_of_them_is_sent(
    desk: Desk, manager: User, staff: User, text: Text
) -> None:
    expected: dict[int, str] = {}
    with desk.database.transaction() as session:
        numbers = [put_in(session, f"P{chr(97 + n)}", OUTAGE[n % 4]) for n in range(len(HURDLES) + 1)]
        for number, hurdle in zip(numbers, HURDLES, strict=False):
            ticket = session.get_one(Ticket, number)
            expected[number] = hurdle(session, ticket)
            session.add(ticket)
        incident = keeping.start(session, staff, numbers).id or 0
    master = text(incident)
    seen = look(desk, manager, master)
    found = why(seen)
    assert {n: expected[n] in found.get(n, "") for n in expected} == dict.fromkeys(expected, True), found
    assert [one.ticket.id for one in seen.ready] == [numbers[-1]]
    everything = {one.ticket.id or 0: one.mark for one in seen.instances}  # as if somebody asked for all of them
    done = sending.approve(desk, manager, master.id or 0, shown=everything)
    assert set(done.left_out) == set(expected) and [outbox.ticket_id for outbox in outboxes(desk)] == [numbers[-1]]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_a_manager_decides_is_left_out_for_others(desk: Desk, staff: User, manager: User, put: Put, text: Text) -> None:
    numbers = [
        put("Anna", OUTAGE[0], status=Status.ESCALATED, reason="missing_knowledge", approver="manager"),
        put("Bram", OUTAGE[1], draft={"approver": "manager", "approver_reasons": ["the reviewer still asks"]}),
        put("Carla", OUTAGE[2]),
    ]
    with desk.database.transaction() as session:
        incident = keeping.start(session, staff, numbers).id or 0
    master = text(incident)
    seen = look(desk, staff, master)
    assert [one.ticket.id for one in seen.ready] == numbers[2:] and all(
        "a manager decides it" in said for said in why(seen).values()
    )
    forged = {one.ticket.id or 0: one.mark for one in look(desk, manager, master).instances}
    assert set(sending.approve(desk, staff, master.id or 0, shown=forged).left_out) == set(numbers[:2])
    assert len(approve(desk, manager, master).decisions) == 2
    with desk.database.transaction() as session:
        workspace.put(session, "every_draft_needs_manager", True, user_id=manager.id or 0)
        keeping.add(session, staff, incident, put_in(session, "Edith", OUTAGE[3]))
    assert look(desk, staff, master).ready == [] and len(look(desk, manager, master).ready) == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_customer_with_two_tickets_gets_one_mail_and_a_repetition_says_nothing_new(
    desk: Desk, staff: User, put: Put, text: Text
) -> None:
    numbers = [put("Anna", OUTAGE[0]), put("Anna", OUTAGE[1]), put("Bram", OUTAGE[2])]
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, numbers[2])
        again = Message(
            ticket_id=numbers[2],
            episode_id=ticket.episode_id,
            author_email=ticket.requester_email,
            body=OUTAGE[2],
            duplicate_of=ticket.thread_head,
        )
        session.add(again)  # word for word, so the thread's end stays where it was
        incident = keeping.start(session, staff, numbers).id or 0
    master = text(incident)
    seen = look(desk, staff, master)
    assert [one.ticket.id for one in seen.ready] == [numbers[0], numbers[2]]
    assert why(seen) == {numbers[1]: f"the same customer gets it by #{numbers[0]}"}
    approve(desk, staff, master)
    assert why(look(desk, staff, master)) == {numbers[1]: f"the same customer gets it by #{numbers[0]}"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_output_guards_judge_every_instance_with_its_own_data(desk: Desk, staff: User, put: Put, text: Text) -> None:
    numbers = [put("Anna", OUTAGE[0]), put("Bram", OUTAGE[1], requester_name="evil.com")]
    with desk.database.transaction() as session:
        incident = keeping.start(session, staff, numbers).id or 0
    assert "links outside the allowed hosts" in why(look(desk, staff, text(incident)))[numbers[1]]
    leaking = text(incident, "Hello {{name}}, call +31 6 1234 5678 for details.", version=2)
    assert set(why(look(desk, staff, leaking))) == set(numbers)
    with pytest.raises(InputError, match="Nothing can be sent"):
        approve(desk, staff, leaking)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_changed_since_it_was_shown_is_left_out(desk: Desk, staff: User, outage: Outage, text: Text) -> None:
    incident, numbers = outage
    master = text(incident)
    seen = look(desk, staff, master)
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, numbers[0])
        ticket.requester_name = "Annabel Example"
        session.add(ticket)
        late = put_in(session, "Edith", OUTAGE[0])
        keeping.add(session, staff, incident, late)
    done = approve(desk, staff, master, seen)
    assert "changed since you looked" in done.left_out[numbers[0]] and late not in {outbox.ticket_id for outbox in outboxes(desk)}
    assert len(done.decisions) == 3


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_second_approval_and_a_stale_text_send_nothing(
    desk: Desk, staff: User, manager: User, outage: Outage, text: Text
) -> None:
    incident, _ = outage
    first = text(incident)
    seen = look(desk, staff, first)
    approve(desk, staff, first, seen)
    for person in (staff, manager):
        with pytest.raises(AlreadyDecided):
            approve(desk, person, first, seen)
    text(incident, "Hello {{name}}, all is well again.", version=2)
    with pytest.raises(ApprovalVoid):
        approve(desk, staff, first, seen)
    assert len(outboxes(desk)) == 4


def test_two_browsers_at_once_send_once(desk: Desk, staff: User, manager: User, outage: Outage, text: Text) -> None:
    master = text(outage[0])
    seen, gate, results = look(desk, staff, master), threading.Barrier(2), list[str]()

    def press(user: User) -> None:
        gate.wait()
        try:
            approve(desk, user, master, seen)
            results.append("sent")
        except TriageError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=press, args=(user,)) for user in (staff, manager)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["AlreadyDecided", "sent"] and len(outboxes(desk)) == 4


def test_single_decisions_at_the_same_time_leave_one_answer_for_each(
    desk: Desk, staff: User, manager: User, outage: Outage, text: Text
) -> None:
    master = text(outage[0])
    seen, gate = look(desk, staff, master), threading.Barrier(5)
    with desk.database.read() as session:
        drafts = [session.get_one(Draft, session.get_one(Ticket, number).draft_id) for number in outage[1]]

    def alone(draft: Draft) -> None:
        gate.wait()
        with contextlib.suppress(TriageError, OperationalError):
            desk.database.run_now(lambda session: approval.decide(session, desk.enqueue, desk.settings, manager, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal))  # fmt: skip

    def together() -> None:
        gate.wait()
        with contextlib.suppress(TriageError):
            approve(desk, staff, master, seen)

    threads = [threading.Thread(target=together), *(threading.Thread(target=alone, args=(draft,)) for draft in drafts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outbox.ticket_id for outbox in outboxes(desk)) == outage[1]


def test_a_crash_in_the_middle_leaves_nothing(
    desk: Desk, staff: User, outage: Outage, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, calls = text(outage[0]), list[int]()
    enqueue = desk.enqueue

    def dies(session: Session, *what: Any, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        enqueue(session, *what, **more)

    monkeypatch.setattr(desk, "enqueue", dies)
    with pytest.raises(RuntimeError):
        approve(desk, staff, master)
    assert outboxes(desk) == []
    with desk.database.read() as session:
        assert session.exec(select(Decision)).all() == [] and session.exec(select(IncidentReply)).all() == []
    assert len(approve(desk, staff, master).decisions) == 4


def test_undo_takes_back_what_was_not_sent_and_it_can_be_sent_again(desk: Desk, staff: User, outage: Outage, text: Text) -> None:
    incident, numbers = outage
    master = text(incident)
    approve(desk, staff, master)
    asyncio.run(delivery.deliver(desk, outboxes(desk)[0].id or 0))
    assert sending.undo(desk, staff, incident, master.round) == 3
    assert [outbox.status for outbox in outboxes(desk)] == ["sent", "cancelled", "cancelled", "cancelled"]
    with desk.database.read() as session:
        assert session.get_one(Ticket, numbers[1]).status == Status.AWAITING_APPROVAL
    with pytest.raises(ConflictError, match="too late"):
        sending.undo(desk, staff, incident, master.round)
    seen = look(desk, staff, master)
    assert [one.ticket.id for one in seen.ready] == numbers[1:] and [one.ticket.id for one in seen.sent] == numbers[:1]
    approve(desk, staff, master)
    deliver(desk)
    sent = [outbox.ticket_id for outbox in outboxes(desk) if outbox.status == "sent"]
    assert sorted(sent) == numbers


def test_a_follow_up_goes_to_those_who_got_the_first_message(
    desk: Desk, staff: User, outage: Outage, text: Text, put: Put
) -> None:
    incident, numbers = outage
    approve(desk, staff, text(incident))
    deliver(desk)
    late = put("Edith", OUTAGE[0])
    with desk.database.transaction() as session:
        keeping.add(session, staff, incident, late)
        desks.say(session, session.get_one(Ticket, numbers[3]), "Thank you, but it still does not work.")
    over = text(incident, "Hello {{name}},\n\nThe outage is over.", round=2)
    seen = look(desk, staff, over)
    assert "the customer wrote again" in why(seen)[numbers[3]] and [one.ticket.id for one in seen.ready] == [*numbers[:3], late]
    approve(desk, staff, over)
    deliver(desk)
    with desk.database.read() as session:
        bodies = session.exec(
            select(Message.body).where(Message.ticket_id == numbers[0], Message.direction == "out").order_by(col(Message.id))
        ).all()
        assert len(bodies) == 2 and "The outage is over." in bodies[1]
        assert session.get_one(Ticket, numbers[0]).status == Status.DELIVERED


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_message_that_comes_while_the_mail_is_held_stops_only_that_one(
    desk: Desk, staff: User, outage: Outage, text: Text
) -> None:
    incident, numbers = outage
    approve(desk, staff, text(incident))
    with desk.database.transaction() as session:
        desks.say(session, session.get_one(Ticket, numbers[0]), "It works again!")
    deliver(desk)
    assert [outbox.status for outbox in outboxes(desk)] == ["cancelled", "sent", "sent", "sent"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_sentences_without_a_source_are_acknowledged_once_for_all(
    desk: Desk, staff: User, manager: User, outage: Outage, text: Text
) -> None:
    said = "It will be over at 15:30."
    master = text(
        outage[0],
        f"Hello {{{{name}}}},\n\n{said}",
        sentences=[{"text": said, "kind": "fact", "supported": False, "passages": []}],
    )
    assert look(desk, staff, master).ready == []  # by the desk's switch such drafts wait for a manager
    seen = look(desk, manager, master)
    assert seen.unsupported == [0]
    with pytest.raises(InputError, match="acknowledge"):
        approve(desk, manager, master)
    approve(desk, manager, master, acknowledged=[0])
    with desk.database.read() as session:
        assert {tuple(decision.acknowledged) for decision in session.exec(select(Decision))} == {(0,)}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_article_that_changed_voids_the_text(desk: Desk, staff: User, outage: Outage, text: Text) -> None:
    with desk.database.transaction() as session:
        version = articles.save_version(
            session, "status", title="App status", body="The app service is down.", author="Ann", category="app"
        )
        articles.publish(session, "status", author="Ann", embed=desk.embedder)
    master = text(outage[0], article_versions={"status": version.number})
    seen = look(desk, staff, master)
    assert seen.changes == []
    with desk.database.transaction() as session:
        articles.save_version(session, "status", title="App status", body="All is well.", author="Ann", category="app")
        articles.publish(session, "status", author="Ann", embed=desk.embedder)
    with pytest.raises(ApprovalVoid, match="version 2"):
        approve(desk, staff, master, seen)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_nothing_is_sent_before_the_incident_is_confirmed_or_by_strangers(
    desk: Desk, staff: User, outage: Outage, text: Text
) -> None:
    incident, _ = outage
    master = text(incident)
    seen = look(desk, staff, master)
    with desk.database.transaction() as session:
        gone = desks.person(session, Role.STAFF, "Olda")
        gone.disabled_at = gone.created_at
        session.add(gone)
    with pytest.raises(AccessError):
        approve(desk, gone, master, seen)
    with desk.database.transaction() as session:
        keeping.end(session, staff, incident)
    with pytest.raises(ConflictError, match="over"):
        approve(desk, staff, master, seen)
    assert outboxes(desk) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@limits(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.tuples(st.sampled_from([None, *HURDLES]), st.sampled_from(["staff", "manager"])), min_size=1, max_size=6),
       steps=st.lists(st.sampled_from(["approve", "approve", "undo", "deliver"]), min_size=1, max_size=6))  # fmt: skip
def test_whatever_is_pressed_nobody_gets_it_twice_and_no_exception_gets_it(
    desk: Desk, staff: User, manager: User, text: Text, plan: list[tuple[Any, str]], steps: list[str]
) -> None:
    with desk.database.transaction() as session:
        numbers, kept = [], set[int]()
        for n, (hurdle, approver) in enumerate(plan):
            numbers.append(put_in(session, f"P{chr(97 + n)}", OUTAGE[n % 4], approver=approver))
            if hurdle is not None:
                ticket = session.get_one(Ticket, numbers[-1])
                hurdle(session, ticket)
                session.add(ticket)
            if hurdle is not None or approver == "manager":
                kept.add(numbers[-1])
        incident = keeping.start(session, staff, numbers).id or 0
    master = text(incident)
    for step in steps:
        seen = look(desk, manager, master)
        try:
            if step == "approve":  # a member of the staff who asks for everything a manager could see
                sending.approve(desk, staff, master.id or 0, shown={one.ticket.id or 0: one.mark for one in seen.instances})
            elif step == "undo":
                sending.undo(desk, staff, incident, 1)
            else:
                deliver(desk)
        except TriageError:
            pass
    deliver(desk)
    mine = [outbox for outbox in outboxes(desk) if outbox.ticket_id in numbers]
    assert not kept & {outbox.ticket_id for outbox in mine}
    standing = [outbox.recipient for outbox in mine if outbox.status == "sent"]
    assert len(standing) == len(set(standing))
