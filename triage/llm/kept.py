"""Answers of models kept for evaluations and repeated requests, so that the same question is paid once.

Content-addressed: the key is the SHA-256 of everything that the model would get, its name, and the number of the trial (the same
question asked a second time on purpose has another number). Off for live tickets. Refused, filtered and cut answers are never
kept, an answer that is read back reports no usage, so that cost stays true, and the least recently used go when there are too many.
"""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from triage.database import Database
from triage.llm.protocol import Model, Request, Response, ToolCall, Usage
from triage.llm.schema import strict_schema
from triage.models import KeptAnswer, Spend, now
from triage.recording import digest

FREE = "offline"
WHOLE = ("stop", "tool_calls")  # reasons for which an answer ended of its own accord
HIT, ASKED = "kept:hit", "kept:asked"
"""Scopes of the day's counts, beside spending."""


class KeptModel:
    """A model whose answers are kept; `trial` tells apart the same request asked several times on purpose."""

    def __init__(self, model: Model, database: Database, *, most_bytes: int, trial: int = 0) -> None:
        self.model, self.database, self.most_bytes, self.trial = model, database, most_bytes, trial
        self.name, self.provider = model.name, model.provider

    async def answer(self, request: Request) -> Response:
        """The kept answer with no usage, or the model's own; raises what the model raises, of which nothing is kept."""
        key = key_of(self.model, request, self.trial)
        kept = await self.database.run(lambda session: _look(session, key))
        if kept is not None:
            return kept
        response = await self.model.answer(request)
        if response.finish_reason in WHOLE and (response.text or response.tool_calls):
            await self.database.run(lambda session: _keep(session, key, response, self.most_bytes))
        return response


def kept(models: dict[str, list[Model]], database: Database, *, most_bytes: int, trial: int = 0) -> dict[str, list[Model]]:
    """The models of each role with their answers kept; those that cost nothing stay as they are."""
    if most_bytes <= 0:
        return models
    return {
        role: [m if m.provider == FREE else KeptModel(m, database, most_bytes=most_bytes, trial=trial) for m in chain]
        for role, chain in models.items()
    }


def key_of(model: Model, request: Request, trial: int) -> str:
    """The name of a request with all that decides its answer."""
    return digest({
        "provider": model.provider, "model": model.name, "trial": trial, "messages": request.messages,
        "output": strict_schema(request.output), "tools": [asdict(tool) for tool in request.tools],
        "most": request.max_output_tokens,
    })  # fmt: skip


def rates(session: Session, days: int = 30) -> tuple[int, int, int]:
    """(answers read back, requests, bytes kept) of the last days."""
    first = datetime.fromtimestamp(now().timestamp() - days * 86_400, UTC).date().isoformat()
    counted = select(Spend.scope, func.sum(Spend.calls)).where(col(Spend.scope).in_((HIT, ASKED)), Spend.day >= first)
    calls = {scope: int(count) for scope, count in session.exec(counted.group_by(col(Spend.scope)))}
    size = session.exec(select(func.coalesce(func.sum(KeptAnswer.size), 0))).one()
    return calls.get(HIT, 0), calls.get(HIT, 0) + calls.get(ASKED, 0), int(size)


def _look(session: Session, key: str) -> Response | None:
    row = session.get(KeptAnswer, key)
    _count(session, HIT if row else ASKED)
    if row is None:
        return None
    row.hits, row.used_at = row.hits + 1, now()
    session.add(row)
    said: dict[str, Any] = dict(row.response)
    return Response(
        said["model"], said["text"], [ToolCall(**call) for call in said["tool_calls"]], Usage(), said["finish_reason"]
    )


def _keep(session: Session, key: str, response: Response, most_bytes: int) -> None:
    said = asdict(replace(response, usage=Usage()))
    size = len(response.text.encode()) + sum(len(call.arguments.encode()) for call in response.tool_calls)
    if size > most_bytes or session.get(KeptAnswer, key) is not None:
        return
    over = session.exec(select(func.coalesce(func.sum(KeptAnswer.size), 0))).one() + size - most_bytes
    if over > 0:
        _make_room(session, over)
    session.add(KeptAnswer(digest=key, model=response.model, response=said, size=size, used_at=now()))


def _make_room(session: Session, over: int) -> None:
    going: list[str] = []
    for key, size in session.exec(select(KeptAnswer.digest, KeptAnswer.size).order_by(col(KeptAnswer.used_at))):
        going.append(key)
        over -= max(size, 1)
        if over <= 0:
            break
    session.execute(delete(KeptAnswer).where(col(KeptAnswer.digest).in_(going)))


def _count(session: Session, scope: str) -> None:
    day = now().date().isoformat()
    mine = (col(Spend.day) == day, col(Spend.scope) == scope)
    if session.get(Spend, (day, scope)) is None:
        session.add(Spend(day=day, scope=scope, calls=1))
    else:
        session.execute(update(Spend).where(*mine).values(calls=Spend.calls + 1))
