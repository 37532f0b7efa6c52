"""One run as a tree of bars: recorded steps laid over the spans around them.

Steps tell what was done and are never lost; spans tell how it was nested and when. A step whose span is
missing (the process was killed before its spans were written) still gets a bar of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from triage import genai
from triage import trace_words as words
from triage.models import Run, RunStep, SpanRecord

_WAIT_SHOWN = 0.05  # seconds in the queue from which a bar for the waiting is worth a line


@dataclass(frozen=True)
class Bar:
    """One line of the waterfall: `start` in seconds after the run began, `ordinal` when a recorded step stands behind it.

    `what` is run, wait, agent, model, tool, retrieval, guard or other. `read_back`: done before a restart and not done again.
    """

    key: str
    parent: str | None
    label: str
    what: str
    role: str = ""
    start: float = 0.0
    seconds: float = 0.0
    depth: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    ordinal: int | None = None
    error: str = ""
    read_back: bool = False


def tree(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord]) -> list[Bar]:
    """The run as bars in drawing order, parents before children."""
    origin = _origin(run, steps, spans)
    root = Bar("run", None, words.cause(run.cause), "run", seconds=_length(run, steps, spans, origin), error=run.error or "")
    bars = _from_spans(steps, spans, origin)
    known = {bar.ordinal for bar in bars if bar.ordinal is not None}
    since = _last_start(spans)
    bars += _without_spans([step for step in steps if step.ordinal not in known], bars, origin)
    done = {step.ordinal: step for step in steps}
    bars = [replace(bar, read_back=_before(done.get(bar.ordinal), since)) if bar.ordinal is not None else bar for bar in bars]
    first = min((bar.start for bar in bars), default=0.0)
    if first > _WAIT_SHOWN:
        bars.append(Bar("wait", "run", "Waits for a worker", "wait", seconds=first))
    return _in_order(root, bars)


def restarts(spans: Sequence[SpanRecord], steps: Sequence[RunStep]) -> int:
    """How often the run was taken up again; a killed process leaves steps behind but no span of its own."""
    started = [span.start_ns for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)]
    orphaned = bool(started) and any(step.created_at.timestamp() * 1e9 < min(started) for step in steps)
    return max(len(started) - 1, 0) + orphaned


def _origin(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord]) -> datetime:
    """When the first thing happened: usually the run's own start."""
    starts = [_step_start(step) for step in steps] + [_moment(span.start_ns, run) for span in spans]
    return min([run.started_at, *starts])


def _length(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord], origin: datetime) -> float:
    ends = [step.created_at for step in steps] + [_moment(span.end_ns, run) for span in spans]
    return (max([run.ended_at or run.started_at, *ends]) - origin).total_seconds()


def _from_spans(steps: Sequence[RunStep], spans: Sequence[SpanRecord], origin: datetime) -> list[Bar]:
    """A bar a span; a workflow's span is the run itself, so its children hang on the root."""
    by_ordinal = {step.ordinal: step for step in steps}
    newest = {span.attributes.get(genai.STEP): span.span_id for span in spans if genai.STEP in span.attributes}
    roots = {span.span_id for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)}
    kept = {span.span_id for span in spans} - roots
    bars = []
    for span in spans:
        if span.span_id in roots:
            continue
        ordinal = span.attributes.get(genai.STEP)
        step = by_ordinal.get(ordinal) if isinstance(ordinal, int) and newest.get(ordinal) == span.span_id else None
        parent = span.parent_id if span.parent_id in kept else "run"
        bars.append(_span_bar(span, step, parent or "run", origin))
    return bars


def _span_bar(span: SpanRecord, step: RunStep | None, parent: str, origin: datetime) -> Bar:
    start = span.start_ns / 1e9 - origin.timestamp()
    seconds = max(span.end_ns - span.start_ns, 0) / 1e9
    if step is not None:
        return replace(_step_bar(step, parent, origin), key=span.span_id, start=start, seconds=seconds)
    what = "agent" if span.name.startswith(genai.INVOKE_AGENT) else "other"
    agent = str(span.attributes.get(genai.AGENT) or "") or (
        span.name.removeprefix(genai.INVOKE_AGENT).strip() if what == "agent" else ""
    )
    label = words.agent(agent) if what == "agent" else words.span_name(span.name)
    error = str(span.attributes.get("message") or span.attributes.get(genai.ERROR_TYPE) or "") if span.status == "error" else ""
    return Bar(span.span_id, parent, label, what, agent, start, seconds, error=error)


def _without_spans(steps: Sequence[RunStep], bars: Sequence[Bar], origin: datetime) -> list[Bar]:
    """Bars for steps that have no span, under the agent at work then; where no agent is known, one a stretch of a role."""
    agents = [bar for bar in bars if bar.what == "agent"]
    made: list[Bar] = []
    group: Bar | None = None
    for step in steps:
        bar = _step_bar(step, "run", origin)
        home = next(
            (a for a in agents if a.role == step.role and a.start <= bar.start + bar.seconds <= a.start + a.seconds), None
        )
        if home is None and step.role:
            if group is None or group.role != step.role:
                group = Bar(f"group-{step.ordinal}", "run", words.agent(step.role), "agent", step.role, bar.start)
                made.append(group)
            group, place = replace(group, seconds=max(group.seconds, bar.start + bar.seconds - group.start)), made.index(group)
            made[place] = home = group
        elif not step.role:
            group = None
        made.append(replace(bar, parent=home.key if home else "run"))
    return made


def _step_bar(step: RunStep, parent: str, origin: datetime) -> Bar:
    return Bar(
        f"step-{step.ordinal}", parent, words.step(step.kind, step.name), step.kind, step.role,
        (_step_start(step) - origin).total_seconds(), step.seconds, tokens=step.input_tokens + step.output_tokens,
        cost_usd=step.cost_usd, ordinal=step.ordinal, error=step.error or "",
    )  # fmt: skip


def _in_order(root: Bar, bars: Sequence[Bar]) -> list[Bar]:
    children: dict[str | None, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.start, bar.ordinal if bar.ordinal is not None else -1)):
        children.setdefault(bar.parent, []).append(bar)
    ordered, waiting = [], [root]
    while waiting:
        bar = waiting.pop()
        ordered.append(bar)
        waiting += [replace(child, depth=bar.depth + 1) for child in reversed(children.get(bar.key, []))]
    return ordered


def _last_start(spans: Sequence[SpanRecord]) -> datetime | None:
    """When the run was last taken up."""
    starts = [span.start_ns for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)]
    return datetime.fromtimestamp(max(starts) / 1e9, UTC) if starts else None


def _before(step: RunStep | None, moment: datetime | None) -> bool:
    return step is not None and moment is not None and step.created_at < moment


def _step_start(step: RunStep) -> datetime:
    return step.created_at - timedelta(seconds=step.seconds)


def _moment(nanoseconds: int, run: Run) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, run.started_at.tzinfo)
