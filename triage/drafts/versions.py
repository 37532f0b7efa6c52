"""The versions of a ticket's draft: who asked for what, what changed word by word, and an older one brought back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session, col, select

from triage import approval, audit, lastcheck, locks, replies
from triage.accounts import access
from triage.accounts.access import Permission
from triage.drafts import proof, wishes
from triage.drafts.wishes import Wish
from triage.errors import AccessError, ConflictError, InputError
from triage.guardrails.stems import STOPS, stems_of
from triage.library import compare
from triage.library.compare import Piece
from triage.llm.offline.text import says
from triage.models import Decision, Draft, User
from triage.settings import Settings

_APART = 3  # words that stay the same between two changes of their own
_SHARED, _FEWEST = 0.5, 2  # of a wish's words, and how many at least, that a change must have to be tied to it


@dataclass(frozen=True)
class Version:
    """One version, and the request for changes that it answers."""

    draft: Draft
    asked: str = ""
    asked_by: str = ""


@dataclass(frozen=True)
class Hunk:
    """A stretch of the word diff; `wishes` are the numbers of those that it can honestly be tied to."""

    pieces: list[Piece]
    wishes: tuple[int, ...] = ()

    @property
    def changed(self) -> bool:
        return any(piece.kind != "same" for piece in self.pieces)


@dataclass(frozen=True)
class Comparison:
    """Two texts and what was asked for between them."""

    hunks: list[Hunk]
    wishes: list[Wish] = field(default_factory=list)

    @property
    def untied(self) -> list[int]:
        """The wishes that no change can be tied to."""
        tied = {wish for hunk in self.hunks for wish in hunk.wishes}
        return [number for number in range(len(self.wishes)) if number not in tied]


def of_ticket(session: Session, ticket_id: int) -> list[Version]:
    """All versions, oldest first."""
    drafts = session.exec(select(Draft).where(Draft.ticket_id == ticket_id).order_by(col(Draft.version))).all()
    requests = session.exec(
        select(Decision.draft_id, Decision.comment, User.name)
        .join(User, col(User.id) == Decision.user_id)
        .where(Decision.ticket_id == ticket_id, Decision.kind == "request_changes")
    )
    asked = {draft_id: (comment, name) for draft_id, comment, name in requests}
    found, before = [], None
    for draft in drafts:
        found.append(Version(draft, *asked.get(before.id or 0, ("", ""))) if before is not None else Version(draft))
        before = draft
    return found


def compared(old: str, new: str, comment: str = "") -> Comparison:
    """Two texts word by word; each change with the wish of the comment that asked for it, where that can be told."""
    asked = wishes.read(comment) if comment.strip() else []
    return Comparison([replace(hunk, wishes=_because(hunk, asked)) for hunk in _hunks(compare.inline(old, new))], asked)


def restore(session: Session, settings: Settings, user: User, ticket_id: int, draft_id: int, *, seal: str) -> Draft:
    """An older version as the newest one: sealed anew, held against its sources and the guards as they are now.

    `seal` is that of the version that waits. Raises AccessError, AlreadyDecided, ConflictError, InputError.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    ticket = locks.ticket(session, ticket_id)
    old = session.get(Draft, draft_id)
    current = session.get(Draft, ticket.draft_id) if ticket and ticket.draft_id else None
    if ticket is None or old is None or current is None or old.ticket_id != ticket_id:
        raise InputError("This version is not one of the ticket's; reload it.")
    if old.id == current.id:
        raise ConflictError("This is the version that waits already.")
    approval.undecided(session, current, ticket)
    if current.seal != seal:
        raise ConflictError("Another version came in while you looked; compare it first.")
    if not old.recipient and ticket.requester_email == "":
        raise AccessError("This ticket has no address to reply to.")
    sources = proof.current(session, old, ticket)
    rows = proof.anew(old.body, old.sentences, sources, proof.moved(old, sources))
    stopped = lastcheck.problems(session, settings, user, ticket, old, old.body)
    manager = "manager" in (old.approver, current.approver, ticket.approver) or bool(stopped)
    reasons = [reason for reason in [*current.approver_reasons, *stopped] if reason not in old.approver_reasons]
    renewed = replies.renew(
        session, old, cause=f"{user.name} brought version {old.version} back.", sentences=rows,
        citations=proof.evidence_rows(sources.passages, rows), approver="manager" if manager else None, reasons=list(dict.fromkeys(reasons)),
    )  # fmt: skip
    audit.append(
        session, "restored", actor=f"user:{user.id}", ticket_id=ticket_id, version=old.version, instead_of=current.version,
        draft=renewed.id, seal=renewed.seal, stopped=stopped,
    )  # fmt: skip
    return renewed


# ---- which wish caused which change -----------------------------------------------------------------------


def _hunks(pieces: Sequence[Piece]) -> list[Hunk]:
    """The diff cut where enough stays the same between two changes."""
    hunks: list[Hunk] = []
    for piece in pieces:
        wide = piece.kind == "same" and (len(piece.text.split()) > _APART or "\n" in piece.text)
        if wide or not hunks or not hunks[-1].changed:
            hunks.append(Hunk([piece]))
        else:
            hunks[-1].pieces.append(piece)
    return hunks


def _because(hunk: Hunk, asked: Sequence[Wish]) -> tuple[int, ...]:
    """The wishes of which enough stands in the change."""
    if not hunk.changed:
        return ()
    came = " ".join(piece.text for piece in hunk.pieces if piece.kind == "in")
    went = " ".join(piece.text for piece in hunk.pieces if piece.kind == "out")
    return tuple(number for number, wish in enumerate(asked) if _tied(wish.text, came, went))


def _tied(wish: str, came: str, went: str) -> bool:
    """Whether the change has what the wish quotes, or enough of its words; a wish for less is answered by what was cut."""
    quoted = re.findall(r"[\"“„«](.+?)[\"”“»]", wish)
    if any(text.strip(" .").lower() in f"{came} {went}".lower() for text in quoted):
        return True
    said = stems_of(wish) - STOPS
    shared = said & (stems_of(f"{came} {went}") - STOPS)
    if len(shared) >= _FEWEST and len(shared) >= _SHARED * len(said):
        return True
    return says("words", "shorter", wish) and len(went.split()) > 2 * len(came.split())
