"""What a metric counts: episodes, messages, drafts, decisions, sentences, edits, runs, steps, approved calls, searches, passages or openings of breakers.

All but the last join down to the episode and its ticket, so that the cohort (the day the episode started) and the
filters mean the same everywhere; an opening belongs to its own day and to no ticket. What is no real work
(triage.learning.metrics.real) is left out here, for every metric at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, and_, case, null, select, true
from sqlmodel import col

from triage.learning.metrics.dialects import items_of
from triage.learning.metrics.real import REAL_DRAFT, REAL_RUN, REAL_TICKET
from triage.models import (
    BreakerOpening,
    Decision,
    Draft,
    Edit,
    Episode,
    Message,
    PassageUse,
    Proposal,
    Run,
    RunStep,
    SearchRecord,
    Ticket,
)

SENTENCES = items_of(col(Draft.sentences))
SENTENCE: Any = SENTENCES.c.value

CATEGORY: Any = case((col(Episode.category) != "", col(Episode.category)), else_=col(Ticket.category))
LANGUAGE: Any = case((col(Episode.language) != "", col(Episode.language)), else_=col(Ticket.language))
CHANNEL: Any = col(Episode.channel)

_HANDLER = (
    select(col(Decision.user_id))
    .where(col(Decision.episode_id) == col(Episode.id), col(Decision.undone_at).is_(None))
    .order_by(col(Decision.created_at).desc(), col(Decision.id).desc())
    .limit(1)
    .correlate(Episode)
    .scalar_subquery()
)
CARRIED_OUT = ("done", "failed", "uncertain")
"""States of a proposed call that a person approved and the desk tried to make."""
_NO_TEXT: Any = null().cast(String)


@dataclass(frozen=True, eq=False)
class Grain:
    """One kind of case.

    `plural` names it on screens, `name` in the database; `key` identifies a case and `ticket` its ticket (null: none);
    `at` is the moment whose day is its cohort; `person` is who answers for it (for an episode: whoever decided last),
    null when nobody does; `joined` adds FROM, JOIN and what is left out everywhere to a select.
    """

    name: str
    plural: str
    key: Any
    person: Any
    joined: Callable[[Select[Any]], Select[Any]]
    at: Any = field(default_factory=lambda: col(Episode.started_at))
    ticket: Any = field(default_factory=lambda: col(Ticket.id))
    category: Any = CATEGORY
    language: Any = LANGUAGE
    channel: Any = field(default_factory=lambda: CHANNEL)

    def dimension(self, by: str) -> ColumnElement[Any]:
        """The expression of category, language, channel or person."""
        found: ColumnElement[Any] = getattr(self, by)
        return found


def _tickets(statement: Select[Any]) -> Select[Any]:
    return statement.join(Ticket, col(Ticket.id) == col(Episode.ticket_id)).where(REAL_TICKET)


def _episodes(statement: Select[Any]) -> Select[Any]:
    return _tickets(statement.select_from(Episode))


def _messages(statement: Select[Any]) -> Select[Any]:
    same = and_(
        col(Message.ticket_id) == col(Episode.ticket_id), col(Message.episode_id) == col(Episode.id)
    )  # the first has the index
    return _episodes(statement).join(Message, same)


def _drafts(statement: Select[Any]) -> Select[Any]:
    return (
        _tickets(statement.select_from(Draft).join(Episode, col(Episode.id) == col(Draft.episode_id)))
        .outerjoin(Decision, and_(col(Decision.draft_id) == col(Draft.id), col(Decision.undone_at).is_(None)))
        .where(REAL_DRAFT)
    )


def _sentences(statement: Select[Any]) -> Select[Any]:
    return _drafts(statement).join(SENTENCES, true())


def _decisions(statement: Select[Any]) -> Select[Any]:
    of_draft = statement.select_from(Decision).join(Draft, col(Draft.id) == col(Decision.draft_id))
    return _tickets(of_draft.join(Episode, col(Episode.id) == col(Decision.episode_id))).where(REAL_DRAFT)


def _edits(statement: Select[Any]) -> Select[Any]:
    return _decisions(statement).join(Edit, col(Edit.decision_id) == col(Decision.id))


def _runs(statement: Select[Any]) -> Select[Any]:
    return _tickets(statement.select_from(Run).join(Episode, col(Episode.id) == col(Run.episode_id))).where(REAL_RUN)


def _steps(statement: Select[Any]) -> Select[Any]:
    return _runs(statement).join(RunStep, col(RunStep.run_id) == col(Run.id))


def _calls(statement: Select[Any]) -> Select[Any]:
    return _runs(statement).join(Proposal, col(Proposal.run_id) == col(Run.id)).where(col(Proposal.status).in_(CARRIED_OUT))


def _searches(statement: Select[Any]) -> Select[Any]:
    return _tickets(statement.select_from(SearchRecord).join(Episode, col(Episode.id) == col(SearchRecord.episode_id)))


def _passages(statement: Select[Any]) -> Select[Any]:
    return _drafts(statement).join(PassageUse, col(PassageUse.draft_id) == col(Draft.id))


def _openings(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(BreakerOpening)


EPISODES = Grain("episodes", "tickets", col(Episode.id), _HANDLER, _episodes)
MESSAGES = Grain("messages", "messages", col(Message.id), _HANDLER, _messages)
DRAFTS = Grain("drafts", "drafts", col(Draft.id), col(Decision.user_id), _drafts)
SENTENCES_OF_DRAFTS = Grain("sentences", "sentences", col(Draft.id), col(Decision.user_id), _sentences)
DECISIONS = Grain("decisions", "decisions", col(Decision.id), col(Decision.user_id), _decisions)
EDITS = Grain("edits", "edits", col(Edit.id), col(Decision.user_id), _edits)
RUNS = Grain("runs", "runs", col(Run.id), _HANDLER, _runs)
STEPS = Grain("steps", "steps", col(RunStep.id), _HANDLER, _steps)
CALLS = Grain("calls", "approved calls", col(Proposal.id), _HANDLER, _calls)
SEARCHES = Grain("searches", "searches", col(SearchRecord.id), _HANDLER, _searches)
PASSAGES = Grain("passages", "passages", col(PassageUse.id), col(Decision.user_id), _passages)
OPENINGS = Grain(
    "openings", "openings", col(BreakerOpening.id), null().cast(Integer), _openings, at=col(BreakerOpening.opened_at),
    ticket=null().cast(Integer), category=_NO_TEXT, language=_NO_TEXT, channel=_NO_TEXT,
)  # fmt: skip
GRAINS = (EPISODES, MESSAGES, DRAFTS, SENTENCES_OF_DRAFTS, DECISIONS, EDITS, RUNS, STEPS, CALLS, SEARCHES, PASSAGES, OPENINGS)
