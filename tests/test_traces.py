"""Reading recorded runs: who sees which, how the list narrows, how a run becomes a tree and a story."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from triage import genai, traces
from triage.database import Database
from triage.errors import AccessError, InputError
from triage.models import Role, Run, RunStep, SpanRecord, Status, Ticket, User
from triage.trace_tree import tree
from triage.traces import RunFilter

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as opened:
        opened.add_all([
            User(id=1, email="nadia@x.example", name="Nadia", role=Role.STAFF),
            User(id=2, email="marco@x.example", name="Marco", role=Role.MANAGER),
            Ticket(id=1, subject="Pause my plan", assignee_id=1),
            Ticket(id=2, subject="Where is my parcel", status=Status.ESCALATED, reason="missing_knowledge"),
        ])  # fmt: skip
        opened.flush()
        opened.add_all([
            _run("a", 1, outcome="awaiting_approval", seconds=4, cost=0.02, model="gpt-5"),
            _run("b", 2, outcome="escalated", seconds=40, model="offline", degraded=["gpt-5 did not answer (429); offline engine used"]),
        ])  # fmt: skip
        opened.flush()
        yield opened


def _run(
    name: str, ticket: int, *, outcome: str, seconds: float, cost: float = 0.0, model: str = "", degraded: list[str] | None = None
) -> Run:
    return Run(
        id=name, ticket_id=ticket, status="ended", outcome=outcome, cost_usd=cost, model=model, degraded=degraded or [], started_at=START,
        ended_at=START + timedelta(seconds=seconds), model_calls=4, input_tokens=900, output_tokens=100,
    )  # fmt: skip


def _step(ordinal: int, kind: str, role: str, name: str, at: float, seconds: float, answer: Any = None, **more: Any) -> RunStep:
    response = {"text": json.dumps(answer)} if kind == "model" else answer or {}
    return RunStep(
        run_id="a", ordinal=ordinal, kind=kind, role=role, name=name, response=response, seconds=seconds,
        created_at=START + timedelta(seconds=at + seconds), **more,
    )  # fmt: skip


def _span(name: str, id_: str, parent: str | None, start: float, end: float, step: int | None = None) -> SpanRecord:
    base = int(START.timestamp()) * 1_000_000_000
    attributes: dict[str, object] = {genai.RUN: "a"} | ({genai.STEP: step} if step is not None else {})
    return SpanRecord(
        span_id=id_, trace_id="t", parent_id=parent, run_id="a", name=name, start_ns=base + int(start * 1e9), end_ns=base + int(end * 1e9),
        attributes=attributes,
    )  # fmt: skip


def user(session: Session, number: int) -> User:
    return session.get_one(User, number)


def test_staff_see_the_runs_of_their_own_tickets_only(session: Session) -> None:
    assert [row.id for row in traces.listing(session, user(session, 1), RunFilter()).rows] == ["a"]
    assert traces.listing(session, user(session, 2), RunFilter()).total == 2
    with pytest.raises(AccessError, match="your own tickets"):
        traces.load(session, user(session, 1), "b")
    assert traces.load(session, user(session, 1), "a").ticket.subject == "Pause my plan"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(outcome="escalated"), {"b"}),
        (RunFilter(model="gpt-5"), {"a"}),
        (RunFilter(cost_from=0.01), {"a"}),
        (RunFilter(seconds_from=30), {"b"}),
        (RunFilter(degraded=True), {"b"}),
        (RunFilter(ticket=2), {"b"}),
        (RunFilter(status="running"), set()),
        (RunFilter(since=START + timedelta(hours=1)), set()),
    ],
)
def test_each_filter_narrows_the_list(session: Session, wanted: RunFilter, found: set[str]) -> None:
    page = traces.listing(session, user(session, 2), wanted)
    assert {row.id for row in page.rows} == found and page.total == len(found)


def test_an_unknown_run_and_an_unknown_step_say_so(session: Session) -> None:
    with pytest.raises(InputError, match="no run"):
        traces.load(session, user(session, 2), "nope")
    with pytest.raises(InputError, match="no step 9"):
        traces.load_step(session, user(session, 2), "a", 9)


def test_steps_hang_under_the_agent_that_made_them() -> None:
    run = _run("a", 1, outcome="awaiting_approval", seconds=4)
    steps = [_step(0, "guard", "", "input", 0.1, 0.1), _step(1, "model", "manager", "gpt-5", 0.5, 1.0, input_tokens=300)]
    spans = [
        _span("invoke_workflow triage", "w", None, 0.05, 4),
        _span("triage.guard input", "g", "w", 0.1, 0.2, 0),
        _span("invoke_agent manager", "m", "w", 0.4, 1.6),
        _span("chat gpt-5", "c", "m", 0.5, 1.5, 1),
    ]
    bars = tree(run, steps, spans)
    assert [(bar.label, bar.depth) for bar in bars] == [
        ("New message", 0), ("Waits for a worker", 1), ("Guards check the input", 1), ("Manager plans", 1), ("gpt-5 answers", 2),
    ]  # fmt: skip
    assert bars[-1].ordinal == 1 and bars[-1].tokens == 300 and bars[-1].start == pytest.approx(0.5)


def test_without_spans_each_stretch_of_a_role_is_a_group() -> None:
    run = _run("a", 1, outcome="", seconds=4)
    steps = [
        _step(0, "guard", "", "input", 0, 0.1),
        _step(1, "model", "writer", "m", 1, 1),
        _step(2, "model", "reviewer", "m", 2, 1),
        _step(3, "model", "writer", "m", 3, 1),
    ]
    bars = tree(run, steps, [])
    assert [bar.label for bar in bars if bar.what == "agent"] == ["Writer drafts", "Reviewer checks", "Writer drafts"]
    assert {bar.ordinal for bar in bars if bar.ordinal is not None} == {0, 1, 2, 3}


def test_steps_before_a_restart_are_marked_as_read_back(session: Session) -> None:
    session.add_all([
        _step(0, "model", "manager", "gpt-5", 0, 0.5), _step(1, "model", "writer", "gpt-5", 3, 0.5),
        _span("invoke_workflow triage", "w", None, 2.9, 4), _span("chat gpt-5", "c", "w", 3, 3.5, 1),
    ])  # fmt: skip
    session.flush()
    trace = traces.load(session, user(session, 2), "a")
    assert trace.restarts == 1
    assert {bar.ordinal: bar.read_back for bar in trace.bars if bar.ordinal is not None} == {0: True, 1: False}


def test_the_story_says_what_happened_and_why(session: Session) -> None:
    plan = {
        "action": "answer",
        "summary": "Wants to pause.",
        "questions": ["How?"],
        "searches": ["pause"],
        "requested_actions": [],
    }
    reply = {"paragraphs": [{"style": "text", "sentences": [{"text": "Go to Plan.", "kind": "step", "passages": ["p#1"]}]}]}
    session.add_all([
        _step(0, "guard", "", "input", 0, 0.1, {"verdicts": [{"verdict": "allow", "rule": "size"}]}),
        _step(1, "model", "manager", "gpt-5", 1, 1, plan),
        _step(2, "model", "analyst", "gpt-5", 2, 1, {"facts": [{}, {}], "unanswered": []}),
        _step(3, "model", "writer", "gpt-5", 3, 1, reply),
        _step(4, "model", "reviewer", "gpt-5", 3, 1, {"verdict": "revise", "notes": [{"topic": "tone", "text": "Greet first."}]}),
        _step(5, "guard", "", "output", 3, 1, {"verdicts": [{"verdict": "block", "rule": "promises", "why": "It promises a date."}]}),
    ])  # fmt: skip
    session.flush()
    assert traces.load(session, user(session, 2), "a").story == [
        "A new message came in.",
        "The manager understood “Wants to pause” and planned to answer 1 question.",
        "The analyst found 2 facts.",
        "The writer drafted 1 sentence, 1 of them with a source.",
        "The reviewer asked for a revision: Greet first.",
        "Guards stopped it: It promises a date.",
        "A draft was laid before people.",
    ]
    told = traces.load(session, user(session, 2), "b").story
    assert "gpt-5 did not answer (429); offline engine used." in told
    assert told[-1] == "It was escalated to people, because the knowledge base does not answer it."


def test_an_answer_that_is_no_json_breaks_nothing(session: Session) -> None:
    session.add(
        RunStep(
            run_id="a",
            ordinal=0,
            kind="model",
            role="writer",
            name="gpt-5",
            response={"text": "{not json"},
            error="BadAnswer: no",
        )
    )
    session.flush()
    trace = traces.load(session, user(session, 2), "a")
    assert trace.bars[-1].error == "BadAnswer: no"
