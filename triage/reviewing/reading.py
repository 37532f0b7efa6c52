"""Approvals that came faster than a fast reader reads the customer's message and the draft.

The speed is the upper end of what Brysbaert found in 190 studies (2019, "How many words do we read per minute? A review and
meta-analysis of reading rate", Journal of Memory and Language 109, 104047): most adults read 175 to 300 English words of
non-fiction a minute. A text in another language takes about as long as it has words. In Chinese and Japanese two characters
count as a word, at least as many as texts of the same content have for each English word (Trauzettel-Klosinski and Dietz 2012,
"Standardized Assessment of Reading Performance", doi 10.1167/iovs.11-8284, table 2). What is counted too low, such as words
of other scripts without spaces, counts in the reader's favour.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlmodel import Session, col

from triage.learning.metrics.figure import Figure, share
from triage.learning.metrics.real import REAL_DRAFT, REAL_TICKET
from triage.models import BatchMember, Decision, DecisionKind, Draft, Message, ReviewerConsent, Ticket, now

WORDS_A_MINUTE = 300
CHARACTERS_A_WORD = 2
"""Of Chinese and Japanese."""
DAYS = 30
MOST = 2_000
"""Approvals that are looked at, the newest."""
_CHARACTER = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"\w+(?:['’.,@/:-]+\w+)*")


@dataclass(frozen=True)
class Approval:
    """One approval: how long it took and how long reading takes at least, in seconds."""

    ticket_id: int
    subject: str
    at: datetime
    took: float
    needed: float

    @property
    def fast(self) -> bool:
        return self.took < self.needed


@dataclass(frozen=True)
class Reading:
    """`figure` is fast approvals ÷ measured ones of the last 30 days; `fast` are those, the newest first."""

    figure: Figure
    fast: list[Approval]


def words(text: str) -> float:
    """How many words a text is to a reader; an address or a figure is one."""
    characters = len(_CHARACTER.findall(text))
    return len(_WORD.findall(_CHARACTER.sub(" ", text))) + characters / CHARACTERS_A_WORD


def seconds(*texts: str) -> float:
    """The least time in which a fast reader reads these texts."""
    return sum(words(text) for text in texts) * 60 / WORDS_A_MINUTE


def of(session: Session, consent: ReviewerConsent) -> Reading:
    """What somebody who consented approved since then, in the last 30 days at most. Whoever calls has asked who may see it.

    Counted are first drafts of agents that were approved by themselves: of a later version, and in a batch, most has been
    read before.
    """
    since = max(consent.since, now() - timedelta(days=DAYS))
    rows = session.execute(_APPROVED.where(col(Decision.user_id) == consent.user_id, col(Decision.created_at) >= since))
    found = [Approval(ticket, subject, at, took, seconds(asked or "", draft)) for ticket, subject, at, took, draft, asked in rows]
    fast = [one for one in found if one.fast]
    return Reading(share(len(fast), len(found)), fast)


_ASKED = (
    select(col(Message.body))
    .where(
        col(Message.ticket_id) == col(Decision.ticket_id), col(Message.direction) == "in", col(Message.created_at) <= col(Decision.created_at)
    )
    .order_by(col(Message.id).desc())
    .limit(1)
    .correlate(Decision)
    .scalar_subquery()
)  # fmt: skip
_IN_BATCH = exists(select(1).where(col(BatchMember.decision_id) == col(Decision.id)).correlate(Decision))
_APPROVED = (
    select(
        col(Decision.ticket_id), col(Ticket.subject), col(Decision.created_at), col(Decision.active_seconds), col(Draft.body), _ASKED
    )
    .join(Draft, col(Draft.id) == col(Decision.draft_id))
    .join(Ticket, col(Ticket.id) == col(Decision.ticket_id))
    .where(
        col(Decision.kind) == DecisionKind.APPROVE, col(Decision.undone_at).is_(None), col(Decision.active_seconds).is_not(None),
        col(Draft.created_by) == "agents", col(Draft.version) == 1, REAL_TICKET, REAL_DRAFT, ~_IN_BATCH,
    )
    .order_by(col(Decision.id).desc())
    .limit(MOST)
)  # fmt: skip
