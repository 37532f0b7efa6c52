"""Versions are compared word by word with what was asked for, and an older one comes back as a new one, checked anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import person, recorder_of, ticket, waiting_draft
from triage import approval, audit, replies, rulebook
from triage.database import Database
from triage.drafts import versions
from triage.errors import AccessError, AlreadyDecided, ConflictError, InputError
from triage.models import AuditEvent, DecisionKind, Draft, Role, Status, Ticket, User
from triage.settings import Settings

OLD = "Hello Priya,\n\nUse ClearCal every three months. Rinse it twice after that, please, and wait.\n\nKind regards"
NEW = "Hello Priya,\n\nUse ClearCal every three months. Vinegar attacks the seals.\n\nWarm regards"
ASKED = "Mention that vinegar attacks the seals. Remove “Rinse it twice after that, please, and wait.” Sound more formal."


def asked_for(session: Session, settings: Settings) -> tuple[Ticket, Draft, Draft, User]:
    """A draft, a request for changes, and the version that answers it."""
    row, nadia = ticket(session), person(session)
    first = waiting_draft(session, row, body=OLD)
    approval.decide(
        session,
        recorder_of([]),
        settings,
        nadia,
        first.id or 0,
        kind=DecisionKind.REQUEST_CHANGES,
        seal=first.seal,
        comment=ASKED,
    )
    second = waiting_draft(session, row, body=NEW)
    row.status = Status.AWAITING_APPROVAL
    return row, first, second, nadia


def test_each_change_is_tied_to_the_wish_that_asked_for_it_or_to_none() -> None:
    found = versions.compared(OLD, NEW, ASKED)
    tied = {
        hunk.wishes: "".join(piece.text for piece in hunk.pieces if piece.kind != "same") for hunk in found.hunks if hunk.changed
    }
    assert "Vinegar attacks the seals." in tied[(0, 1)] and "Rinse it" in tied[(0, 1)]
    assert "Warm" in tied[()]
    assert 2 in found.untied and [wish.to for wish in found.wishes] == [("analyst",), ("writer",), ("writer",)]


def test_what_was_cut_answers_the_wish_for_less() -> None:
    found = versions.compared(OLD, OLD.replace(" Rinse it twice after that, please, and wait.", ""), "Make it shorter.")
    assert [hunk.wishes for hunk in found.hunks if hunk.changed] == [(0,)] and not found.untied
    assert versions.compared(OLD, OLD).untied == []


@given(st.text(alphabet="ab c.\n", max_size=60), st.text(alphabet="ab c.\n", max_size=60), st.text(max_size=30))
def test_a_comparison_holds_both_texts_whole(old: str, new: str, comment: str) -> None:
    pieces = [piece for hunk in versions.compared(old, new, comment).hunks for piece in hunk.pieces]
    assert "".join(piece.text for piece in pieces if piece.kind != "in") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "out") == new


def test_versions_tell_what_they_answer(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, first, second, _ = asked_for(session, settings)
        found = versions.of_ticket(session, row.id or 0)
        assert [(one.draft.id, one.asked, one.asked_by) for one in found] == [(first.id, "", ""), (second.id, ASKED, "Nadia")]


def test_an_older_version_comes_back_as_the_newest_and_is_sealed_anew(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, first, second, nadia = asked_for(session, settings)
        back = versions.restore(session, settings, nadia, row.id or 0, first.id or 0, seal=second.seal)
        assert (back.version, back.body, back.status) == (3, OLD, "waiting") and second.status == "superseded"
        assert row.draft_id == back.id and back.seal not in (first.seal, second.seal)
        assert back.cause == "Nadia brought version 1 back." and replies.waiting_status(back) == row.status
        told = session.exec(select(AuditEvent).where(AuditEvent.kind == "restored")).one()
        assert (told.data["version"], told.data["instead_of"]) == (1, 2) and audit.verify(session) is None
        approval.decide(session, recorder_of([]), settings, nadia, back.id or 0, kind=DecisionKind.APPROVE, seal=back.seal)
        with pytest.raises(AlreadyDecided):
            versions.restore(session, settings, nadia, row.id or 0, second.id or 0, seal=back.seal)


def test_what_a_rule_stops_now_comes_back_for_a_manager_only(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, first, second, nadia = asked_for(session, settings)
        stops = {"name": "Rinsing is out", "stage": "output", "effect": "escalate", "phrases": ["rinse"]}
        rulebook.switch_on(session, person(session, Role.ADMIN, "Ada"), {"own_rules": [stops]})
        back = versions.restore(session, settings, nadia, row.id or 0, first.id or 0, seal=second.seal)
        assert back.approver == "manager" and any("Rinsing is out" in reason for reason in back.approver_reasons)
        with pytest.raises(AccessError):
            approval.decide(session, recorder_of([]), settings, nadia, back.id or 0, kind=DecisionKind.APPROVE, seal=back.seal)


def test_what_makes_no_sense_is_refused(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, first, second, nadia = asked_for(session, settings)
        other = ticket(session, email="other@customer.example")
        with pytest.raises(InputError, match="not one of the ticket's"):
            versions.restore(session, settings, nadia, other.id or 0, first.id or 0, seal=second.seal)
        with pytest.raises(ConflictError, match="waits already"):
            versions.restore(session, settings, nadia, row.id or 0, second.id or 0, seal=second.seal)
        with pytest.raises(ConflictError, match="Another version"):
            versions.restore(session, settings, nadia, row.id or 0, first.id or 0, seal=first.seal)
