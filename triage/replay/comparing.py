"""Two runs step by step: which steps belong together, what differs in them, and where they first part."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from sqlmodel import Session, col, select

from triage import trace_words, traces
from triage.errors import InputError
from triage.library.compare import Line, side_by_side
from triage.models import Run, RunStep, User
from triage.replay.differences import differences

Kind = Literal["same", "changed", "only_a", "only_b"]
_MOST = 60  # differences of one step that are listed
MARKER = re.compile(r"<<<[A-Z]+ ([0-9a-f]{12})")


@dataclass(frozen=True)
class Difference:
    """One value that differs: its path, such as `request.messages[1].content`, and its lines side by side with marked words."""

    field: str
    lines: list[Line]


@dataclass(frozen=True)
class Pair:
    """Steps that belong together, by their ordinals (None: the other run alone has it), and what differs in them."""

    label: str
    kind: Kind
    a: int | None
    b: int | None
    differences: list[Difference]


@dataclass(frozen=True)
class Comparison:
    """`first` says in a sentence where the runs part; empty when they are the same. `first_pair` is its place in `pairs`."""

    a: Run
    b: Run
    pairs: list[Pair]
    first: str
    first_pair: int | None


def compare(session: Session, user: User, run_a: str, run_b: str) -> Comparison:
    """Two runs of the person's reach, aligned. Raises InputError and AccessError as `traces.load` does."""
    runs = [traces.reachable(session, user, run_id)[0] for run_id in (run_a, run_b)]
    for run in runs:
        if run.recording in ("none", "expired"):
            raise InputError(
                f"Run {run.id} has no content to compare: it was {'never kept' if run.recording == 'none' else 'removed'}."
            )
    a, b = ([*session.exec(select(RunStep).where(RunStep.run_id == run.id).order_by(col(RunStep.ordinal)))] for run in runs)
    pairs = list(aligned(a, b))
    first = next((place for place, pair in enumerate(pairs) if pair.kind != "same"), None)
    return Comparison(runs[0], runs[1], pairs, _sentence(pairs[first]) if first is not None else "", first)


def aligned(a: Sequence[RunStep], b: Sequence[RunStep]) -> Iterator[Pair]:
    """The steps of both in order; steps of one kind, agent and place in a stretch are taken for the same step."""
    matched = SequenceMatcher(None, [_key(step) for step in a], [_key(step) for step in b], autojunk=False)
    for kind, from_a, to_a, from_b, to_b in matched.get_opcodes():
        if kind == "equal":
            yield from (_pair(one, other) for one, other in zip(a[from_a:to_a], b[from_b:to_b], strict=True))
        else:
            yield from (Pair(_label(step), "only_a", step.ordinal, None, []) for step in a[from_a:to_a])
            yield from (Pair(_label(step), "only_b", None, step.ordinal, []) for step in b[from_b:to_b])


def _key(step: RunStep) -> tuple[str, str, str]:
    return step.kind, step.role, "" if step.kind == "model" else step.name


def _pair(a: RunStep, b: RunStep) -> Pair:
    found = [Difference(path, side_by_side(_text(was), _text(is_now))) for path, was, is_now in list(_differing(a, b))[:_MOST]]
    return Pair(_label(a), "changed" if found else "same", a.ordinal, b.ordinal, found)


def _differing(a: RunStep, b: RunStep) -> Iterator[tuple[str, Any, Any]]:
    """What differs in two steps, but for the marker around untrusted text, which every run has its own of."""
    if a.kind == "model" and a.name != b.name:
        yield "model", a.name, b.name
    one, other = unmarked(a.request), unmarked(b.request)
    yield from (found for found in differences(one, other, "request") if found[0] != "request.model")
    yield from differences(_answer(a), _answer(b), "response")
    if a.error != b.error:
        yield "error", a.error or "", b.error or ""


def unmarked(request: dict[str, Any]) -> dict[str, Any]:
    """A request whose marker of untrusted text is put down as such, so that prompts of different runs can be held together."""
    messages: Any = request.get("messages")
    if not isinstance(messages, list):
        return request
    marker = next((m for one in messages for m in MARKER.findall(str(one.get("content") or ""))), "")
    if not marker:
        return request
    return {**request, "messages": [{**one, "content": _put(one.get("content"), marker)} for one in messages]}


def _put(content: Any, marker: str) -> Any:
    return content.replace(marker, "MARKER") if isinstance(content, str) else content


def _answer(step: RunStep) -> dict[str, Any]:
    """The answer without what every call has its own of, the text of a model as the value it is."""
    answer: dict[str, Any] = {name: value for name, value in step.response.items() if name != "usage"}
    if step.kind == "model":
        answer.pop("model", None)
        answer["text"] = trace_words.parsed(answer.get("text"))
    return answer


def _text(value: Any) -> str:
    return trace_words.plain(value)


def _label(step: RunStep) -> str:
    return trace_words.agent(step.role) if step.kind == "model" else trace_words.step(step.kind, step.name)


def _sentence(pair: Pair) -> str:
    if pair.kind == "changed":
        where = pair.differences[0].field
        return f"They first differ at step {(pair.a or 0) + 1}, “{pair.label}”, in {where}."
    only, step = ("first", pair.a) if pair.kind == "only_a" else ("second", pair.b)
    return f"They first differ at step {(step or 0) + 1}: only the {only} run has “{pair.label}”."
