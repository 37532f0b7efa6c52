"""From an edit to an article fix, a style rule or an evaluation case: once, by whom it concerns, and never from what was undone."""

import json

import pytest
from sqlmodel import Session, select

from tests.desks import person, recorder_of, ticket, waiting_draft
from triage import approval, audit, rulebook
from triage.database import Database
from triage.drafts import proof
from triage.errors import AccessError, ConflictError, InputError
from triage.judging import Rules
from triage.learning import cases, edits, styles
from triage.models import Decision, DecisionKind, Draft, Edit, EvaluationCase, Notification, Role, StyleSuggestion, User
from triage.settings import Settings

BODY = "Hi Priya,\n\nUse ClearCal every three months.\n\nKind regards"
SENT = "Hello Priya,\n\nUse ClearCal every two months.\n\nKind regards"


def sent(session: Session, settings: Settings, user: User, *, body: str = SENT, **fields: object) -> Decision:
    row = ticket(session, body="Hi, I am Priya, +44 20 7946 0018. How do I descale it?")
    draft = waiting_draft(session, row, body=BODY, **fields)
    own = [str(point["text"]) for point in proof.open_points(proof.of_text(session, draft, row, body)) if "index" not in point]
    return approval.decide(
        session,
        recorder_of([]),
        settings,
        user,
        draft.id or 0,
        kind=DecisionKind.APPROVE,
        seal=draft.seal,
        body=body,
        vouched=own,
    )


def test_an_approval_keeps_what_it_changed_and_is_classed(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user = person(session)
        decision = sent(session, settings, user)
        assert decision.edit_class == "fact"
        rows = edits.of_decisions(session, [decision.id or 0])
        assert [(row.edit.kind, row.edit.after) for row in rows] == [
            ("tone", "Hello Priya,"),
            ("fact", "Use ClearCal every two months."),
        ]
        assert edits.listing(session, user).total == 2
        assert edits.listing(session, user, kind="tone").total == 1
        untouched = sent(session, settings, user, body=BODY)
        assert untouched.edit_class == "" and not edits.of_decisions(session, [untouched.id or 0])


def test_an_article_fix_goes_to_the_cited_article_without_the_customer_in_it(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user = person(session)
        decision = sent(session, settings, user, body="Use ClearCal, Priya, every two months.")
        edit = session.exec(select(Edit).where(Edit.decision_id == decision.id, Edit.kind == "fact")).first()
        assert edit
        edits.take(session, user, edit.id or 0, "article")
        told = session.exec(select(Notification).where(Notification.kind == "knowledge")).one()
        assert told.role == Role.ADMIN and "every two months" in told.text and "Priya" not in told.text
        with pytest.raises(ConflictError, match="Nadia made this article fix already"):
            edits.take(session, user, edit.id or 0, "case")
        assert audit.verify(session) is None


def test_a_case_holds_question_and_reply_without_personal_data_and_is_exported(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, manager, admin = person(session), person(session, Role.MANAGER, "Mina"), person(session, Role.ADMIN, "Ada")
        decision = sent(session, settings, user)
        edit = edits.of_decisions(session, [decision.id or 0])[1].edit
        edits.take(session, user, edit.id or 0, "case")
        made = session.exec(select(EvaluationCase)).one()
        assert made.properties["says"] == ["Use ClearCal every two months."]
        assert made.properties["does_not_say"] == ["Use ClearCal every three months."]
        lines = [json.loads(line) for line in cases.export(session, manager).splitlines()]
        assert lines[0]["expected"].startswith("Hello [name]") and "How do I descale it?" in lines[0]["question"]
        assert lines[0]["source"] == {"from": "edit", "ticket": decision.ticket_id, "decision": decision.id, "edit": edit.id}
        assert not {"Priya", "7946"} & set(json.dumps(lines).replace("[", " ").split())
        assert "Priya" not in json.dumps(lines) and "7946" not in json.dumps(lines)
        with pytest.raises(AccessError):
            cases.export(session, user)
        with pytest.raises(AccessError):
            cases.remove(session, manager, made.id or 0)
        cases.remove(session, admin, made.id or 0)
        assert cases.export(session, admin) == ""


def test_staff_suggest_a_style_rule_and_a_manager_lets_it_count(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, manager = person(session), person(session, Role.MANAGER, "Mina")
        decision = sent(session, settings, user)
        edit = edits.of_decisions(session, [decision.id or 0])[0].edit
        edits.take(session, user, edit.id or 0, "style")
        made = session.exec(select(StyleSuggestion)).one()
        assert made.text == "Write “Hello” instead of “Hi”."
        assert Rules.load(session, settings).style == ()
        with pytest.raises(AccessError):
            styles.accept(session, user, made.id or 0)
        styles.accept(session, manager, made.id or 0)
        assert Rules.load(session, settings).style == ("Write “Hello” instead of “Hi”.",)
        with pytest.raises(ConflictError):
            styles.refuse(session, manager, made.id or 0)
        styles.turn(session, manager, made.text, on=False)
        assert Rules.load(session, settings).style == ()
        said = [line for version in rulebook.versions(session, manager) for line in version.changes]
        assert said[:2] == [f"The writer follows no longer: {made.text}", f"The writer follows: {made.text}"]
        with pytest.raises(AccessError):
            rulebook.switch_on(session, manager, {"minimum_confidence": 0.1})


def test_a_refused_style_rule_tells_whoever_suggested_it(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, manager = person(session), person(session, Role.MANAGER, "Mina")
        made = styles.suggest(session, user, "Greet by first name.")
        styles.refuse(session, manager, made.id or 0, "We write formally.")
        told = session.exec(select(Notification).where(Notification.user_id == user.id)).one()
        assert "We write formally." in told.text and styles.count_waiting(session) == 0
        with pytest.raises(InputError):
            styles.suggest(session, user, "x" * 400)


def test_what_was_undone_teaches_nothing(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user = person(session)
        decision = sent(session, settings, user)
        edit = edits.of_decisions(session, [decision.id or 0])[0].edit
        approval.undo(session, user, decision.id or 0)
        assert edits.listing(session, user).total == 0 and not edits.of_decisions(session, [decision.id or 0])
        with pytest.raises(ConflictError, match="taken back"):
            edits.take(session, user, edit.id or 0, "case")


def test_an_edit_is_its_authors_or_a_managers_to_take(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, other, manager = person(session), person(session, name="Sam"), person(session, Role.MANAGER, "Mina")
        edit = edits.of_decisions(session, [sent(session, settings, user).id or 0])[0].edit
        assert edits.listing(session, other).total == 0 and edits.listing(session, manager).total == 2
        with pytest.raises(AccessError):
            edits.take(session, other, edit.id or 0, "dismissed")
        edits.take(session, manager, edit.id or 0, "dismissed")
        edits.put_back(session, user, edit.id or 0)
        assert edits.listing(session, user).total == 2


def test_edits_from_before_are_classed_later(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        decision = sent(session, settings, person(session))
        decision.edit_class = ""
        for edit in session.exec(select(Edit)).all():
            session.delete(edit)
        session.flush()
        assert edits.backfill(session) == "1 edits classed"
        assert session.get_one(Decision, decision.id).edit_class == "fact"
        assert edits.backfill(session) == "0 edits classed"
        assert session.exec(select(Draft)).one().status == "approved"
