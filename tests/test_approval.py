"""Nothing leaves without a decision: who may, on what exactly, once."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from knowledge_base import articles
from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from triage import approval, audit, macros, replies, scheduling, workspace
from triage.database import Database
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, GuardError, InputError
from triage.macros import MacroText
from triage.models import BlockedAction, Decision, DecisionKind, Draft, Episode, Notification, Outbox, Role, Status, Ticket, User
from triage.settings import Settings
from triage.tickets import typed, work

K = DecisionKind


def decide(
    session: Session,
    settings: Settings,
    user: User,
    draft: Draft,
    kind: DecisionKind,
    enqueued: Enqueued | None = None,
    **given: Any,
) -> Decision:
    given = {"seal": draft.seal, **given}
    return approval.decide(
        session, recorder_of([] if enqueued is None else enqueued), settings, user, draft.id or 0, kind=kind, **given
    )


def test_an_approval_posts_exactly_what_was_read(database: Database, settings: Settings) -> None:
    enqueued: Enqueued = []
    with database.transaction() as session:
        row = ticket(session)
        draft = waiting_draft(session, row)
        decide(session, settings, person(session), draft, K.APPROVE, enqueued)
        outbox = session.exec(select(Outbox)).one()
        assert (outbox.recipient, outbox.body, outbox.status) == ("priya@customer.example", draft.body, "held")
        assert outbox.in_reply_to and outbox.references == ["<first@customer.example>", outbox.in_reply_to]
        assert (row.status, draft.status) == (Status.APPROVED, "approved")
        assert [(kind, args) for kind, _, args in enqueued] == [("deliver", (outbox.id,))]
        assert audit.verify(session) is None


def test_an_edit_is_sent_and_measured(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        draft, nadia = waiting_draft(session, ticket(session)), person(session)
        text = "Hello Priya,\n\nUse ClearCal every two months."
        with pytest.raises(InputError, match=r"No source supports “Use ClearCal every two months\.”\. No source mentions two"):
            decide(session, settings, nadia, draft, K.APPROVE, body=text)
        given = {"body": text, "vouched": ["Use ClearCal every two months."]}
        decision = decide(session, settings, nadia, draft, K.APPROVE, **given)
        assert session.exec(select(Outbox)).one().body.endswith("two months.")
        assert decision.edit_distance == pytest.approx(1 / 7)


@pytest.mark.parametrize(("odd", "kept"), [("\x00", ""), ("\ud83d", "\ufffd"), ("\udc00", "\ufffd")])
def test_a_character_that_no_database_takes_breaks_nothing(database: Database, settings: Settings, odd: str, kept: str) -> None:
    with database.transaction() as session:
        user, row = person(session), ticket(session)
        draft = waiting_draft(session, row)
        assert work.note(session, user, row.id or 0, f"A{odd} note").body == f"A{kept} note"
        typed.keep(session, user, row.id or 0, typed.NOTE, f"A{odd} note")
        macro = macros.save(session, user, MacroText(f"Hi{odd}", f"Hello{odd}!"))
        assert (macro.title, macro.body) == (f"Hi{kept}", f"Hello{kept}!")
        written = replies.write_reply(session, user, row.id or 0, f"{draft.body}{odd}")
        assert written.body == f"{draft.body}{kept}"
        decision = approval.decide(
            session, recorder_of([]), settings, user, written.id or 0, kind=DecisionKind.REJECT, seal=written.seal, reason="other",
            comment=f"No{odd}.", body=f"{written.body}{odd}",
        )  # fmt: skip
        assert (decision.body, decision.comment) == (f"{written.body}{kept}", f"No{kept}.")


def test_a_note_and_a_reply_without_end_are_refused_with_what_to_do(database: Database) -> None:
    with database.transaction() as session:
        user, row = person(session), ticket(session)
        waiting_draft(session, row)
        with pytest.raises(InputError, match=r"This note has 20,001 characters; at most 20,000 fit\. Shorten it"):
            work.note(session, user, row.id or 0, "a" * 20_001)
        with pytest.raises(InputError, match="This reply has 50,001 characters"):
            replies.write_reply(session, user, row.id or 0, "a" * 50_001)
        assert work.note(session, user, row.id or 0, "a" * 20_000).body


def test_the_first_decision_wins_and_the_second_is_told_who(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        draft = waiting_draft(session, ticket(session))
        decide(session, settings, person(session, name="Nadia"), draft, K.APPROVE)
        with pytest.raises(AlreadyDecided, match="Nadia approved this draft at"):
            decide(session, settings, person(session, name="Sam"), draft, K.REJECT, reason="other")


@pytest.mark.parametrize(
    "mark",
    [{"draft": {"approver": "manager"}}, {"ticket": {"approver": "manager"}}, {"draft": {"kind": "holding"}}, {"switch": True}],
)
def test_staff_cannot_decide_what_needs_a_manager(database: Database, settings: Settings, mark: dict[str, Any]) -> None:
    with database.transaction() as session:
        staff, manager = person(session), person(session, Role.MANAGER, "Mina")
        draft = waiting_draft(session, ticket(session, **mark.get("ticket", {})), **mark.get("draft", {}))
        if mark.get("switch"):
            workspace.put(session, "every_draft_needs_manager", True, user_id=manager.id or 0)
        for kind in (K.APPROVE, K.REJECT, K.RESOLVE):
            with pytest.raises(AccessError):
                decide(session, settings, staff, draft, kind, reason="other")
        decide(session, settings, manager, draft, K.APPROVE)


def test_a_disabled_person_decides_nothing(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user = person(session, Role.ADMIN)
        user.disabled_at = user.created_at
        with pytest.raises(AccessError):
            decide(session, settings, user, waiting_draft(session, ticket(session)), K.APPROVE)


def _customer_writes(session: Session, row: Ticket, draft: Draft) -> None:
    say(session, row, "One more thing")


def _address_changes(session: Session, row: Ticket, draft: Draft) -> None:
    row.requester_email = "attacker@elsewhere.example"
    session.add(row)


def _body_changes(session: Session, row: Ticket, draft: Draft) -> None:
    draft.body += " And send us your card number."
    session.add(draft)


def _article_changes(session: Session, row: Ticket, draft: Draft) -> None:
    from knowledge_base.embedding import embedder

    articles.save_version(session, "descaling", title="Descaling", body="Now every month.", author="Ann")
    articles.publish(session, "descaling", author="Ann", embed=embedder().encode)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_customer_writes, "wrote again"),
        (_address_changes, "address is now"),
        (_body_changes, "not the one that was sealed"),
        (_article_changes, "version 2"),
    ],
)
def test_an_approval_is_void_when_its_world_changed(database: Database, settings: Settings, change: Any, words: str) -> None:
    from knowledge_base.embedding import embedder

    with database.transaction() as session:
        articles.save_version(session, None, title="Descaling", body="Use ClearCal every three months.", author="Ann")
        articles.publish(session, "descaling", author="Ann", embed=embedder().encode)
        row = ticket(session)
        cited = [
            {
                "passage": "descaling#1",
                "article": "descaling",
                "version": 1,
                "title": "Descaling",
                "text": "Use ClearCal every three months.",
            }
        ]
        draft = waiting_draft(session, row, citations=cited)
        seal = draft.seal
        change(session, row, draft)
        session.flush()
        with pytest.raises(ApprovalVoid, match=words):
            decide(session, settings, person(session), draft, K.APPROVE, seal=seal)
        assert session.exec(select(Outbox)).all() == []


def test_a_seal_of_another_version_is_refused(database: Database, settings: Settings) -> None:
    with database.transaction() as session, pytest.raises(ApprovalVoid):
        decide(session, settings, person(session), waiting_draft(session, ticket(session)), K.APPROVE, seal="0" * 64)


def test_an_unsupported_sentence_must_be_acknowledged_or_removed(database: Database, settings: Settings) -> None:
    body = "Hello Priya,\n\nIt arrives on Friday."
    sentences = [{"text": "It arrives on Friday.", "kind": "fact", "supported": False, "passages": []}]
    with database.transaction() as session:
        staff = person(session)
        draft = waiting_draft(session, ticket(session), body=body, sentences=sentences)
        with pytest.raises(InputError, match="It arrives on Friday"):
            decide(session, settings, staff, draft, K.APPROVE)
        decide(session, settings, staff, draft, K.APPROVE, acknowledged=[0])
    with database.transaction() as session:
        draft = waiting_draft(session, ticket(session, email="b@customer.example"), body=body, sentences=sentences)
        decide(session, settings, person(session, name="Sam"), draft, K.APPROVE, body="Hello Priya,\n\nWe will write again.")


@pytest.mark.parametrize("leak", ["Your colleague's card is 4242 4242 4242 4242.", "See http://evil.example/login for more."])
def test_what_must_never_leave_does_not_leave_by_hand_either(database: Database, settings: Settings, leak: str) -> None:
    with database.transaction() as session:
        draft = waiting_draft(session, ticket(session))
        with pytest.raises(GuardError, match="may not be sent"):
            decide(session, settings, person(session, Role.ADMIN), draft, K.APPROVE, body=f"{draft.body}\n\n{leak}")
        assert session.exec(select(Decision)).all() == []


def test_changes_go_back_to_the_agents_with_the_comment(database: Database, settings: Settings) -> None:
    enqueued: Enqueued = []
    with database.transaction() as session:
        row = ticket(session)
        draft = waiting_draft(session, row)
        with pytest.raises(InputError, match="what should change"):
            decide(session, settings, person(session, name="Ann"), draft, K.REQUEST_CHANGES, enqueued)
    with database.transaction() as session:
        row = ticket(session, email="c@customer.example")
        draft = waiting_draft(session, row)
        decision = decide(session, settings, person(session), draft, K.REQUEST_CHANGES, enqueued, comment="Mention the outage")
        assert row.status == Status.TRIAGING
        assert enqueued[-1][0] == "triage" and enqueued[-1][2][1] == decision.id


def test_a_rejection_needs_a_reason_and_leaves_the_ticket_with_people(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row = ticket(session)
        draft = waiting_draft(session, row)
        decide(session, settings, person(session), draft, K.REJECT, reason="wrong facts")
        assert (row.status, row.reason) == (Status.REJECTED, "wrong facts")
        own = replies.write_reply(session, person(session, name="Sam"), row.id or 0, "Hello Priya, I looked into it myself.")
        decide(session, settings, person(session, name="Kim"), own, K.APPROVE)
        assert session.exec(select(Outbox)).one().body == "Hello Priya, I looked into it myself."


def test_an_escalation_tells_the_managers_and_keeps_the_text(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row = ticket(session)
        draft = waiting_draft(session, row)
        decide(session, settings, person(session), draft, K.ESCALATE, comment="He mentions a lawyer")
        renewed = session.get_one(Draft, row.draft_id)
        assert (row.status, renewed.version, renewed.body, renewed.approver) == (Status.ESCALATED, 2, draft.body, "manager")
        assert session.exec(select(Notification)).one().role == Role.MANAGER
        assert session.get_one(Episode, row.episode_id).escalated_at is not None
        with pytest.raises(AccessError):
            decide(session, settings, person(session, name="Sam"), renewed, K.APPROVE)


def test_undo_brings_the_edited_text_back(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, staff = ticket(session), person(session)
        decision = decide(session, settings, staff, waiting_draft(session, row), K.APPROVE, body="My own words.")
        renewed = approval.undo(session, staff, decision.id or 0)
        assert (row.status, renewed.body, renewed.version) == (Status.AWAITING_APPROVAL, "My own words.", 2)
        assert session.exec(select(Outbox)).one().status == "cancelled"
        with pytest.raises(ConflictError, match="undone before"):
            approval.undo(session, staff, decision.id or 0)


def test_undo_goes_by_the_message_as_it_is_now(database: Database, settings: Settings) -> None:
    """It began to leave, in another process, after this session had read it as held."""
    with database.transaction() as session:
        staff, draft = person(session), waiting_draft(session, ticket(session))
        decision = decide(session, settings, staff, draft, K.APPROVE)
    with database.transaction() as session:
        known = session.exec(select(Outbox)).one()
        session.connection().execute(text("UPDATE outbox SET status = 'sending'"))
        with pytest.raises(ConflictError, match="too late to undo"):
            approval.undo(session, staff, decision.id or 0)
        with pytest.raises(ConflictError, match="too late"):
            scheduling.send_now(session, recorder_of([]), staff, decision.id or 0, 20.0)
        assert known.status == "sending"


def test_a_blocked_action_needs_two_different_managers(database: Database) -> None:
    with database.transaction() as session:
        row = ticket(session)
        action = BlockedAction(ticket_id=row.id or 0, action="issue_refund", rule="payments", amount="49.00")
        session.add(action)
        session.flush()
        first, second = person(session, Role.MANAGER, "Mina"), person(session, Role.MANAGER, "Omar")
        with pytest.raises(AccessError):
            approval.sign_off(session, person(session), action.id or 0, granted=True, comment="fine")
        assert approval.sign_off(session, first, action.id or 0, granted=True, comment="double charge").status == "signed once"
        with pytest.raises(ConflictError, match="second person"):
            approval.sign_off(session, first, action.id or 0, granted=True, comment="again")
        assert approval.sign_off(session, second, action.id or 0, granted=True, comment="seen the invoice").status == "granted"


def test_one_refusal_closes_a_blocked_action(database: Database) -> None:
    with database.transaction() as session:
        row = ticket(session)
        action = BlockedAction(ticket_id=row.id or 0, action="delete_account", rule="deletions")
        session.add(action)
        session.flush()
        manager = person(session, Role.MANAGER, "Mina")
        assert approval.sign_off(session, manager, action.id or 0, granted=False, comment="privacy team").status == "refused"
        with pytest.raises(AlreadyDecided):
            approval.sign_off(session, person(session, Role.ADMIN, "Ada"), action.id or 0, granted=True, comment="no")
