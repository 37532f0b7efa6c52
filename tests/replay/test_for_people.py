"""Replay, files and results of runs as people of the desk get them: within what each may see."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import func, select

from tests.desks import person
from tests.replay.test_forking import admin
from tests.replay.test_replaying import QUESTION, steps_of, worked
from triage import trace_blame, tracing
from triage.errors import AccessError, InputError
from triage.models import Run, RunStep, SpanRecord
from triage.office import Desk
from triage.replay import files, for_people
from triage.replay.changes import Changes
from triage.replay.forking import fork

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@SQLITE
async def test_people_replay_and_take_along_what_they_may_see(desk: Desk, tmp_path: Path) -> None:
    run_id = await worked(desk, QUESTION)
    ada = admin(desk)
    with desk.database.transaction() as session:
        staff = person(session)
    with pytest.raises(AccessError, match="your own tickets"), desk.database.read() as session:
        for_people.result(session, staff, run_id)
    with pytest.raises(AccessError), desk.database.read() as session:
        for_people.exported(session, staff, run_id)
    with desk.database.read() as session:
        content = for_people.exported(session, ada, run_id)
        assert "Kalkweg" in for_people.result(session, ada, run_id).reply
    (tmp_path / "run.jsonl").write_bytes(content)
    assert len(files.read(tmp_path / "run.jsonl").steps) == len(steps_of(desk, run_id))


@SQLITE
async def test_a_fork_says_what_it_comes_from_and_what_it_tried(desk: Desk) -> None:
    run_id, ada = await worked(desk, QUESTION), admin(desk)
    steps = steps_of(desk, run_id)
    writer = next(step for step in steps if step.role == "writer")
    changed = for_people.answer_of(writer).replace("Kalkweg", "vinegar")
    tried = Changes(result=for_people.answer_from(changed))
    fork_id = await fork(desk, ada, run_id, writer.ordinal + 1, tried)
    with desk.database.read() as session:
        told = for_people.result(session, ada, fork_id)
        assert for_people.why_not(session, session.get_one(Run, run_id)) == ""
        assert "is a fork" in for_people.why_not(session, session.get_one(Run, fork_id))
    assert (told.parent_id, told.taken_over, told.tried) == (
        run_id,
        writer.ordinal + 1,
        "another answer of the last step taken over",
    )
    assert "descale-your-kettle" in for_people.articles_of(steps)
    with pytest.raises(InputError, match="no JSON"):
        for_people.answer_from("{")


def _step(ordinal: int, kind: str, role: str = "", text: str = "", error: str | None = None, **response: object) -> RunStep:
    return RunStep(
        run_id="r", ordinal=ordinal, kind=kind, role=role, name="m", response={"text": text} if text else response, error=error
    )


PLAN = _step(0, "model", "manager", '{"searches": [], "action": "answer"}')
HANDED = _step(0, "model", "manager", '{"searches": [], "action": "escalate"}')
FAILED = _step(1, "tool", "analyst", error="ToolError: no")
OPEN = _step(2, "model", "analyst", '{"facts": [], "unanswered": ["why"]}')
DRAFT = _step(3, "model", "writer", '{"paragraphs": []}')
REVISE = _step(4, "model", "reviewer", '{"verdict": "revise"}')
BLOCK = _step(5, "guard", verdicts=[{"verdict": "block"}])


@pytest.mark.parametrize(
    ("outcome", "steps", "at", "why"),
    [
        ("escalated", [HANDED], 0, "the plan left it to people"),
        ("escalated", [PLAN, FAILED, OPEN, DRAFT], 1, "this step failed"),
        ("escalated", [PLAN, OPEN, DRAFT], 2, "there was no source for a question"),
        ("escalated", [PLAN, OPEN, DRAFT, REVISE], 4, "the review was not content"),
        ("escalated", [PLAN, FAILED, DRAFT, REVISE, BLOCK], 5, "a guard stopped it here"),
        ("awaiting_approval", [PLAN, FAILED, DRAFT], 3, "the draft was written here"),
        ("awaiting_approval", [PLAN], 0, "the last step"),
    ],
)
def test_the_step_to_look_at(outcome: str, steps: list[RunStep], at: int, why: str) -> None:
    assert trace_blame.deciding(Run(ticket_id=1, outcome=outcome), steps) == trace_blame.Blame(at, why)
    assert trace_blame.deciding(Run(ticket_id=1, outcome=outcome), []) is None


@SQLITE
async def test_the_run_behind_a_ticket_is_the_one_that_ended_badly(desk: Desk) -> None:
    run_id = await worked(desk, QUESTION)
    with desk.database.transaction() as session:
        run = session.get_one(Run, run_id)
        session.add(Run(id="bad", ticket_id=run.ticket_id, outcome="escalated", started_at=run.started_at.replace(year=2020)))
        session.add(Run(id="fork", ticket_id=run.ticket_id, outcome="failed", forked_at=1, parent_id=run_id))
        assert trace_blame.runs_behind(session, [run.ticket_id]) == {run.ticket_id: "bad"}
        session.get_one(Run, "bad").outcome = "needs_info"
        assert trace_blame.runs_behind(session, [run.ticket_id]) == {run.ticket_id: run_id}


@SQLITE
async def test_replay_and_fork_leave_no_trace_in_the_run_they_come_from(desk: Desk) -> None:
    tracing.configure(desk.database, desk.settings)
    try:
        run_id, ada = await worked(desk, QUESTION), admin(desk)
        before = _spans(desk, run_id)
        await asyncio.to_thread(for_people.check, desk, ada, run_id)
        fork_id = await fork(desk, ada, run_id, 0, Changes(prompts={"writer": "Write short."}))
        assert _spans(desk, run_id) == before > 0
        assert _spans(desk, fork_id) >= before
    finally:
        tracing.shutdown()


def _spans(desk: Desk, run_id: str) -> int:
    tracing.flush()
    with desk.database.read() as session:
        return session.exec(select(func.count()).where(SpanRecord.run_id == run_id)).one()
