"""What every model call and every call of a connected tool passes: the ticket's budget, the day's budget, the breaker."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlmodel import Session

from triage.database import Database
from triage.errors import BudgetExceeded, ModelDown, ModelRefused, ToolError
from triage.guardrails import limits
from triage.guardrails.breakers import TOOL, Breakers
from triage.guardrails.budgets import DayBudget, RunBudget, Standing
from triage.llm.degradation import Step, step_of
from triage.llm.protocol import Request, Response
from triage.settings import Settings

T = TypeVar("T")
_shared: WeakKeyDictionary[Database, tuple[DayBudget, Breakers]] = WeakKeyDictionary()

FREE = frozenset({"offline"})


class DeskGate:
    """The gate of one run; day totals and breakers are shared by all runs over the same database.

    Models that need no service (`FREE`) pass without budget and breaker: they are what a run falls back to.
    """

    def __init__(
        self, database: Database, settings: Settings, run_id: str = "", changed: Mapping[str, object] | None = None
    ) -> None:
        """`changed` are the administrators' limits over the settings' (the workspace switch "limits")."""
        self.settings = limits.applied(settings, changed or {})
        self.run_id = run_id
        self.run = RunBudget()
        if database not in _shared or _shared[database][0].settings != settings:
            _shared[database] = (DayBudget(database, settings), Breakers(database, settings))
        self.day, self.breakers = _shared[database]
        self._standing: Standing | None = None
        self._reserved: dict[str, list[int]] = {}

    async def before(self, model: str, request: Request) -> None:
        """Raises BudgetExceeded or BreakerOpen when the model is not to be asked."""
        if model in FREE:
            return
        coming = expected_tokens(request)
        standing = await self._stands()
        try:
            self.run.check(self.settings, coming)
            await self.day.check(coming, standing.scope)
        except BudgetExceeded as error:
            self.day.count(f"cut:{error.limit}:{model}", coming)
            raise
        await self.breakers.before(model)
        self._reserved.setdefault(model, []).append(coming)
        self.run.reserved += coming

    async def _stands(self) -> Standing:
        """Read once, before the first call that costs: the offline engine alone needs none of it."""
        if self._standing is None:
            self._standing = await self.day.standing(self.run_id) if self.run_id else Standing()
            self.run.before = self._standing.before
        return self._standing

    async def after(self, model: str, response: Response | None, error: Exception | None) -> None:
        """Count what the call used and tell the breaker how it ended."""
        if reserved := self._reserved.get(model):
            self.run.reserved -= reserved.pop()
        if response is not None:
            used = response.usage.input_tokens + response.usage.output_tokens
            self.run.tokens += used
            self.run.cost_usd += response.usage.cost_usd
            if model not in FREE:
                await self.day.add(model, used, response.usage.cost_usd, (await self._stands()).scope)
        if isinstance(error, ModelRefused | ModelDown):
            self.day.count(f"{'refused' if isinstance(error, ModelRefused) else 'down'}:{model}")
        if model not in FREE:
            await self.breakers.after(model, error)

    async def ask(self, tool: str, price_usd: float, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, which asks a tool's service and says by `paid` when it costs.

        Raises ToolError, which the model is told, when a limit leaves no room for the price or the breaker is open.
        """
        if price_usd:
            standing = await self._stands()
            try:
                self.run.check(self.settings, 0, price_usd)
                await self.day.check(0, standing.scope, price_usd)
            except BudgetExceeded as error:
                self.day.count(f"cut:{error.limit}:{TOOL}{tool}")
                raise ToolError(f"{tool} was not asked: {str(error).rstrip('.')}; go on without it") from error
        return await self.breakers.call(f"{TOOL}{tool}", work)

    def paid(self, tool: str, price_usd: float) -> None:
        """Count a call whose request is on its way; of a tool that costs nothing only that it was made."""
        self.run.cost_usd += price_usd
        customer = self._standing.scope if self._standing else ""
        self.day.tool_called(tool, price_usd, customer)

    def stepped_down(self, model: str) -> None:
        """Count that another model has to answer for this one."""
        self.day.count(f"fallback:{model}")

    def instead(self, model: str, cost_usd: float, *, first: bool) -> None:
        """Tell the model's breaker what answering in its place cost."""
        self.breakers.instead(model, cost_usd, first=first)

    def resume(self, tokens: int, cost_usd: float) -> None:
        """Take over what the run had used before it was interrupted (already in the day's totals)."""
        self.run.tokens, self.run.cost_usd = tokens, cost_usd

    async def close(self, degraded: Iterable[str] = ()) -> None:
        """Write what this process counted, at the end of a run; `degraded` are the run's sentences of steps down."""
        self._count_step(degraded)
        await self.day.flush()
        await self.breakers.flush()

    async def close_with(self, work: Callable[[Session], T], degraded: Iterable[str] = ()) -> T:
        """`close` in the transaction of the run's last `work`."""
        self._count_step(degraded)
        done = await self.day.flush_with(work)
        await self.breakers.flush()
        return done

    def _count_step(self, degraded: Iterable[str]) -> None:
        if (step := step_of(degraded)) != Step.FULL:
            self.day.count(f"step:{step}")


def expected_tokens(request: Request) -> int:
    """A low guess of what a call's input takes: four characters a token."""
    return sum(len(str(message.get("content") or "")) for message in request.messages) // 4
