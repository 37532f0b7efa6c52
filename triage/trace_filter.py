"""Which runs a list shows: by status, agent, tool, model, prompt version, cost, time, error, customer, and words within."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Text, cast, extract, func, or_
from sqlmodel import Session, col, select

from triage.errors import InputError
from triage.models import CommonPremise, Customer, Run, RunPremise, RunStep, Ticket

_PROMPT = re.compile(r"([a-z]+):(\d+)")


@dataclass(frozen=True)
class RunFilter:
    """What the list is narrowed to; empty values do not narrow. Costs in USD, times in seconds.

    `agent`, `tool` and `model` are those of any step; `prompt` is ROLE:VERSION; `error` "any" or words of it; `customer` a number,
    or words of name or address; `words` stand in any step's request or answer; `forks` is "" (all), "only" or "none".
    """

    status: str = ""
    outcome: str = ""
    model: str = ""
    cause: str = ""
    ticket: int | None = None
    degraded: bool = False
    cost_from: float = 0.0
    seconds_from: float = 0.0
    since: datetime | None = None
    agent: str = ""
    tool: str = ""
    prompt: str = ""
    error: str = ""
    customer: str = ""
    words: str = ""
    forks: str = ""


def conditions(session: Session, wanted: RunFilter) -> list[ColumnElement[bool]]:
    """The filter in SQL over run and ticket. Raises InputError for a prompt that is not ROLE:VERSION."""
    return [*_of_run(session, wanted), *_of_steps(wanted), *_of_others(wanted)]


def seconds(session: Session) -> ColumnElement[float]:
    """How long an ended run took, in SQL; null while it goes on."""
    if _postgres(session):
        return cast(extract("epoch", col(Run.ended_at)) - extract("epoch", col(Run.started_at)), Float)
    return (func.julianday(col(Run.ended_at)) - func.julianday(col(Run.started_at))) * 86_400.0


def _of_run(session: Session, wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in ((Run.status, wanted.status), (Run.outcome, wanted.outcome), (Run.cause, wanted.cause)):
        if value:
            yield col(column) == value
    if wanted.ticket is not None:
        yield col(Run.ticket_id) == wanted.ticket
    if wanted.degraded:
        length = func.jsonb_array_length if _postgres(session) else func.json_array_length
        yield length(col(Run.degraded)) > 0
    if wanted.cost_from > 0:
        yield col(Run.cost_usd) >= wanted.cost_from
    if wanted.seconds_from > 0:
        yield seconds(session) >= wanted.seconds_from
    if wanted.since is not None:
        yield col(Run.started_at) >= wanted.since
    if wanted.forks:
        yield col(Run.forked_at).is_not(None) if wanted.forks == "only" else col(Run.forked_at).is_(None)


def _of_steps(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.model:
        yield or_(col(Run.model) == wanted.model, _has_step(col(RunStep.name) == wanted.model, col(RunStep.kind) == "model"))
    if wanted.agent:
        yield _has_step(col(RunStep.role) == wanted.agent, col(RunStep.kind) == "model")
    if wanted.tool:
        yield _has_step(col(RunStep.name) == wanted.tool, col(RunStep.kind).in_(("tool", "retrieval")))
    if wanted.error == "any":
        yield or_(col(Run.error).is_not(None), _has_step(col(RunStep.error).is_not(None)))
    elif wanted.error:
        yield or_(
            col(Run.error).icontains(wanted.error, autoescape=True),
            _has_step(col(RunStep.error).icontains(wanted.error, autoescape=True)),
        )
    if wanted.words:
        yield _has_step(contains(wanted.words))


def _of_others(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.prompt:
        found = _PROMPT.fullmatch(wanted.prompt)
        if found is None:
            raise InputError(f"{wanted.prompt[:40]!r} is no prompt's version; write ROLE:VERSION, such as writer:2.")
        version: Any = col(CommonPremise.content)["prompts"][found[1]].as_integer()
        made_with = select(CommonPremise.digest).where(version == int(found[2]))
        yield col(Run.id).in_(select(RunPremise.run_id).where(col(RunPremise.common).in_(made_with)))
    if wanted.customer:
        known = col(Customer.name).icontains(wanted.customer, autoescape=True)
        number = (
            [col(Ticket.customer_id) == int(wanted.customer)] if wanted.customer.isdecimal() and len(wanted.customer) < 10 else []
        )
        named = select(Customer.id).where(or_(known, col(Customer.external_id) == wanted.customer))
        yield or_(
            *number,
            col(Ticket.customer_id).in_(named),
            col(Ticket.requester_email).icontains(wanted.customer, autoescape=True),
            col(Ticket.requester_name).icontains(wanted.customer, autoescape=True),
        )


def contains(words: str) -> ColumnElement[bool]:
    """Steps that say these words, all of them together, in request, answer or error."""
    places = (cast(col(RunStep.request), Text), cast(col(RunStep.response), Text), col(RunStep.error))
    return or_(*(place.icontains(as_stored(words), autoescape=True) for place in places))


def as_stored(words: str) -> str:
    """How a text stands within JSON."""
    return " ".join(words.split()).replace("\\", "\\\\").replace('"', '\\"')


def _has_step(*what: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(RunStep.id).where(col(RunStep.run_id) == col(Run.id), *what).exists()


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
