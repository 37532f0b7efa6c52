"""A recorded step opened: what went in and what came out, exactly, as text and tables rather than markup."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import words
from pages.parts.download import download
from pages.parts.markup import chip, join, lit, mute, rows, show, tag
from triage import trace_words
from triage.models import RunStep

_SPEAKERS = {"system": "Objective", "user": "Brief", "assistant": "Model", "tool": "Tool's answer"}
_LONG = 160
_DEEPEST = 4


def step_view(step: RunStep, find: str = "", marks: Sequence[str] = ()) -> None:
    """The step's heading, its input and its output side by side; `find` is marked in both, `marks` are said in the heading."""
    title = trace_words.step(step.kind, step.name)
    figures = [f"{step.seconds * 1000:,.0f} ms" if step.seconds < 1 else f"{step.seconds:.1f} s"]
    if step.input_tokens or step.output_tokens:
        figures.append(f"{step.input_tokens:,} tokens in, {step.output_tokens:,} out")
    if step.cost_usd:
        figures.append(f"${step.cost_usd:.4f}")
    with st.container(key="step_head", horizontal=True, vertical_alignment="center", wrap=False):
        where = f"Step {step.ordinal + 1} · {trace_words.agent(step.role)} · " if step.role else f"Step {step.ordinal + 1} · "
        said = [chip(mark) for mark in marks]
        show(tag("div", tag("b", title), " ", mute(where + " · ".join(figures)), " ", *said, cls="td-steptitle"))
        record = {"request": step.request, "response": step.response, "error": step.error}
        download(
            "Exact record", partial(json.dumps, record, ensure_ascii=False, indent=2, default=str), f"step-{step.ordinal}.json",
            "application/json", key=f"record_{step.run_id}_{step.ordinal}",
            help="The step's request and response, byte for byte, as a JSON file",
        )  # fmt: skip
    if step.error:
        show(tag("div", tag("b", "This step failed. "), step.error, cls="td-strip b"))
    left, right = st.columns(2, gap="medium")
    with left:
        show(tag("div", "What went in", cls="td-h3"), _found(_input(step, find), find))
    with right:
        show(tag("div", "What came out", cls="td-h3"), _found(_output(step, find), find))


def _found(html: Markup, find: str) -> Markup:
    return lit(html, find) if find else html


def readable(value: Any, depth: int = 0) -> Markup:
    """Any JSON value for people: lists as lists or tables, records as name and value, text escaped."""
    if value is None or value == "" or value == [] or value == {}:
        return mute("none")
    if isinstance(value, bool):
        return Markup("yes" if value else "no")
    if isinstance(value, float):
        return Markup(f"{value:,.3f}".rstrip("0").rstrip("."))
    if isinstance(value, str):
        return tag("div", value, cls="td-code") if len(value) > _LONG or "\n" in value else join(value)
    if depth >= _DEEPEST:
        return tag("div", json.dumps(value, ensure_ascii=False, default=str), cls="td-code")
    if isinstance(value, Mapping):
        return rows([(words.label(str(name)), readable(item, depth + 1)) for name, item in value.items()])
    if isinstance(value, list):
        return _list(value, depth)
    return join(str(value))


def _list(values: list[Any], depth: int) -> Markup:
    if all(isinstance(value, str) and len(value) <= _LONG for value in values):
        return tag("ul", *[tag("li", value) for value in values], cls="td-list plain")
    return join(*[tag("div", readable(value, depth + 1), cls="td-item") for value in values])


def _input(step: RunStep, find: str) -> Markup:
    if step.kind == "model":
        tools = step.request.get("tools")
        offered = [chip(str(tool)) for tool in tools] if isinstance(tools, list) else []
        head = tag("div", mute(f"Asked for: {step.request.get('output', 'an answer')}. "), *offered)
        return join(head, *[_message(message, find) for message in _dicts(step.request.get("messages"))])
    if step.kind == "tool":
        return readable(trace_words.parsed(step.request.get("arguments")))
    return readable(step.request)


def _message(message: Mapping[str, Any], find: str) -> Markup:
    who = _SPEAKERS.get(str(message.get("role")), str(message.get("role")))
    calls = [_call(call) for call in _dicts(message.get("tool_calls"))]
    content = message.get("content")
    text = (
        tag("div", content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), cls="td-code")
        if content
        else None
    )
    closed = message.get("role") == "system" and not _says(content, find)
    return tag("details", tag("summary", who), text, *calls, cls="td-fold td-message", open=not closed)


def _call(call: Mapping[str, Any]) -> Markup:
    function = call.get("function", call)
    name, arguments = str(function.get("name", "")), trace_words.parsed(function.get("arguments"))
    return tag("div", tag("b", trace_words.step("tool", name)), readable(arguments), cls="td-item")


def _output(step: RunStep, find: str) -> Markup:
    response = step.response
    if not response:
        return mute("Nothing came back.")
    if step.kind == "model":
        answer = trace_words.parsed(response.get("text"))
        calls = [_call(call) for call in _dicts(response.get("tool_calls"))]
        reason = str(response.get("finish_reason") or "stop")
        stopped = mute(f"Stopped early: {reason.replace('_', ' ')}.") if reason not in ("stop", "tool_calls") else None
        return join(readable(answer) if answer else None, *calls, stopped)
    if step.kind == "tool":
        return readable(response.get("result", response))
    if step.kind == "guard":
        return join(_signals(response), *[_verdict(verdict) for verdict in trace_words.verdicts(response)])
    if step.kind == "retrieval" and isinstance(response.get("passages"), list):
        return join(*[_passage(passage, find) for passage in _dicts(response["passages"])]) or mute("Nothing was found.")
    return readable(response)


def _signals(response: Mapping[str, Any]) -> Markup | None:
    signals = response.get("signals")
    if not isinstance(signals, list) or not signals:
        return None
    return tag("div", mute("Always goes to people: "), *[chip(words.label(str(signal)), "b") for signal in signals])


def _verdict(verdict: Mapping[str, Any]) -> Markup:
    said = str(verdict.get("verdict", ""))
    tone = {"allow": "o", "flag": "w", "block": "b"}.get(said, "")
    findings = [str(finding.get("why", "")) for finding in _dicts(verdict.get("findings"))]
    why = str(verdict.get("why") or "")
    lines = [line for line in dict.fromkeys([why, *findings]) if line]
    listed = tag("ul", *[tag("li", line) for line in lines], cls="td-list plain") if lines else None
    return tag("div", chip(said, tone), words.label(str(verdict.get("rule", ""))), listed, cls="td-item")


def _passage(passage: Mapping[str, Any], find: str) -> Markup:
    heading = " › ".join(str(part) for part in (passage.get("title"), passage.get("heading")) if part)
    score = f"{float(passage['score']):.2f}" if isinstance(passage.get("score"), int | float) else ""
    facts = " · ".join(str(part) for part in (passage.get("id"), score, passage.get("why")) if part)
    return tag(
        "details",
        tag("summary", heading, " ", mute(facts)),
        tag("div", str(passage.get("text", "")), cls="td-code"),
        cls="td-fold td-item",
        open=_says(passage.get("text"), find),
    )


def _says(content: object, find: str) -> bool:
    return bool(find) and " ".join(find.split()).lower() in " ".join(str(content).split()).lower()


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
