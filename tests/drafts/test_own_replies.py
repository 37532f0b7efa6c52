"""What people write and others decide: checked like an agents' draft, decided by somebody else, and back to its author."""

from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session, select

from tests.desks import person, recorder_of, ticket, waiting_draft
from triage import approval, audit
from triage.drafts import own_replies
from triage.errors import AccessError, InputError
from triage.learning import own
from triage.models import AuditEvent, DecisionKind, Draft, Edit, Message, Notification, Outbox, Role, Status, Ticket, User
from triage.tickets import work

if TYPE_CHECKING:
    from triage.office import Desk

K = DecisionKind
GOOD = "Hello Priya,\n\nDescale your machine with ClearCal every 3 months.\n\nKind regards"
BAD = "Hello Priya,\n\nUse vinegar every 9 weeks. We will refund you €40.\n\nKind regards"


def trainee(session: Session) -> User:
    user = person(session, name="Tina")
    own_replies.set_trainee(session, person(session, Role.MANAGER, "Boss"), user.id or 0, True)
    return user


def decide(session: Session, desk: "Desk", user: User, draft: Draft, kind: DecisionKind, **more: object) -> None:
    approval.decide(session, recorder_of([]), desk.settings, user, draft.id or 0, kind=kind, seal=draft.seal, **more)  # type: ignore[arg-type]


def test_a_trainees_reply_is_checked_and_decided_by_a_colleague(desk: "Desk") -> None:
    with desk.database.transaction() as session:
        tina, sam = trainee(session), person(session, name="Sam")
        row = ticket(session, body="How often do I descale my machine?")
        draft = waiting_draft(session, row)
        number, tina_id, sam_id = row.id or 0, tina.id, sam.id
        for kind in (K.APPROVE, K.REJECT):
            with pytest.raises(AccessError):
                decide(session, desk, tina, draft, kind, reason="other")
        assert own_replies.is_held(session, tina, row) and not own_replies.is_held(session, sam, row)
        with pytest.raises(AccessError):
            work.resolve(session, tina, number)
    passages = own_replies.passages_for(desk, number, GOOD)
    assert passages
    with desk.database.transaction() as session:
        tina, sam = session.get_one(User, tina_id), session.get_one(User, sam_id)
        mine = own_replies.hand_in(session, desk, tina, number, GOOD, passages, comment="first try")
        assert mine.created_by == tina.actor and mine.cause == "Written by Tina (trainee): first try"
        assert [s["kind"] for s in mine.sentences].count("fact") >= 1 and mine.citations
        with pytest.raises(AccessError):
            decide(session, desk, tina, mine, K.APPROVE)
        told = session.exec(select(Notification).where(Notification.ticket_id == number)).one()
        assert told.role == (Role.STAFF if mine.approver == "staff" else Role.MANAGER)
        decider = sam if mine.approver == "staff" else session.exec(select(User).where(User.name == "Boss")).one()
        open_ = [n for n, s in enumerate(mine.sentences) if not s["supported"]]
        decide(session, desk, decider, mine, K.APPROVE, body=GOOD.replace("Hello", "Dear"), acknowledged=open_)
        assert session.exec(select(Outbox)).one().body.startswith("Dear Priya")
        seen = own.became(session, tina)
        assert [(one.outcome, one.sent[:4]) for one in seen] == [("changed", "Dear")] and seen[0].by == decider.name
        counted = own.figures(session, session.exec(select(User).where(User.name == "Boss")).one(), tina.id)
        assert (counted.decided, counted.changed, counted.as_written) == (1, 1, 0)
        with pytest.raises(AccessError):
            own.figures(session, sam, tina.id)
        assert not session.exec(select(Edit)).all()  # it teaches its author, not the agents
        assert audit.verify(session) is None


def test_what_a_guard_or_no_source_says_against_it_makes_it_a_managers(desk: "Desk") -> None:
    with desk.database.transaction() as session:
        tina, sam = trainee(session), person(session, name="Sam")
        row = ticket(session, body="How often do I descale my machine?")
        waiting_draft(session, row)
        mine = own_replies.hand_in(session, desk, tina, row.id or 0, BAD, [])
        assert mine.approver == "manager" and any("no source" in reason for reason in mine.approver_reasons)
        assert any("promise" in str(note["text"]).lower() for note in mine.review["notes"])  # type: ignore[attr-defined]
        with pytest.raises(AccessError):
            decide(session, desk, sam, mine, K.APPROVE)


def test_changes_asked_for_go_to_the_person_and_their_text_waits_in_the_field(desk: "Desk") -> None:
    with desk.database.transaction() as session:
        tina, manager = trainee(session), person(session, Role.MANAGER, "Mina")
        row = ticket(session)
        waiting_draft(session, row)
        mine = own_replies.hand_in(session, desk, tina, row.id or 0, GOOD, [])
        decide(session, desk, manager, mine, K.REQUEST_CHANGES, comment="Mention the filter.")
        assert (row.status, row.reason, row.assignee_id) == (Status.REJECTED, own_replies.RETURNED, tina.id)
        assert own_replies.returned_text(session, tina, row) == GOOD
        assert own_replies.returned_text(session, manager, row) == ""
        assert [(one.outcome, one.comment) for one in own.became(session, tina)] == [("came back", "Mention the filter.")]
        told = session.exec(select(Notification).where(Notification.user_id == tina.id)).one()
        assert "Mention the filter." in told.text
        again = own_replies.hand_in(session, desk, tina, row.id or 0, GOOD + "\n\nThe filter stays in.", [])
        assert (row.status, again.version, again.status) == (Status.AWAITING_APPROVAL, mine.version + 1, "waiting")
        assert not session.exec(select(Message).where(Message.direction == "out")).all()


def test_an_agents_draft_still_goes_back_to_the_agents(desk: "Desk") -> None:
    enqueued: list[tuple[str, str, tuple[object, ...]]] = []
    with desk.database.transaction() as session:
        manager = person(session, Role.MANAGER, "Mina")
        row = ticket(session)
        draft = waiting_draft(session, row)
        approval.decide(
            session,
            recorder_of(enqueued),
            desk.settings,
            manager,
            draft.id or 0,
            kind=K.REQUEST_CHANGES,
            seal=draft.seal,
            comment="shorter",
        )
        assert row.status == Status.TRIAGING and [kind for kind, *_ in enqueued] == ["triage"]


def test_a_staff_members_reply_to_a_sensitive_matter_is_held_for_a_manager(desk: "Desk") -> None:
    with desk.database.transaction() as session:
        sam, manager = person(session, name="Sam"), person(session, Role.MANAGER, "Mina")
        row = ticket(session, approver="manager")
        waiting_draft(session, row)
        assert own_replies.is_held(session, sam, row) and not own_replies.is_held(session, manager, row)
        mine = own_replies.hand_in(session, desk, sam, row.id or 0, GOOD, [], comment="please look", manager=True)
        assert mine.approver == "manager" and mine.sentences
        assert session.exec(select(AuditEvent).where(AuditEvent.kind == "prepared")).one().data["comment"] == "please look"
        with pytest.raises(AccessError):
            decide(session, desk, sam, mine, K.APPROVE)


def test_managers_say_who_is_a_trainee_and_only_of_staff(desk: "Desk") -> None:
    with desk.database.transaction() as session:
        sam, manager = person(session, name="Sam"), person(session, Role.MANAGER, "Mina")
        with pytest.raises(AccessError):
            own_replies.set_trainee(session, sam, sam.id or 0, True)
        with pytest.raises(InputError):
            own_replies.set_trainee(session, manager, manager.id or 0, True)
        own_replies.set_trainee(session, manager, sam.id or 0, True)
        assert sam in own_replies.staff(session, manager) and session.get_one(User, sam.id).trainee
        row = ticket(session)
        draft = waiting_draft(session, row)
        with pytest.raises(AccessError, match="As a trainee"):
            decide(session, desk, sam, draft, K.APPROVE)
        own_replies.set_trainee(session, manager, sam.id or 0, False)
        decide(session, desk, sam, draft, K.APPROVE)
        assert session.get_one(Ticket, row.id).status == Status.APPROVED
