"""One trace from a message to its delivery, over the queue, whichever thread or process does the work."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import select

from tests.desks import person
from tests.test_flow import come_in, seen
from triage import approval, genai, traces, tracing
from triage.models import DecisionKind, Role, Run, SpanRecord, Status, User
from triage.office import Desk
from triage.settings import Settings


@pytest.fixture
def working(desk: Desk) -> Iterator[Desk]:
    """The desk with its worker at work and no time to take a reply back."""
    desk.settings.undo_seconds = 0
    desk.work()
    yield desk


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_intake_run_decision_and_delivery_are_one_trace(working: Desk) -> None:
    ticket_id, run_id = come_in(working, "How do I descale my kettle with Kalkweg?")
    until(lambda: seen(working.database, ticket_id)[0].status == Status.AWAITING_APPROVAL)
    with working.database.transaction() as session:
        user, draft = person(session, Role.ADMIN), seen(working.database, ticket_id)[1]
        assert draft is not None
        approval.decide(
            session, working.enqueue, working.settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal
        )
    until(lambda: seen(working.database, ticket_id)[0].status == Status.DELIVERED)
    until(lambda: "deliver" in {span.name for span in _spans(working)})
    spans = {span.name: span for span in _spans(working)}
    mine = [spans[name] for name in ("intake", "invoke_workflow triage", "decision approve", "deliver")]
    assert len({span.trace_id for span in mine}) == 1
    assert (
        spans["decision approve"].parent_id == spans["intake"].span_id
        and spans["deliver"].parent_id == spans["decision approve"].span_id
    )
    events: Any = spans["decision approve"].attributes["events"]
    assert events == [
        {"name": genai.DECIDED, genai.DECIDED: "approve", f"{genai.DECIDED}.edited": False, f"{genai.DECIDED}.sensitive": False}
    ]
    chat, guard = spans["chat offline"].attributes, spans["triage.guard input"].attributes
    assert (chat[genai.PROVIDER], chat[genai.RESPONSE_MODEL], chat[genai.FINISH_REASONS]) == ("offline", "offline", ["stop"])
    assert guard[genai.VERDICT] == "allow" and spans["invoke_agent writer"].attributes[genai.AGENT] == "writer"
    with working.database.read() as session:  # what happened around the run does not stretch its waterfall
        trace = traces.load(session, session.exec(select(User)).one(), run_id)
        assert session.get_one(Run, run_id).traceparent.split("-")[1] == spans["intake"].trace_id
    assert not {"intake", "decision approve", "deliver"} & {bar.label for bar in trace.bars}


def _spans(desk: Desk) -> list[SpanRecord]:
    tracing.flush()
    with desk.database.read() as session:
        return list(session.exec(select(SpanRecord)))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_share_of_traces_is_kept_whole(desk: Desk, settings: Settings) -> None:
    tracing.configure(desk.database, settings.model_copy(update={"trace_sample": 0.0}))
    with tracing.span("intake", {}):
        assert not int(tracing.current()[-2:], 16) & 1
        with tracing.continued(tracing.current()), tracing.span("deliver", {}):
            pass
    tracing.configure(desk.database, settings)
    assert _spans(desk) == []
    with tracing.continued("no traceparent"), tracing.span("alone", {}):
        assert int(tracing.current()[-2:], 16) & 1
