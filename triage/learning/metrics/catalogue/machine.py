"""What the agents cost, how fast they are and what fails."""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from triage.learning.metrics.catalogue.outcomes import DURABLE, ELIGIBLE, INVOLVED, OWN_RUN, RESOLVED, WEEK_LATER
from triage.learning.metrics.dialects import json_length
from triage.learning.metrics.grains import CALLS, EPISODES, OPENINGS, RUNS, STEPS
from triage.learning.metrics.metric import Metric, Statistic
from triage.models import BreakerOpening, Episode, Proposal, Run, RunStep

COST: Any = select(func.coalesce(func.sum(col(Run.cost_usd)), 0.0)).where(*OWN_RUN).correlate(Episode).scalar_subquery()
FINISHED: ColumnElement[bool] = col(Run.ended_at).is_not(None)
MODEL_CALL: ColumnElement[bool] = col(RunStep.kind) == "model"
TOOL_CALL: ColumnElement[bool] = col(RunStep.kind) == "tool"
ERROR: ColumnElement[bool] = col(RunStep.error).is_not(None)
_seconds, _name = col(RunStep.seconds), col(RunStep.name)


def _kind_of_error(text: str) -> str:
    """The error's name, in words: "ModelDown: …" is "model down"."""
    name = text.partition(":")[0].strip()
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _latency(whose: str, statistic: Statistic, kinds: tuple[str, ...], by: Any) -> Metric:
    short = "p50" if statistic == "median" else statistic
    return Metric(
        f"{whose}_latency_{short}",
        f"{whose.capitalize()} latency, {short}",
        "Seconds of one model call." if whose == "agent" else "Seconds of one tool call, search or guard check.",
        "seconds",
        "down",
        STEPS,
        hit=_seconds.is_not(None),
        where=(col(RunStep.kind).in_(kinds),),
        statistic=statistic,
        columns=(_seconds,),
        breakdowns={whose: by},
        splits={"model": _name} if whose == "agent" else {},
    )


_PERCENTILES: tuple[Statistic, ...] = ("median", "p95", "p99")
_OTHERS = ("tool", "retrieval", "guard")

METRICS = (
    Metric(
        "cost_per_ticket",
        "Cost per ticket",
        "All tokens and all calls of tools at their price, retried and discarded drafts and approved calls included, per episode the agents worked on.",
        "usd",
        "down",
        EPISODES,
        hit=INVOLVED,
        where=(ELIGIBLE,),
        statistic="mean",
        columns=(COST,),
    ),
    Metric(
        "cost_per_resolution",
        "Cost per durable resolution",
        "Everything spent on episodes resolved at least 7 days ago ÷ those whose customer did not come back within 7 days.",
        "usd",
        "down",
        EPISODES,
        hit=DURABLE,
        where=(ELIGIBLE, RESOLVED),
        ripens=WEEK_LATER,
        statistic="per_case",
        columns=(COST,),
    ),
    *(_latency("agent", statistic, ("model",), col(RunStep.role)) for statistic in _PERCENTILES),
    *(_latency("tool", statistic, _OTHERS, _name) for statistic in _PERCENTILES),
    Metric(
        "fallback_rate",
        "Fallback",
        "Runs that had to use another model or do without a part of the desk ÷ finished runs.",
        "share",
        "down",
        RUNS,
        hit=json_length(col(Run.degraded)) > 0,
        where=(FINISHED,),
        splits={"model": col(Run.model)},
    ),
    Metric(
        "failed_runs",
        "Failed runs",
        "Runs of the agents that ended with an error ÷ finished runs.",
        "share",
        "down",
        RUNS,
        hit=col(Run.error).is_not(None),
        where=(FINISHED,),
        breakdowns={"reason": col(Run.error)},
        label=_kind_of_error,
    ),
    Metric(
        "step_errors",
        "Errors of models and tools",
        "Model calls, tool calls, searches and guard checks that ended with an error ÷ all of them.",
        "share",
        "down",
        STEPS,
        hit=ERROR,
        breakdowns={"reason": col(RunStep.error)},
        label=_kind_of_error,
    ),
    Metric(
        "breaker_refusals",
        "Refused by an open breaker",
        "Model calls that were not made because the model's breaker was open ÷ model calls.",
        "share",
        "down",
        STEPS,
        hit=col(RunStep.error).startswith("BreakerOpen"),
        where=(MODEL_CALL,),
        breakdowns={"model": _name},
    ),
    Metric(
        "cost_of_agents",
        "Cost of model calls",
        "All tokens at their price, over the model calls of every run.",
        "usd",
        "none",
        STEPS,
        hit=MODEL_CALL,
        where=(MODEL_CALL,),
        statistic="sum",
        columns=(col(RunStep.cost_usd),),
        breakdowns={"agent": col(RunStep.role)},
        splits={"model": _name},
    ),
    Metric(
        "cost_of_tools",
        "Cost of tool calls",
        "Calls of tools at their price when they were made, failed ones included, over the tool calls of every run; the desk's own tools cost nothing.",
        "usd",
        "none",
        STEPS,
        hit=TOOL_CALL,
        where=(TOOL_CALL,),
        statistic="sum",
        columns=(col(RunStep.cost_usd),),
        breakdowns={"tool": _name},
    ),
    Metric(
        "cost_of_calls",
        "Cost of approved calls",
        "Calls that agents proposed and a person approved, at their tool's price when they were made.",
        "usd",
        "none",
        CALLS,
        hit=col(Proposal.id).is_not(None),
        statistic="sum",
        columns=(col(Proposal.cost_usd),),
        breakdowns={"tool": col(Proposal.tool)},
    ),
    Metric(
        "prompt_cache",
        "Prompts from the service's cache",
        "Model calls of which the model service had part of the prompt in its cache ÷ model calls that were answered.",
        "share",
        "none",
        STEPS,
        hit=RunStep.response["usage"]["cached_tokens"].as_integer() > 0,  # type: ignore[index]
        where=(MODEL_CALL, col(RunStep.error).is_(None)),
        splits={"model": _name},
    ),
    Metric(
        "breaker_openings",
        "Breakers opened",
        "Times the breaker of a model opened after failures in a row; counted on the day it opened.",
        "count",
        "down",
        OPENINGS,
        hit=col(BreakerOpening.id).is_not(None),
        statistic="count",
        breakdowns={"model": col(BreakerOpening.name)},
    ),
)
