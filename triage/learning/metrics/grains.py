"""What a metric counts: episodes, drafts, decisions, sentences, runs, steps, searches or passages, each tied to its episode.

Every grain joins down to the episode and its ticket, so that the cohort (the day the episode started)
and the filters mean the same everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, select, true
from sqlmodel import col

from triage.learning.metrics.dialects import items_of
from triage.models import Decision, Draft, Episode, PassageUse, Run, RunStep, SearchRecord, Ticket

SENTENCES = items_of(col(Draft.sentences))
SENTENCE: Any = SENTENCES.c.value

CATEGORY: ColumnElement[str] = case((col(Episode.category) != "", col(Episode.category)), else_=col(Ticket.category))
LANGUAGE: ColumnElement[str] = case((col(Episode.language) != "", col(Episode.language)), else_=col(Ticket.language))
CHANNEL: Any = col(Episode.channel)

_HANDLER = (
    select(col(Decision.user_id))
    .where(col(Decision.episode_id) == col(Episode.id), col(Decision.undone_at).is_(None))
    .order_by(col(Decision.created_at).desc(), col(Decision.id).desc())
    .limit(1)
    .correlate(Episode)
    .scalar_subquery()
)


@dataclass(frozen=True, eq=False)
class Grain:
    """One kind of case.

    `plural` names it on screens; `key` identifies a case; `person` is who answers for it (for an episode:
    whoever decided last), null when nobody does; `joined` adds FROM and JOIN to a select.
    """

    plural: str
    key: Any
    person: Any
    joined: Callable[[Select[Any]], Select[Any]]


def _episodes(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(Episode).join(Ticket, col(Ticket.id) == col(Episode.ticket_id))


def _drafts(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(Draft)
        .join(Episode, col(Episode.id) == col(Draft.episode_id))
        .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
        .outerjoin(Decision, and_(col(Decision.draft_id) == col(Draft.id), col(Decision.undone_at).is_(None)))
    )


def _sentences(statement: Select[Any]) -> Select[Any]:
    return _drafts(statement).join(SENTENCES, true())


def _decisions(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(Decision)
        .join(Draft, col(Draft.id) == col(Decision.draft_id))
        .join(Episode, col(Episode.id) == col(Decision.episode_id))
        .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
    )


def _runs(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(Run)
        .join(Episode, col(Episode.id) == col(Run.episode_id))
        .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
    )


def _steps(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(RunStep)
        .join(Run, col(Run.id) == col(RunStep.run_id))
        .join(Episode, col(Episode.id) == col(Run.episode_id))
        .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
    )


def _searches(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(SearchRecord)
        .join(Episode, col(Episode.id) == col(SearchRecord.episode_id))
        .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
    )


def _passages(statement: Select[Any]) -> Select[Any]:
    return _drafts(statement).join(PassageUse, col(PassageUse.draft_id) == col(Draft.id))


EPISODES = Grain("tickets", col(Episode.id), _HANDLER, _episodes)
DRAFTS = Grain("drafts", col(Draft.id), col(Decision.user_id), _drafts)
SENTENCES_OF_DRAFTS = Grain("sentences", col(Draft.id), col(Decision.user_id), _sentences)
DECISIONS = Grain("decisions", col(Decision.id), col(Decision.user_id), _decisions)
RUNS = Grain("runs", col(Run.id), _HANDLER, _runs)
STEPS = Grain("steps", col(RunStep.id), _HANDLER, _steps)
SEARCHES = Grain("searches", col(SearchRecord.id), _HANDLER, _searches)
PASSAGES = Grain("passages", col(PassageUse.id), col(Decision.user_id), _passages)
