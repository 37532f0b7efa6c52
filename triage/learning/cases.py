"""Evaluation cases: what a customer asked, the reply that was right, and what any reply must say; without personal data."""

import json
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from triage import audit, solving
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import BadAnswer, Decision, Draft, Edit, EvaluationCase, Ticket, User, now


@dataclass(frozen=True)
class CaseRow:
    """A case, and who made it."""

    case: EvaluationCase
    by: str


def from_edit(session: Session, user: User, edit: Edit, decision: Decision) -> EvaluationCase:
    """The ticket's message and the reply as it was sent. What the person put in must be said, what they took out must not."""
    draft, ticket = session.get_one(Draft, decision.draft_id), session.get_one(Ticket, edit.ticket_id)
    hide = solving.hider(session, decision, ticket)
    case = EvaluationCase(
        edit_id=edit.id, decision_id=decision.id, ticket_id=ticket.id, subject=hide(ticket.subject),
        question=hide(solving.asked(session, draft, ticket)), expected=hide(decision.body),
        properties={
            "kind": draft.kind, "edit": edit.kind, "says": [hide(edit.after)] if edit.after else [],
            "does_not_say": [hide(edit.before)] if edit.before else [], "articles": solving.public(session, draft),
        },
        language=ticket.language, category=ticket.category, source="edit", made_by=user.id, created_at=now(),
    )  # fmt: skip
    return _kept(session, user, case)


def from_report(session: Session, user: User, report: BadAnswer, right: str = "") -> EvaluationCase:
    """The message that got a bad answer, and the reply that is right: as somebody writes it now, or as it was sent in the end.

    Raises InputError when nobody says what would be right.
    """
    draft, ticket = session.get(Draft, report.draft_id) if report.draft_id else None, session.get_one(Ticket, report.ticket_id)
    decision = sent_instead(session, report)
    expected = right.strip() or (decision.body if decision else "")
    if not expected:
        raise InputError("Write the reply that would have been right: nothing better was sent in this matter.")
    hide = solving.hider(session, decision, ticket)
    case = EvaluationCase(
        decision_id=decision.id if decision else None, ticket_id=ticket.id, subject=hide(ticket.subject),
        question=hide(solving.asked(session, draft, ticket)), expected=hide(expected),
        properties={
            "kind": draft.kind if draft else "reply", "report": report.id, "reason": report.reason, "comment": hide(report.comment), "says": [],
            "does_not_say": [], "articles": solving.public(session, draft) if draft else {},
        },
        language=ticket.language, category=ticket.category, source="report", made_by=user.id, created_at=now(),
    )  # fmt: skip
    return _kept(session, user, case)


def sent_instead(session: Session, report: BadAnswer) -> Decision | None:
    """What was sent in the matter of a reported answer, when it is not that answer as it was."""
    draft = session.get(Draft, report.draft_id) if report.draft_id else None
    if draft is None:
        return None
    newest = (
        select(Decision)
        .where(Decision.episode_id == draft.episode_id, Decision.kind == "approve", col(Decision.undone_at).is_(None))
        .order_by(col(Decision.id).desc())
    )
    decision = session.exec(newest.limit(1)).first()
    same = decision is None or (decision.draft_id == draft.id and not decision.edit_distance)
    return None if same else decision


def _kept(session: Session, user: User, case: EvaluationCase) -> EvaluationCase:
    session.add(case)
    session.flush()
    audit.append(session, "case.made", actor=user.actor, ticket_id=case.ticket_id, case=case.id)
    return case


def listing(session: Session, user: User, *, page: int = 1, size: int = 20) -> tuple[list[CaseRow], int]:
    """(cases, newest first; how many there are)."""
    access.require(access.fresh(session, user), Permission.READ_MACHINERY)
    kept = col(EvaluationCase.removed_at).is_(None)
    newest = select(EvaluationCase, User.name).outerjoin(User, col(User.id) == EvaluationCase.made_by).where(kept)
    rows = session.exec(newest.order_by(col(EvaluationCase.id).desc()).limit(size).offset((page - 1) * size))
    total = session.exec(select(func.count()).select_from(EvaluationCase).where(kept)).one()
    return [CaseRow(case, by or "") for case, by in rows], total


def remove(session: Session, user: User, case_id: int) -> None:
    """Take a case out of the set; it stays in the database with the day it went."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    case = session.get(EvaluationCase, case_id)
    if case is None or case.removed_at is not None:
        raise InputError("This case is gone already; reload the page.")
    case.removed_at = now()
    session.add(case)
    audit.append(session, "case.removed", actor=user.actor, ticket_id=case.ticket_id, case=case.id)


def export(session: Session, user: User | None = None) -> str:
    """All cases as JSON lines, oldest first. Without a user (the command line) nobody is asked who they are."""
    if user is not None:
        access.require(access.fresh(session, user), Permission.READ_MACHINERY)
    kept = select(EvaluationCase).where(col(EvaluationCase.removed_at).is_(None)).order_by(col(EvaluationCase.id))
    return "".join(json.dumps(_line(case), ensure_ascii=False) + "\n" for case in session.exec(kept))


def _line(case: EvaluationCase) -> dict[str, object]:
    return {
        "id": case.id, "subject": case.subject, "question": case.question, "expected": case.expected, "properties": case.properties,
        "language": case.language, "category": case.category,
        "source": {"from": case.source, "ticket": case.ticket_id, "decision": case.decision_id, "edit": case.edit_id},
        "made_at": case.created_at.isoformat(),
    }  # fmt: skip
