"""What recorded runs keep: three levels, and for how many days."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from tests.desks import person
from tests.replay.test_replaying import QUESTION, replayed, steps_of, worked
from triage import keeping, traces, tracing, workspace
from triage.chores import LONG
from triage.clock import CRON
from triage.errors import InputError
from triage.models import CommonPremise, Role, Run, RunPremise, SpanRecord, User, now
from triage.office import Desk
from triage.settings import load_settings


def turn(desk: Desk, key: str, value: object) -> User:
    with desk.database.transaction() as session:
        user = session.exec(select(User)).first() or person(session, Role.ADMIN)
        workspace.put(session, key, value, user_id=user.id or 0)
        return user


@pytest.mark.parametrize("kept", ["redacted", "none"])
async def test_below_full_a_run_keeps_its_figures_and_says_that_it_cannot_be_replayed(desk: Desk, kept: str) -> None:
    user = turn(desk, "recording", kept)
    run_id = await worked(desk, f"{QUESTION} Call me on +31 6 12345678, priya@customer.example.")
    steps = steps_of(desk, run_id)
    said = str([(step.request, step.response) for step in steps])
    assert "12345678" not in said and "priya@" not in said and ("Kalkweg" in said) == (kept == "redacted")
    assert len(steps) > 4 and all(step.request_hash and step.seconds >= 0 for step in steps)
    with pytest.raises(InputError, match="cannot be replayed"):
        await replayed(desk, run_id)
    with desk.database.read() as session:
        trace = traces.load(session, user, run_id)
        assert trace.run.model_calls == 4 and "cannot be replayed" in trace.story[-1]


def test_the_stricter_of_setting_and_switch_counts() -> None:
    for setting, switch, counts in (
        ("full", "none", "none"),
        ("none", "full", "none"),
        ("redacted", "full", "redacted"),
        ("full", 3, "full"),
    ):
        assert keeping.level(switch, load_settings(recording=setting)) == counts


async def test_after_its_days_a_run_loses_content_and_spans_and_keeps_its_figures(desk: Desk) -> None:
    run_id, young = (
        await worked(desk, QUESTION),
        await worked(desk, "How do I pair the kettle with the app?", subject="Another matter"),
    )
    tracing.flush()
    with desk.database.transaction() as session:
        run = session.get_one(Run, run_id)
        run.started_at = now() - timedelta(days=91)
        session.add(run)
        before = (run.model_calls, run.input_tokens, run.cost_usd, run.outcome)
        session.add(CommonPremise(digest="unused", content={}, created_at=now() - timedelta(days=91)))
    assert "expire" in CRON and LONG["expire"](desk) == "1 runs without content now"
    assert LONG["expire"](desk) == "0 runs without content now"
    assert all(step.request == step.response == {} for step in steps_of(desk, run_id))
    assert any(step.response for step in steps_of(desk, young))
    with desk.database.read() as session:
        run = session.get_one(Run, run_id)
        assert (run.model_calls, run.input_tokens, run.cost_usd, run.outcome) == before and run.recording == "expired"
        assert {span.run_id for span in session.exec(select(SpanRecord))} >= {young}
        assert run_id not in {span.run_id for span in session.exec(select(SpanRecord))}
        assert session.get(RunPremise, young) and not session.get(RunPremise, run_id) and not session.get(CommonPremise, "unused")
    turn(desk, "recording_days", 0.0)
    with desk.database.transaction() as session:
        assert _aged(session, young) and LONG["expire"]
    assert LONG["expire"](desk) == "0 runs without content now"
    with pytest.raises(InputError, match="is one of full, redacted, none"):
        turn(desk, "recording", "some")


def _aged(session: Session, run_id: str) -> bool:
    run = session.get_one(Run, run_id)
    run.started_at = now() - timedelta(days=1_000)
    session.add(run)
    return True
