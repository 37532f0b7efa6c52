"""The living lock: what changed since a draft was written, shown word by word, and the two ways on from there.

"Re-draft" has the agents write anew for the world as it is. "Keep mine" says that a person has seen what changed: the draft is
held against its sources as they are now and waits again under a new seal. What a rule stops, or what customers may no longer
read, cannot be kept.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from sqlmodel import Session, col, select

from triage import approval, audit, lastcheck, locks, replies, rulebook, seal
from triage.accounts import access
from triage.accounts.access import Permission
from triage.drafts import proof
from triage.errors import AccessError, ApprovalVoid, ConflictError, GuardError, InputError
from triage.models import ArticleVersion, Draft, RuleVersion, Status, Ticket, User
from triage.runs import start_run
from triage.seal import Change
from triage.settings import Settings
from triage.transitions import move

Enqueue = Callable[..., None]


def changes(session: Session, settings: Settings, user: User, draft: Draft) -> list[Change]:
    """What differs from the world the draft was written for; with the texts of articles, and rules that stop it now."""
    ticket = session.get_one(Ticket, draft.ticket_id)
    found = [_with_text(session, change) for change in seal.changes(session, draft)]
    rule = _rule(session, settings, user, ticket, draft)
    return [*found, rule] if rule else found


def digest(found: Sequence[Change]) -> str:
    """A short name of the changes, by which a page says which of them a person has seen."""
    return hashlib.sha256(json.dumps([asdict(change) for change in found], sort_keys=True).encode()).hexdigest()[:16]


def keep(session: Session, settings: Settings, user: User, draft_id: int, *, seal: str, seen: str) -> Draft:
    """The draft again under a new seal, by a person who has seen what changed (`seen`: `digest` of it).

    Its sentences are held against the cited articles as they are now; one that lost its source has to be acknowledged.
    Raises ApprovalVoid when yet something else changed, GuardError with what may not be kept, AccessError, AlreadyDecided.
    """
    user, draft, ticket = _waiting(session, user, draft_id, seal)
    if not approval.may_decide(session, user, draft, ticket):
        raise AccessError("A manager has to decide this draft, so a manager has to keep it. You can have it written anew.")
    found = changes(session, settings, user, draft)
    if not found:
        raise ConflictError("Nothing changed since this draft was written; it can be sent as it is.")
    if digest(found) != seen:
        raise ApprovalVoid([change.said for change in found])
    if stops := [stop for change in found for stop in change.stops]:
        raise GuardError(f"It cannot be kept: {'; '.join(stops)}. Have it written anew, or write the reply yourself.")
    sources = proof.current(session, draft, ticket)
    rows = proof.anew(draft.body, draft.sentences, sources, proof.moved(draft, sources))
    said = "; ".join(change.said for change in found)
    renewed = replies.renew(
        session, draft, cause=f"Kept by {user.name}, who has seen what changed: {said}.",
        sentences=rows, citations=proof.evidence_rows(sources.passages, rows),
    )  # fmt: skip
    lost = sum(map(proof.needs_word, rows)) - sum(not row.get("supported", True) for row in draft.sentences)
    audit.append(
        session, "kept", actor=f"user:{user.id}", ticket_id=ticket.id, draft=draft.id, kept_as=renewed.id, changes=[c.said for c in found],
        kinds=[c.kind for c in found], seal=renewed.seal, without_source=max(0, lost),
    )  # fmt: skip
    return renewed


def redraft(session: Session, enqueue: Enqueue, user: User, draft_id: int, *, seal: str) -> None:
    """Have the agents write anew for the ticket as it is now. Raises AccessError, AlreadyDecided, ConflictError."""
    user, draft, ticket = _waiting(session, user, draft_id, seal)
    why = approval.what_changed(session, draft)
    draft.status = "superseded"
    session.add(draft)
    move(session, ticket, Status.TRIAGING, actor=f"user:{user.id}", because=why)
    start_run(session, enqueue, ticket, cause="redraft")


def _waiting(session: Session, user: User, draft_id: int, seal: str) -> tuple[User, Draft, Ticket]:
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    held = locks.draft(session, draft_id)
    if held is None:
        raise InputError(f"There is no draft {draft_id}.")
    ticket, draft = held
    approval.undecided(session, draft, ticket)
    if draft.seal != seal:
        raise ApprovalVoid(["the page showed another version of this draft"])
    return user, draft, ticket


def _with_text(session: Session, change: Change) -> Change:
    """An article's change with the text of both versions."""
    if change.kind != "article":
        return change
    rows = session.exec(
        select(ArticleVersion.number, ArticleVersion.body).where(
            ArticleVersion.article_id == change.about, col(ArticleVersion.number).in_([int(change.before), int(change.after)])
        )
    )
    texts = {str(number): body for number, body in rows}
    return replace(change, before=texts.get(change.before, ""), after=texts.get(change.after, ""))


def _rule(session: Session, settings: Settings, user: User, ticket: Ticket, draft: Draft) -> Change | None:
    """The rules as they changed since, when they stop the draft now; of other rules nothing is said."""
    later = select(RuleVersion).where(RuleVersion.made_at > draft.created_at)
    newest = session.exec(later.order_by(col(RuleVersion.number).desc()).limit(1)).first()
    if newest is None:
        return None
    stopped = lastcheck.problems(session, settings, user, ticket, draft, draft.body)
    if not stopped:
        return None
    then = session.exec(
        select(RuleVersion).where(RuleVersion.made_at <= draft.created_at).order_by(col(RuleVersion.number).desc()).limit(1)
    ).first() or session.get(RuleVersion, 1)
    told = " ".join(rulebook.differences(then.rules, newest.rules)) if then else ""
    return Change(
        "rule", f"a rule changed that stops it now. {told}".strip().rstrip("."), stops=tuple(s.rstrip(".") for s in stopped)
    )
