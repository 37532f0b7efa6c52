"""Edits people made before sending, kept place by place; each can become an article fix, a style rule or an evaluation case."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit, solving
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, ConflictError, InputError
from triage.learning import cases, styles
from triage.learning.hunks import Hunk, hunks, main_kind
from triage.library import suggestions
from triage.models import TO_MANY, Decision, Draft, Edit, Ticket, User, now

MOST = 12  # places of one edit that are kept; a text rewritten from the ground up teaches little by its places
BACK = timedelta(days=180)
DESTINATIONS = {"article": "article fix", "style": "style rule", "case": "evaluation case", "dismissed": "nothing to learn"}
_AT_ONCE = 300


@dataclass(frozen=True)
class EditRow:
    """An edit with the ticket's subject, who made it, and who took it as what."""

    edit: Edit
    subject: str
    by: str
    at: Any
    taken_by: str = ""


@dataclass(frozen=True)
class EditPage:
    rows: list[EditRow] = field(default_factory=list)
    total: int = 0


def record(session: Session, decision: Decision, draft: Draft) -> list[Edit]:
    """Keep what an approval changed in its draft, and class the decision by its weightiest change. Nothing for an untouched draft."""
    found = _of(decision, draft)
    if not found:
        return []
    decision.edit_class = main_kind(found)
    session.add(decision)
    session.flush()
    if draft.created_by != "agents":  # what a colleague wrote teaches its author, not the agents
        return []
    made = [
        Edit(
            decision_id=decision.id or 0, ticket_id=decision.ticket_id, number=number, kind=hunk.kind, before=hunk.before,
            after=hunk.after, article=hunk.article, created_at=decision.created_at,
        )
        for number, hunk in enumerate(found[:MOST])
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return made


def backfill(session: Session) -> str:
    """Class the edits of the last 180 days that were sent before edits were kept, at most 300 at a time, newest first."""
    unclassed = (
        select(Decision, Draft)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Decision.kind == "approve", col(Decision.edit_distance) > 0, Decision.edit_class == "")
        .where(col(Decision.created_at) > now() - BACK)
        .order_by(col(Decision.id).desc())
        .limit(_AT_ONCE)
    )
    kept = sum(bool(record(session, decision, draft)) for decision, draft in session.exec(unclassed).all())
    return f"{kept} edits classed"


def listing(session: Session, user: User, *, kind: str = "", taken: str = "", page: int = 1, size: int = 20) -> EditPage:
    """Edits of sent replies, newest first: everybody's for those who see figures, else one's own.

    `taken` is "" for those nobody has taken yet, or a destination.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    where: list[Any] = [Edit.taken_as == taken, col(Decision.undone_at).is_(None)]
    where += [Edit.kind == kind] if kind else []
    where += [] if access.may(user, Permission.SEE_FIGURES) else [Decision.user_id == user.id]
    counted = select(func.count()).select_from(Edit).join(Decision, col(Decision.id) == Edit.decision_id).where(*where)
    newest = _rows().where(*where).order_by(col(Edit.id).desc()).limit(size).offset((page - 1) * size)
    return EditPage(_read(session, newest), session.exec(counted).one())


def of_decisions(session: Session, decisions: list[int]) -> list[EditRow]:
    """The edits that these decisions made, unless they were undone, in the order of the text."""
    if not decisions:
        return []
    where = (col(Edit.decision_id).in_(decisions), col(Decision.undone_at).is_(None))
    return _read(session, _rows().where(*where).order_by(col(Edit.decision_id), col(Edit.number)))


def of_ticket(session: Session, ticket_id: int) -> list[EditRow]:
    """All edits of a ticket's replies, newest reply first."""
    where = (Edit.ticket_id == ticket_id, col(Decision.undone_at).is_(None))
    return _read(session, _rows().where(*where).order_by(col(Edit.decision_id).desc(), col(Edit.number)))


def take(session: Session, user: User, edit_id: int, destination: str) -> Edit:
    """Make an edit an article fix, a style rule (as a suggestion) or an evaluation case, or dismiss it.

    Raises AccessError, ConflictError when it was taken already or its reply was taken back, InputError for what cannot be.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    edit, decision = _open(session, user, edit_id)
    if destination not in DESTINATIONS:
        raise InputError(f"An edit cannot become {destination[:40]}; choose one of {', '.join(DESTINATIONS)}.")
    if destination != "dismissed":
        _MAKERS[destination](session, user, edit, decision)
    edit.taken_as, edit.taken_by, edit.taken_at = destination, user.id, now()
    session.add(edit)
    audit.append(
        session, "edit_taken", actor=user.actor, ticket_id=edit.ticket_id, edit=edit.id, of=edit.kind, destination=destination
    )
    return edit


def put_back(session: Session, user: User, edit_id: int) -> Edit:
    """Ask again about an edit that was dismissed."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    edit = session.get(Edit, edit_id, with_for_update=True)
    if edit is None or edit.taken_as != "dismissed":
        raise ConflictError("Only an edit that was dismissed can be put back; what it became is decided where it is now.")
    edit.taken_as, edit.taken_by, edit.taken_at = "", None, None
    session.add(edit)
    audit.append(session, "edit_put_back", actor=user.actor, ticket_id=edit.ticket_id, edit=edit.id)
    return edit


# ---- the three destinations -------------------------------------------------------------------------------


def _article_fix(session: Session, user: User, edit: Edit, decision: Decision) -> None:
    """A suggestion on the article that the changed sentence cites, else on the first one the draft cites."""
    draft = session.get_one(Draft, decision.draft_id)
    cited = [str(citation.get("article")) for citation in draft.citations]
    article = edit.article or (cited[0] if cited else None)
    hide = solving.hider(session, decision, session.get_one(Ticket, edit.ticket_id))
    before, after = hide(edit.before), hide(edit.after)
    said = (
        f"a reply said “{after}” instead of “{before}”" if before and after
        else f"“{before}” was taken out of a reply" if before else f"“{after}” was missing from a reply"
    )  # fmt: skip
    suggestions.suggest(session, user, article, f"{said} (ticket #{edit.ticket_id}). Check what the article says.")


def _style_rule(session: Session, user: User, edit: Edit, decision: Decision) -> None:
    hide = solving.hider(session, decision, session.get_one(Ticket, edit.ticket_id))
    styles.suggest(session, user, styles.rule_of(edit.before, edit.after, hide), edit_id=edit.id)


def _case(session: Session, user: User, edit: Edit, decision: Decision) -> None:
    cases.from_edit(session, user, edit, decision)


_MAKERS: dict[str, Callable[[Session, User, Edit, Decision], None]] = {
    "article": _article_fix,
    "style": _style_rule,
    "case": _case,
}


def _open(session: Session, user: User, edit_id: int) -> tuple[Edit, Decision]:
    edit = session.get(Edit, edit_id, with_for_update=True)
    if edit is None:
        raise InputError("This edit is gone; reload the page.")
    decision = session.get_one(Decision, edit.decision_id)
    if decision.user_id != user.id and not access.may(user, Permission.SEE_FIGURES):
        raise AccessError("This edit is a colleague's; they or a manager decide what becomes of it.")
    if edit.taken_as:
        who = session.get(User, edit.taken_by) if edit.taken_by else None
        raise ConflictError(f"{who.name if who else 'Somebody'} made this {DESTINATIONS[edit.taken_as]} already.")
    if decision.undone_at is not None:
        raise ConflictError("Sending was taken back, so there is nothing to learn from this edit.")
    return edit, decision


def _of(decision: Decision, draft: Draft) -> list[Hunk]:
    if not decision.edit_distance or draft.created_by.startswith(TO_MANY):
        return []
    articles = {str(c.get("passage")): str(c.get("article")) for c in draft.citations}
    return hunks(draft.body, decision.body, draft.sentences, articles)


def _rows() -> Any:
    return (
        select(Edit, Ticket.subject, User.name, Decision.created_at)
        .join(Decision, col(Decision.id) == Edit.decision_id)
        .join(Ticket, col(Ticket.id) == Edit.ticket_id)
        .join(User, col(User.id) == Decision.user_id)
    )


def _read(session: Session, statement: Any) -> list[EditRow]:
    found = session.exec(statement).all()
    takers = {edit.taken_by for edit, *_ in found if edit.taken_by}
    names = dict(session.exec(select(User.id, User.name).where(col(User.id).in_(takers))).all()) if takers else {}
    return [EditRow(edit, subject, by, at, names.get(edit.taken_by, "")) for edit, subject, by, at in found]
