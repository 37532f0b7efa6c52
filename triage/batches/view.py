"""A batch as its person sees it: what each draft says, where it differs from the others, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein
from sqlmodel import Session, col, select

from triage.accounts import access
from triage.batches.risk import why_not
from triage.errors import AccessError, InputError
from triage.library import compare
from triage.library.compare import Piece
from triage.models import Batch, BatchMember, Decision, DecisionKind, Draft, Message, Outbox, Ticket, User
from triage.settings import Settings

_RIGHT_AFTER = frozenset({"", "tone", "format"})  # edits after which the others may still be right as they are
_ASKED = 240  # characters of the question that are shown


@dataclass(frozen=True)
class Member:
    """One draft of the batch as it stands now.

    `state` is waiting, examined (decided by itself), approved or dropped; `fits` whether an examined one was right; `pieces`
    the text against the usual one of the batch ("in" is its own, "out" what others say there).
    """

    row: BatchMember
    ticket: Ticket
    draft: Draft
    question: str
    state: str
    reason: str = ""
    fits: bool = True
    outbox: Outbox | None = None
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class BatchView:
    batch: Batch
    members: list[Member]

    @property
    def forced(self) -> list[Member]:
        """Those that have to be decided one by one, and still wait."""
        return [one for one in self.members if one.row.forced and one.state == "waiting"]

    @property
    def examined(self) -> list[Member]:
        return [one for one in self.members if one.state == "examined"]

    @property
    def rest(self) -> list[Member]:
        """Those that are approved together."""
        return [one for one in self.members if one.state == "waiting" and not one.row.forced]

    @property
    def wrong(self) -> list[Member]:
        """Examined ones that were not right as they were: the others have to be looked at one by one, too."""
        return [one for one in self.examined if not one.fits]

    @property
    def shown(self) -> dict[int, str]:
        """By draft the seal of what is shown; approving takes it back."""
        return {one.draft.id or 0: one.row.seal for one in self.rest}


def load(session: Session, settings: Settings, user: User, batch_id: int) -> BatchView:
    """The batch of this person. Raises InputError when there is none, AccessError when it is somebody else's."""
    user = access.fresh(session, user)
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise InputError(f"There is no batch {batch_id}; the address is wrong.")
    if batch.user_id != user.id:
        raise AccessError("This batch is a colleague's; form one of your own.")
    return BatchView(batch, _with_differences(standing(session, settings, user, batch)))


def pulse(session: Session, batch_id: int) -> tuple[object, ...]:
    """A cheap value that changes when the batch has to be drawn again."""
    batch = session.get(Batch, batch_id)
    rows = session.exec(
        select(BatchMember.draft_id, BatchMember.state, Draft.status, Ticket.thread_head)
        .join(Draft, col(Draft.id) == BatchMember.draft_id)
        .join(Ticket, col(Ticket.id) == BatchMember.ticket_id)
        .where(BatchMember.batch_id == batch_id)
    )
    return (batch.status if batch else None, *sorted(map(tuple, rows)))


def standing(session: Session, settings: Settings, user: User, batch: Batch) -> list[Member]:
    """Each member as it stands now, in the order of the tickets; nothing is changed."""
    rows = session.exec(
        select(BatchMember, Ticket, Draft)
        .join(Ticket, col(Ticket.id) == BatchMember.ticket_id)
        .join(Draft, col(Draft.id) == BatchMember.draft_id)
        .where(BatchMember.batch_id == batch.id)
        .order_by(col(BatchMember.ticket_id))
    ).all()
    drafts = [draft.id for _, _, draft in rows]
    decided = {
        decision.draft_id: (decision, who, outbox)
        for decision, who, outbox in session.exec(
            select(Decision, User.name, Outbox)
            .join(User, col(User.id) == Decision.user_id)
            .outerjoin(Outbox, col(Outbox.decision_id) == Decision.id)
            .where(col(Decision.draft_id).in_(drafts))
        )
    }
    asked = _questions(session, [ticket for _, ticket, _ in rows])
    return [
        _member(session, settings, user, row, ticket, draft, asked.get(ticket.id, ""), decided.get(draft.id or 0))
        for row, ticket, draft in rows
    ]


def _member(
    session: Session, settings: Settings, user: User, row: BatchMember, ticket: Ticket, draft: Draft, question: str,
    decided: tuple[Decision, str, Outbox | None] | None,
) -> Member:  # fmt: skip
    if row.state == "dropped":
        return Member(row, ticket, draft, question, "dropped", row.reason)
    if decided is not None:
        decision, who, outbox = decided
        if decision.undone_at is not None:
            return Member(
                row, ticket, draft, question, "dropped", "it was taken back and waits for a decision of its own", outbox=outbox
            )
        if row.state == "approved":
            return Member(row, ticket, draft, question, "approved", outbox=outbox)
        if decision.user_id != user.id:
            return Member(row, ticket, draft, question, "dropped", f"{who} decided it", outbox=outbox)
        fits = decision.kind == DecisionKind.APPROVE and decision.edit_class in _RIGHT_AFTER
        return Member(row, ticket, draft, question, "examined", _SAID[DecisionKind(decision.kind)], fits, outbox)
    if draft.seal != row.seal:
        return Member(row, ticket, draft, question, "dropped", "there is another version of its draft")
    if reasons := why_not(session, settings, user, ticket, draft):
        return Member(row, ticket, draft, question, "dropped", "; ".join(reasons))
    return Member(row, ticket, draft, question, "waiting")


_SAID = {
    DecisionKind.APPROVE: "you approved it by itself",
    DecisionKind.REJECT: "you rejected it",
    DecisionKind.REQUEST_CHANGES: "you sent it back",
    DecisionKind.ESCALATE: "you escalated it",
    DecisionKind.RESOLVE: "you closed it",
}


def _questions(session: Session, tickets: Sequence[Ticket]) -> dict[int | None, str]:
    heads = [ticket.thread_head for ticket in tickets if ticket.thread_head]
    said = session.exec(select(Message.ticket_id, Message.body).where(col(Message.id).in_(heads)))
    return {number: " ".join(body.split())[:_ASKED] for number, body in said}


def _with_differences(members: list[Member]) -> list[Member]:
    """Each text against the one that is nearest to all the others."""
    bodies = [one.draft.body for one in members]
    if not bodies:
        return members
    words = [body.split() for body in dict.fromkeys(bodies)]
    usual = min(words, key=lambda one: sum(Levenshtein.distance(one, other) for other in words))
    text = next(body for body in bodies if body.split() == usual)
    return [
        Member(one.row, one.ticket, one.draft, one.question, one.state, one.reason, one.fits, one.outbox, compare.inline(text, one.draft.body))
        for one in members
    ]  # fmt: skip
