"""Replay: the recorded answers fed back through the real flow, held to the byte against what was recorded."""

import asyncio
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from sqlalchemy import create_engine

from triage import canary, desk, jsontext, tracing
from triage.agents import examples
from triage.agents.crew import Crew
from triage.agents.ranker import Judged
from triage.agents.toolbox import ToolContext
from triage.briefs import Neighbour, Suggestion
from triage.connections.tools import tools_of
from triage.database import Database
from triage.errors import ConflictError, Divergence
from triage.guardrails import limits
from triage.judging import Screening
from triage.llm.protocol import Model, Request, Response
from triage.models import RunStep, clock_at
from triage.outcome import Outcome
from triage.premises import Premise
from triage.recording import Live, Recorder, digest
from triage.replay.differences import first_difference
from triage.replay.recording import Recording
from triage.replay.world import World
from triage.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Replayed:
    """A replay that found every step as it was recorded. `outcome` is None when the recorded run was cut off before its end."""

    run_id: str
    steps: list[dict[str, Any]]
    outcome: Outcome | None
    degraded: list[str]


class _CutOff(Exception):
    """The record ends here because the run was cut off here."""


async def replay(recording: Recording, settings: Settings, world: World | None = None) -> Replayed:
    """Feed the recording back through the flow; asks nobody and writes nothing.

    `world` is what articles and tools are held against (None: the tools of the code alone). Raises Divergence with step,
    field and both values at the first difference, InputError when the premise cannot be read.
    """
    premise = recording.premise
    player = Player(recording, premise, world or World())
    with canary.standing(premise.canary), clock_at(premise.moment), tracing.untraced():
        backing = _Recorded(premise, recording, premise.applied(settings))
        crew = crew_of(premise, player, backing.settings)
        try:
            outcome = await desk.attempt(backing, premise.case, premise.rules, crew, _admitted)
        except _CutOff:
            return Replayed(recording.run_id, player.rebuilt, None, crew.degraded)
    player.at_end(outcome, backing.settings)
    return Replayed(recording.run_id, player.rebuilt, outcome, crew.degraded)


def replay_now(recording: Recording, settings: Settings, world: World | None = None) -> Replayed:
    """`replay` for commands and screens, which have no event loop."""
    return asyncio.run(replay(recording, settings, world))


class Player(Recorder):
    """Answers every step from the recording. Guards are code and judge again; what they say must be what they said."""

    def __init__(self, recording: Recording, premise: Premise, world: World) -> None:
        super().__init__(Nowhere(), recording.run_id, recording.steps, strict=True)
        self.recording, self.premise, self.world = recording, premise, world
        self.steps = recording.steps
        self.rebuilt: list[dict[str, Any]] = []

    async def step(self, kind: str, *, role: str = "", name: str = "", request: dict[str, Any], live: Live) -> dict[str, Any]:
        ordinal = self._position
        self._position += 1
        what = f"{kind} {name}".strip()
        if ordinal >= len(self.steps):
            self._past_the_end(ordinal, what)
        step = self.steps[ordinal]
        self._held(step, kind, role, name, request, what)
        self.world.check(step, self.premise.tools)
        if kind == "guard" and not step.error:
            judged = jsontext.loads(jsontext.dumps(await live()))  # as it would be stored
            if found := first_difference(step.response, judged, "response"):
                raise Divergence(ordinal, *found, what=what)
        self.rebuilt.append({"ordinal": ordinal, "kind": kind, "role": role, "name": name, "request": request,
                             "response": step.response, "error": step.error})  # fmt: skip
        return self._read_back(step)

    def _held(self, step: RunStep, kind: str, role: str, name: str, request: dict[str, Any], what: str) -> None:
        for field, was, is_now in (("kind", step.kind, kind), ("role", step.role, role), ("name", step.name, name)):
            if was != is_now:
                raise Divergence(step.ordinal, field, was, is_now, what=what)
        if step.request_hash != digest(request):
            plain = jsontext.loads(jsontext.dumps(request))
            path, was, is_now = first_difference(step.request, plain, "request") or (
                "request",
                step.request_hash,
                digest(request),
            )
            raise Divergence(step.ordinal, path, was, is_now, what=f"{what} {role}".strip() if kind == "model" else what)

    def _past_the_end(self, ordinal: int, what: str) -> NoReturn:
        if (self.recording.ending.error or "").startswith(desk.TOO_LONG) or self.recording.ending.outcome == "failed":
            raise _CutOff
        raise Divergence(ordinal, "step", "the end of the run", what)

    def at_end(self, outcome: Outcome, settings: Settings) -> None:
        """The run must end where and as it was recorded to end."""
        if self._position < len(self.steps):
            left = self.steps[self._position]
            raise Divergence(left.ordinal, "step", f"{left.kind} {left.name}", "the end of the run")
        was, at = self.recording.ending, len(self.steps)
        if was.outcome and was.outcome not in ("overtaken", outcome.status.value):
            raise Divergence(at, "outcome", was.outcome, outcome.status.value, what="the end")
        if was.reply is not None and outcome.reply is not None:
            body = f"{outcome.reply.body}\n{outcome.signature or settings.mail_from_name}"
            if body != was.reply:
                raise Divergence(at, "draft.body", was.reply, body, what="the end")

    async def flush(self) -> None:
        """Nothing is kept."""


class Nowhere(Database):
    """No database: a replay neither reads nor writes one."""

    def __init__(self) -> None:
        super().__init__(create_engine("sqlite://"))

    def run_now(self, work: Any) -> Any:
        raise ConflictError("A replay tried to reach the database; it may only read what was recorded.")

    async def run(self, work: Any) -> Any:
        self.run_now(work)


class _Absent:
    """Stands where models, tools, searches and gates would be: a replay asks none of them."""

    def __init__(self, name: str = "", provider: str = "") -> None:
        self.name, self.provider = name, provider

    async def answer(self, request: Request) -> Response:
        raise _reached(f"the model {self.name}")

    async def asearch_many(self, queries: list[str], *, k: int = 6, language: str | None = None) -> list[list[Any]]:
        raise _reached("a search")

    async def call(self, name: str, work: Any) -> Any:
        raise _reached(f"the service {name}")

    async def ask(self, tool: str, price_usd: float, work: Any) -> Any:
        raise _reached(f"the tool {tool}")

    def paid(self, tool: str, price_usd: float) -> None:
        """Paid when it happened."""

    async def before(self, model: str, request: Request) -> None:
        raise _reached(f"the model {model}")

    async def after(self, model: str, response: Response | None, error: Exception | None) -> None:
        raise _reached(f"the model {model}")

    def stepped_down(self, model: str) -> None:
        """Counted when it happened."""

    def instead(self, model: str, cost_usd: float, *, first: bool) -> None:
        """Counted when it happened."""


def _reached(what: str) -> AssertionError:
    return AssertionError(f"A replay reached {what}; it may only read what was recorded.")


class _Recorded:
    """The desk as the flow's stages see it, from the recording."""

    def __init__(self, premise: Premise, recording: Recording, settings: Settings) -> None:
        self.settings, self.judged = settings, Judged()
        self._offline = premise.staff["manager"][0][1] == "offline"
        self._sorted = any(step.name == examples.NAME for step in recording.steps)

    async def examples(self, crew: Crew, text: str) -> tuple[list[Neighbour], Suggestion | None]:
        if not self._offline and not self._sorted:
            return [], None
        return await examples.examples(crew, text, _never, offline=self._offline)


def crew_of(premise: Premise, recorder: Recorder, settings: Settings) -> Crew:
    """The agents of the recorded run, with nobody behind them."""
    case, absent = premise.case, _Absent()
    context = ToolContext(
        database=recorder.database, searcher=absent, ticket_id=case.brief.ticket_id, customer_id=case.ticket.customer_id,
        identity=case.ticket.identity, recorder=recorder, breakers=absent,
    )  # fmt: skip
    verified = context.owner is not None
    context.connected = tools_of(premise.connected, settings, absent, verified=verified) if premise.connected else []
    models: dict[str, list[Model]] = {role: [_Absent(*one) for one in chain] for role, chain in premise.staff.items()}
    return Crew(limits.applied(settings, premise.rules.limits), models, absent, context, style=premise.rules.style)


async def _admitted(screening: Screening) -> None:
    """The door was passed when it was recorded."""


def _never(text: str) -> dict[str, Any]:
    raise _reached("the examples")
