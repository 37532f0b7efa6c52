"""Why the desk did what it did: the plan, the guards' verdicts, the reviewer's notes, the run step by step."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, state, words
from pages.parts.markup import card, chip, join, mute, rows, show, tag
from pages.parts.step_view import step_view
from pages.parts.waterfall import waterfall
from pages.parts.xray import card_of
from triage import traces
from triage.errors import AccessError, InputError
from triage.models import GuardVerdict, Run, RunStep, User
from triage.tickets.ticket_view import TicketView
from triage.trace_tree import Bar
from triage.xray import XRay

_TONES = {"allow": "o", "flag": "w", "block": "b"}


def why(view: TicketView, user: User, seen: XRay) -> None:
    """The Why tab; what was found suspicious comes first."""
    card_of(seen)
    plan = view.draft.plan if view.draft else {}
    if view.ticket.reason and view.ticket.status in ("escalated", "quarantined", "failed", "needs_info", "rejected"):
        show(card(mute(words.reason(view.ticket.reason)), title=words.STATUS[view.ticket.status].capitalize(), tone="warn"))
    if plan:
        show(_plan(plan))
    if view.verdicts:
        show(card(*[_verdict(verdict) for verdict in view.verdicts], title="Guards"))
    if view.draft and view.draft.review:
        show(_review(view.draft.review))
    if view.run:
        _trace(user, view.run, view.steps)
    if not (plan or view.verdicts or view.run):
        show(card(mute("The agents have not worked on this ticket yet."), title="Nothing yet", tone="quiet"))


def _plan(plan: dict[str, Any]) -> Markup:
    asked = [
        " ".join(str(part) for part in (words.label(str(item.get("action", ""))), item.get("amount"), item.get("target")) if part)
        for item in plan.get("requested_actions") or []
    ]
    confidence = float(plan.get("confidence") or 0)
    sure = "sure" if confidence >= 0.75 else "fairly sure" if confidence >= 0.5 else "unsure"
    return card(
        tag("div", str(plan.get("summary", ""))),
        tag("ol", *[tag("li", str(question)) for question in plan.get("questions") or []], cls="td-list"),
        rows(
            [
                (
                    "Step",
                    {"answer": "answer", "clarify": "ask the customer", "escalate": "hand to a person"}.get(
                        str(plan.get("action")), ""
                    ),
                ),
                ("Risk", str(plan.get("risk", ""))),
                ("The manager is", sure),
                ("Asked to do", ", ".join(asked)),
                ("Missing", ", ".join(map(str, plan.get("missing") or []))),
                ("Because", words.reason(plan.get("escalation_reason"))),
            ]
        ),
        title="Plan",
    )


def _verdict(verdict: GuardVerdict) -> Markup:
    said = "; ".join(str(finding.get("why") or finding.get("kind") or "") for finding in verdict.findings[:4])
    where = {"input": "incoming", "action": "action", "output": "reply"}.get(verdict.stage, verdict.stage)
    name = verdict.rule.replace("_", " ").replace("-", " ")
    return tag(
        "div",
        chip(
            {"allow": "passed", "flag": "flagged", "block": "blocked"}.get(verdict.verdict, verdict.verdict),
            _TONES.get(verdict.verdict, ""),
        ),
        f"{name} ",
        mute(where),
        tag("div", mute(said)) if said else None,
        cls="td-event",
    )


def _review(review: dict[str, Any]) -> Markup:
    notes = [tag("li", f"{note.get('topic', '')}: {note.get('text', '')}") for note in review.get("notes") or []]
    open_ = [tag("li", f"left open: {question}") for question in review.get("unanswered") or []]
    verdict = chip("approved", "o") if review.get("verdict") == "approve" else chip("not content", "w")
    return card(tag("ol", *notes, *open_, cls="td-list") if notes or open_ else mute("No notes."), title=join("Review ", verdict))


def _trace(user: User, run: Run, steps: list[RunStep]) -> None:
    """The run as a short story over its waterfall; who may not open runs reads its steps as a list."""
    try:
        trace = office.read(lambda session: traces.load(session, user, run.id))
    except (AccessError, InputError):
        show(_run(run, *[_step(step) for step in steps]))
        return
    with st.container(key="trace"):
        ways = [screen.run_link(run.id, "Open in Traces")]
        ways += [mute(" · "), screen.run_link(run.id, "Step to look at", screen.BLAME)] if trace.blame else []
        show(_run(run, tag("p", " ".join([*trace.story, *trace.why]), cls="td-mute"), *ways))
        _timeline(user, run.id, trace.bars)


@st.fragment
def _timeline(user: User, run_id: str, bars: Sequence[Bar]) -> None:
    """A chosen bar opens its step; once that is closed, the bars are drawn anew with none chosen."""
    chosen = waterfall(bars, key=f"timeline_{run_id}_{state.get('timeline', 0)}")
    if chosen is not None:
        _opened(user, run_id, chosen)


def _opened(user: User, run_id: str, ordinal: int) -> None:
    def draw() -> None:
        try:
            step_view(office.read(lambda session: traces.load_step(session, user, run_id, ordinal)))
        except (AccessError, InputError) as error:
            show(mute(str(error)))

    st.dialog("Step", width="large", on_dismiss=_closed)(draw)()


def _closed() -> None:
    state.put("timeline", state.get("timeline", 0) + 1)


def _run(run: Run, *below: Markup) -> Markup:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    tokens = run.input_tokens + run.output_tokens
    said = [
        words.plural(run.model_calls, "model call"),
        f"{tokens:,} tokens",
        f"${run.cost_usd:.4f}" if run.cost_usd else "no cost",
    ]
    if seconds is not None:
        said.append(f"{seconds:.1f} s")
    return card(
        mute(" · ".join(said)),
        *[tag("div", sentence, cls="td-strip") for sentence in run.degraded],
        tag("div", *below, style="margin-top:6px"),
        title=join("Trace ", chip(run.status, "b" if run.status == "failed" else "")),
    )


def _step(step: RunStep) -> Markup:
    kind = {"model": "asked", "tool": "tool", "retrieval": "searched", "guard": "guard"}.get(step.kind, step.kind)
    used = step.input_tokens + step.output_tokens
    figures = (f"{used:,} tok · " if used else "") + (
        f"{step.seconds:.1f} s" if step.seconds >= 0.1 else f"{step.seconds * 1000:.0f} ms"
    )
    failed = chip("failed", "b", step.error) if step.error else None
    return tag(
        "div",
        tag("span", tag("b", (step.role or kind).capitalize()), f" {kind} {step.name} ", failed),
        tag("span", figures),
        cls="td-step",
    )
