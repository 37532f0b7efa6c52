"""Recorded runs: resume after a crash, replay and fork are one mechanism.

A run is an ordered list of steps. `Recorder.step` answers from the recorded list while it lasts and goes
live where it ends. Steps that cost nothing wait in memory and are written together with the next finished
model call or paid call of a tool, in one insert, so that no answered call is ever paid twice.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Container, Sequence
from contextvars import ContextVar
from typing import Any

from opentelemetry.trace import Span
from sqlalchemy import Row, Table, bindparam, delete
from sqlmodel import Session, col

from triage import errors, genai, jsontext, tracing
from triage.database import Database, direct
from triage.models import RunStep, now

Live = Callable[[], Awaitable[dict[str, Any]]]
Told = tuple[str, dict[str, Any], dict[str, Any]]
"""Name, request and response of a step."""
_STEPS: Table = RunStep.__table__  # type: ignore[attr-defined]
_INSERT = _STEPS.insert()
_RECORDED = _STEPS.select().where(_STEPS.c.run_id == bindparam("run_id")).order_by(_STEPS.c.ordinal)
Recorded = RunStep | Row[*tuple[Any, ...]]
"""A stored step; read as a plain row, which has the same names and costs a third."""
CUT_OFF = "ToolDown: the run was cut off before the answer came"
_UNDER_WAY: ContextVar[dict[str, Any] | None] = ContextVar("step", default=None)


class Recorder:
    """Records the steps of one run. With `strict`, a step that is not the recorded one raises Divergence."""

    def __init__(
        self, database: Database, run_id: str, recorded: Sequence[Recorded] | None = None, *, strict: bool = False
    ) -> None:
        self.database, self.run_id, self.strict = database, run_id, strict
        self._recorded = recorded or []
        self._position = 0
        self._pending: list[dict[str, Any]] = []
        self._answered: list[Told] = []
        self.input_tokens = self.output_tokens = self.model_calls = 0
        self.cost_usd = 0.0
        self.keeps = "full"  # what of the content stays once the run has ended (triage/keeping.py)

    @classmethod
    async def resume(cls, database: Database, run_id: str) -> "Recorder":
        """A recorder that first reads back what the run had done before a crash."""
        return await database.run(lambda session: cls.load(session, database, run_id))

    @classmethod
    def load(cls, session: Session, database: Database, run_id: str) -> "Recorder":
        """`resume` within a session of the caller's."""
        return cls(database, run_id, direct.rows(session, _RECORDED, {"run_id": run_id}))

    @property
    def fresh(self) -> bool:
        """Whether nothing was recorded before."""
        return not self._recorded

    @property
    def used_before(self) -> tuple[int, float]:
        """Tokens and USD of the recorded steps, before anything is done now."""
        return sum(s.input_tokens + s.output_tokens for s in self._recorded), sum(s.cost_usd for s in self._recorded)

    async def step(self, kind: str, *, role: str = "", name: str = "", request: dict[str, Any], live: Live) -> dict[str, Any]:
        """Do one step, or read it back.

        `kind` is model, tool, retrieval or guard. `live` returns the response as JSON values; a model's
        response has `usage` with input_tokens, output_tokens, cost_usd, a tool says what it costs by `charge`.
        A TriageError raised by `live` is recorded and raised, and raised again when read back.
        """
        request_hash = digest(request)
        ordinal = self._position
        self._position += 1
        if ordinal < len(self._recorded):
            step = self._recorded[ordinal]
            if self._matches(step, kind, role, name, request_hash, request):
                return self._read_back(step)
            await self._forget_from(ordinal)
        named, attributes = _span(kind, role, name)
        attributes |= {genai.RUN: self.run_id, genai.STEP: ordinal}
        with tracing.span(named, attributes, kind="client" if kind == "model" else "internal") as span:
            return await self._live(ordinal, kind, role, name, request, request_hash, live, span)

    async def _live(
        self, ordinal: int, kind: str, role: str, name: str, request: dict[str, Any], request_hash: str, live: Live, span: Span
    ) -> dict[str, Any]:
        started = time.perf_counter()
        row: dict[str, Any] = {
            "run_id": self.run_id,
            "ordinal": ordinal,
            "kind": kind,
            "role": role,
            "name": name,
            "request_hash": request_hash,
            "request": request,
            "response": {},
            "input_tokens": 0,
            "output_tokens": 0,
            "cost_usd": 0.0,
            "error": None,
        }
        step, interrupted = _UNDER_WAY.set(row), False
        try:
            row["response"] = await live()
        except errors.TriageError as error:
            row["error"] = f"{type(error).__name__}: {error}"
            raise
        except asyncio.CancelledError:
            interrupted = True
            if row["cost_usd"]:  # paid; written only with the run's end, so that a run that goes on elsewhere asks anew
                row["error"] = CUT_OFF
            raise
        finally:
            _UNDER_WAY.reset(step)
            row["seconds"], row["created_at"] = time.perf_counter() - started, now()
            if row["response"] or row["error"]:
                self._keep(row)
                span.set_attributes(_answered(row))
                if kind == "model" or (row["cost_usd"] and not interrupted):
                    await self.flush()
        result: dict[str, Any] = row["response"]
        return result

    def told(self, names: Container[str]) -> list[Told]:
        """What the steps of these names asked and were answered, in their order; failed ones left out."""
        return [step for step in self._answered if step[0] in names]

    async def flush(self) -> None:
        """Write the steps that wait in memory, in one insert and a transaction of its own."""
        rows, self._pending = self._pending, []
        if rows:
            await self.database.write(_INSERT, rows)

    def write(self, session: Session) -> None:
        """Write the steps that wait in memory, in the caller's transaction. Plain rows: the mapper would cost a third of it."""
        rows, self._pending = self._pending, []
        if rows:
            direct.insert_many(session, _INSERT, rows)

    def _keep(self, row: dict[str, Any]) -> None:
        usage = row["response"].get("usage") if row["kind"] == "model" else None
        if usage:
            row.update({key: usage[key] for key in ("input_tokens", "output_tokens", "cost_usd")})
        self._count(row["kind"], row["input_tokens"], row["output_tokens"], row["cost_usd"])
        self._pending.append(row)
        if not row["error"]:
            self._answered.append((row["name"], row["request"], row["response"]))

    def _count(self, kind: str, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        self.model_calls += kind == "model"
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost_usd += cost_usd

    def _matches(self, step: Recorded, kind: str, role: str, name: str, request_hash: str, request: dict[str, Any]) -> bool:
        was = {"kind": step.kind, "role": step.role, "name": step.name, "request": step.request_hash}
        is_now = {"kind": kind, "role": role, "name": name, "request": request_hash}
        different = next((field for field in was if was[field] != is_now[field]), None)
        if different and self.strict:
            shown = (step.request, request) if different == "request" else (was[different], is_now[different])
            raise errors.Divergence(step.ordinal, different, *shown)
        return different is None

    def _read_back(self, step: Recorded) -> dict[str, Any]:
        self._count(step.kind, step.input_tokens, step.output_tokens, step.cost_usd)
        if step.error:
            name, _, message = step.error.partition(": ")
            kind = getattr(errors, name, errors.TriageError)
            raise kind(message)
        self._answered.append((step.name, step.request, step.response))
        return dict(step.response)

    async def _forget_from(self, ordinal: int) -> None:
        """The world changed since the crash (an article, a prompt): what was recorded from here on no longer applies."""
        self._recorded = self._recorded[:ordinal]
        outdated = delete(RunStep).where(col(RunStep.run_id) == self.run_id, col(RunStep.ordinal) >= ordinal)
        await self.database.run(lambda session: session.execute(outdated))


class Unrecorded(Recorder):
    """For work that is no run of a ticket: counts what models use, keeps no steps."""

    async def flush(self) -> None:
        self._pending.clear()

    def write(self, session: Session) -> None:
        self._pending.clear()


def charge(usd: float) -> None:
    """Add to the cost of the step under way: for a tool whose request is on its way."""
    if (row := _UNDER_WAY.get()) is not None:
        row["cost_usd"] += usd


def _span(kind: str, role: str, name: str) -> tuple[str, dict[str, Any]]:
    """The span's name and first attributes, after the conventions for generative AI."""
    operation = {"model": genai.CHAT, "tool": genai.EXECUTE_TOOL, "retrieval": genai.RETRIEVAL}.get(kind, genai.GUARD)
    named = {"model": genai.REQUEST_MODEL, "tool": genai.TOOL}.get(kind)
    attributes = {genai.OPERATION: operation, genai.AGENT: role or None} | ({named: name} if named else {})
    return f"{operation} {name}".strip(), attributes


def _answered(row: dict[str, Any]) -> dict[str, Any]:
    """What the answer adds to the span: usage, model and end of a model call; a tool's cost; the worst verdict of a guard."""
    response = row["response"]
    if row["kind"] == "model":
        used = {genai.INPUT_TOKENS: row["input_tokens"], genai.OUTPUT_TOKENS: row["output_tokens"], genai.COST: row["cost_usd"]}
        if not response:
            return used
        cached = response.get("usage", {}).get("cached_tokens", 0)
        return used | {
            genai.RESPONSE_MODEL: response.get("model", row["name"]), genai.CACHED_TOKENS: cached,
            genai.FINISH_REASONS: [response.get("finish_reason", "stop")],
        }  # fmt: skip
    if row["kind"] == "tool" and row["cost_usd"]:
        return {genai.COST: row["cost_usd"]}
    if row["kind"] == "guard" and "verdicts" in response:
        said = {verdict["verdict"] for verdict in response["verdicts"]}
        return {genai.VERDICT: next((one for one in ("block", "flag") if one in said), "allow")}
    return {}


def digest(request: dict[str, Any]) -> str:
    """A stable name for a request: SHA-256 over its sorted JSON."""
    return hashlib.sha256(jsontext.canonical(request)).hexdigest()
