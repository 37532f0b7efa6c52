"""Reading recorded runs: who sees which, how the list narrows, how a run becomes a tree and a story."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from triage import genai, trace_words, traces
from triage.database import Database
from triage.errors import AccessError, InputError
from triage.models import (
    CommonPremise,
    ConnectedTool,
    Connection,
    Customer,
    Draft,
    Episode,
    Proposal,
    Role,
    Run,
    RunPremise,
    RunStep,
    SpanRecord,
    Status,
    Ticket,
    User,
)
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


def test_filters_reach_into_steps_prompts_customers_and_forks(session: Session) -> None:
    session.add_all([
        _step(0, "retrieval", "analyst", "knowledge", 0, 0.1, {"passages": [{"text": 'Use "Kalkweg" and 100% water'}]}),
        _step(1, "model", "writer", "gpt-5-mini", 1, 1, {"paragraphs": []}, error="ModelDown: no answer in 60 s"),
        _step(2, "tool", "analyst", "order_status", 2, 0.1, {"result": {"status": "lost"}}),
        CommonPremise(digest="p", content={"prompts": {"writer": 2}}),
        Customer(id=5, external_id="C-5", name="Priya Raman", email="priya@x.example"),
        Run(id="f", ticket_id=2, parent_id="b", forked_at=1, status="ended", started_at=START),
    ])  # fmt: skip
    session.flush()
    session.add(RunPremise(run_id="a", common="p"))
    ticket = session.get_one(Ticket, 1)
    ticket.customer_id, ticket.requester_email = 5, "priya@x.example"
    session.flush()
    for wanted, ids in (
        (RunFilter(agent="writer"), {"a"}),
        (RunFilter(agent="reviewer"), set()),
        (RunFilter(tool="order_status"), {"a"}),
        (RunFilter(tool="knowledge"), {"a"}),
        (RunFilter(model="gpt-5-mini"), {"a"}),
        (RunFilter(prompt="writer:2"), {"a"}),
        (RunFilter(prompt="writer:1"), set()),
        (RunFilter(error="any"), {"a"}),
        (RunFilter(error="NO ANSWER"), {"a"}),
        (RunFilter(customer="C-5"), {"a"}),
        (RunFilter(customer="priya@"), {"a"}),
        (RunFilter(customer="5"), {"a"}),
        (RunFilter(words='"kalkweg" and 100%'), {"a"}),
        (RunFilter(words="100_"), set()),
        (RunFilter(words="no answer in 60"), {"a"}),
        (RunFilter(forks="only"), {"f"}),
        (RunFilter(forks="none"), {"a", "b"}),
    ):
        assert {row.id for row in traces.listing(session, user(session, 2), wanted).rows} == ids, wanted
    with pytest.raises(InputError, match="ROLE:VERSION"):
        traces.listing(session, user(session, 2), RunFilter(prompt="writer"))
    offered = traces.choices(session, user(session, 2))
    assert offered["prompt"] == ["writer:2"] and offered["tool"] == ["knowledge", "order_status"]
    hits = traces.find(session, user(session, 2), "a", "kalkweg")
    assert [(hit.ordinal, hit.where, hit.found) for hit in hits] == [(0, "response", "Kalkweg")]
    assert traces.find(session, user(session, 2), "a", " ") == []
    assert traces.permalink("a", 2) == "/traces?run=a&step=2"


def test_what_made_a_run_dear_and_escalate_is_said_from_figures(session: Session) -> None:
    session.get_one(Ticket, 2).category = "returns"
    for number in range(6):
        session.add(Ticket(id=100 + number, subject="Return", category="returns"))
        session.flush()
        session.add(_run(f"u{number}", 100 + number, outcome="awaiting_approval", seconds=4, cost=0.010))
        session.flush()
        session.add_all(_call(f"u{number}", 0, "manager", 0.004) + _call(f"u{number}", 1, "writer", 0.006))
    run = session.get_one(Run, "b")
    run.cost_usd = 0.031
    session.add_all([
        *_call("b", 0, "manager", 0.004), *_call("b", 1, "writer", 0.009), *_call("b", 2, "writer", 0.009), *_call("b", 3, "writer", 0.009),
        Draft(ticket_id=2, episode_id=_episode(session), run_id="b", approver_reasons=["a sentence has no source.", "the agents are not sure enough"]),
    ])  # fmt: skip
    session.flush()
    trace = traces.load(session, user(session, 2), "b")
    assert trace.why == [
        "It was escalated because a sentence has no source and the agents are not sure enough.",
        "It cost 3.1 times the usual for returns: $0.0310 instead of $0.0100 (median of 6 runs).",
        "Most of it: the writer was asked 3 times instead of 1 (+$0.0210).",
        "It took 40.0 s instead of 4.0 s; the longest was the manager’s model step 1 with 1.0 s.",
    ]
    assert traces.load(session, user(session, 2), "u1").why == []
    run.cost_usd = 0.091
    session.add_all([Connection(id=1, name="O", base_url="https://o.example", created_by=1)])
    session.flush()
    session.add(ConnectedTool(id=1, connection_id=1, name="move", method="POST", path="/", effect="propose", created_by=1))
    session.flush()
    session.add_all([
        *(RunStep(run_id="b", ordinal=4 + n, kind="tool", role="analyst", name="order_state", cost_usd=0.02) for n in range(2)),
        RunStep(run_id="b", ordinal=6, kind="tool", role="analyst", name="past_tickets"),
        RunStep(run_id="u2", ordinal=2, kind="tool", role="analyst", name="order_state", cost_usd=0.001),
        Proposal(ticket_id=2, run_id="b", tool_id=1, tool="move", digest="", status="done", cost_usd=0.02),
    ])  # fmt: skip
    session.flush()
    assert traces.load(session, user(session, 2), "b").why[2] == (
        "Most of it: the tool order state was asked, which is not usual (+$0.0400); the writer was asked 3 times instead of 1 (+$0.0210); "
        "the tool move was asked, which is not usual (+$0.0200)."
    )
    assert traces.load(session, user(session, 2), "b").why[-1] == "Calls that people approved are $0.0200 of its cost: move."


def _call(run: str, ordinal: int, role: str, cost: float) -> list[RunStep]:
    return [
        RunStep(run_id=run, ordinal=ordinal, kind="model", role=role, name="gpt-5", cost_usd=cost, seconds=1.0, input_tokens=100)
    ]


def _episode(session: Session) -> int:
    episode = Episode(ticket_id=2)
    session.add(episode)
    session.flush()
    return episode.id or 0


def test_values_and_their_places_are_said_in_words() -> None:
    value = {"verdict": "revise", "notes": [{"topic": "policy", "text": "Ask."}], "more_to_do": [], "confidence": 0.5}
    assert trace_words.plain(value) == (
        "verdict: revise\nnotes:\n  - topic: policy\n    text: Ask.\nmore to do: none\nconfidence: 0.5"
    )
    assert trace_words.field("request.messages[1].content") == "What went in › message 2 › content"
    assert trace_words.field("response.text.verdict") == "What came out › verdict"
    assert trace_words.field("error") == "The error"
