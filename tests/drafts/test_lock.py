"""What changed since a draft was written is shown, and can be kept by who has seen it; what may not be kept says so."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from knowledge_base import articles
from knowledge_base.embedding import embedder
from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from triage import approval, audit, rulebook
from triage.database import Database
from triage.drafts import lock, proof
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, GuardError
from triage.models import AuditEvent, DecisionKind, Draft, Role, Run, Status, Ticket, User
from triage.settings import Settings

BODY = "Hello Priya,\n\nUse ClearCal every three months."
FACT = "Use ClearCal every three months."


def publish(session: Session, body: str) -> None:
    known = session.get(articles.Article, "descaling")
    articles.save_version(session, "descaling" if known else None, title="Descaling", body=body, author="Ann")
    articles.publish(session, "descaling", author="Ann", embed=embedder().encode)


def scene(session: Session) -> tuple[Ticket, Draft, User]:
    """A draft that rests on the first version of an article."""
    publish(session, FACT)
    row = ticket(session)
    sentences = [
        {"text": FACT, "kind": "fact", "supported": True, "passages": ["descaling#0"], "start": 14, "end": 14 + len(FACT)}
    ]
    cited = [{"passage": "descaling#0", "article": "descaling", "version": 1, "title": "Descaling", "text": FACT}]
    return row, waiting_draft(session, row, citations=cited, sentences=sentences), person(session)


def seen(session: Session, settings: Settings, user: User, draft: Draft) -> str:
    return lock.digest(lock.changes(session, settings, user, draft))


def keep(session: Session, settings: Settings, user: User, draft: Draft) -> Draft:
    return lock.keep(session, settings, user, draft.id or 0, seal=draft.seal, seen=seen(session, settings, user, draft))


def approve(session: Session, settings: Settings, user: User, draft: Draft, **given: Any) -> None:
    approval.decide(session, recorder_of([]), settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal, **given)


def test_a_new_message_is_shown_kept_and_told_in_the_audit_log(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        say(session, row, "Wait, it is a Lark One.")
        [change] = lock.changes(session, settings, nadia, draft)
        assert (change.kind, change.said, change.after) == ("message", "the customer wrote again", "Wait, it is a Lark One.")
        with pytest.raises(ApprovalVoid):
            approve(session, settings, nadia, draft)
        kept = keep(session, settings, nadia, draft)
        assert (kept.version, kept.thread_head, kept.body) == (2, row.thread_head, BODY) and draft.status == "superseded"
        assert kept.cause == "Kept by Nadia, who has seen what changed: the customer wrote again."
        assert kept.sentences[0]["supported"] and kept.article_versions == {"descaling": 1} and kept.seal != draft.seal
        told = session.exec(select(AuditEvent).where(AuditEvent.kind == "kept")).one()
        assert told.data["kinds"] == ["message"] and told.data["kept_as"] == kept.id and audit.verify(session) is None
        approve(session, settings, nadia, kept)
        assert row.status == Status.APPROVED


def test_a_new_version_is_compared_and_what_it_no_longer_says_has_to_be_acknowledged(
    database: Database, settings: Settings
) -> None:
    with database.transaction() as session:
        _, draft, nadia = scene(session)
        publish(session, "Use ClearCal every two months.")
        [change] = lock.changes(session, settings, nadia, draft)
        assert (change.before, change.after) == (FACT, "Use ClearCal every two months.")
        kept = keep(session, settings, nadia, draft)
        assert kept.article_versions == {} and [row["text"] for row in proof.open_points(kept.sentences)] == [FACT]
        assert "3 months" in str(kept.sentences[-1]["why"]) or "No source mentions" in str(kept.sentences[-1]["why"])
        with pytest.raises(Exception, match="No source supports"):
            approve(session, settings, nadia, kept)
        number = next(n for n, row in enumerate(kept.sentences) if row["text"] == FACT)
        approve(session, settings, nadia, kept, acknowledged=[number])


def test_a_version_that_says_the_same_carries_the_sentence_on(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        _, draft, nadia = scene(session)
        publish(session, f"{FACT} Rinse it twice.")
        kept = keep(session, settings, nadia, draft)
        assert kept.article_versions == {"descaling": 2} and not proof.open_points(kept.sentences)
        approve(session, settings, nadia, kept)


def _withdrawn(session: Session, row: Ticket, draft: Draft) -> None:
    articles.unpublish(session, "descaling", author="Ann")


def _internal(session: Session, row: Ticket, draft: Draft) -> None:
    article = session.get_one(articles.Article, "descaling")
    article.audience = "internal"
    session.add(article)


def _rule(session: Session, row: Ticket, draft: Draft) -> None:
    admin = person(session, Role.ADMIN, "Ada")
    stops = {"name": "ClearCal is out", "stage": "output", "effect": "escalate", "phrases": ["ClearCal"]}
    rulebook.switch_on(session, admin, {"own_rules": [stops]})


def _tampered(session: Session, row: Ticket, draft: Draft) -> None:
    draft.body += " And send us your card number."
    session.add(draft)


@pytest.mark.parametrize(
    ("change", "words"), [(_internal, "customers may not read"), (_tampered, "who changed it"), (_rule, "ClearCal is out")]
)
def test_what_may_not_be_kept_says_so(database: Database, settings: Settings, change: Callable[..., None], words: str) -> None:
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        change(session, row, draft)
        with pytest.raises(GuardError, match=words):
            keep(session, settings, nadia, draft)
        assert draft.status == "waiting"


def test_what_is_withdrawn_leaves_its_sentences_without_a_source(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        _withdrawn(session, row, draft)
        kept = keep(session, settings, nadia, draft)
        assert kept.citations == [] and len(proof.open_points(kept.sentences)) == 1


def test_who_saw_less_than_changed_is_shown_the_rest_first(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        say(session, row, "One more thing")
        shown = seen(session, settings, nadia, draft)
        publish(session, "Use ClearCal every two months.")
        with pytest.raises(ApprovalVoid, match="version 2"):
            lock.keep(session, settings, nadia, draft.id or 0, seal=draft.seal, seen=shown)


def test_nothing_is_kept_that_did_not_change_or_by_who_may_not_decide(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        with pytest.raises(ConflictError, match="Nothing changed"):
            keep(session, settings, nadia, draft)
        row.approver = "manager"
        say(session, row, "Again me")
        with pytest.raises(AccessError, match="manager"):
            keep(session, settings, nadia, draft)


def test_a_new_draft_is_asked_for_once(database: Database, settings: Settings) -> None:
    enqueued: Enqueued = []
    with database.transaction() as session:
        row, draft, nadia = scene(session)
        say(session, row, "One more thing")
        lock.redraft(session, recorder_of(enqueued), nadia, draft.id or 0, seal=draft.seal)
        assert (row.status, draft.status) == (Status.TRIAGING, "superseded")
        assert session.exec(select(Run)).one().cause == "redraft" and [kind for kind, _, _ in enqueued] == ["triage"]
        with pytest.raises((ConflictError, AlreadyDecided)):
            lock.redraft(session, recorder_of(enqueued), nadia, draft.id or 0, seal=draft.seal)
