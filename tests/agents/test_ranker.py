"""The ranker: one call that puts passages in the order of their answers, and none where none is needed."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from tests.agents.test_crew import PASSAGE, _plan, crew_of
from triage.agents.ranker import Judged, ordered, rank
from triage.briefs import Evidence, Grade, Relevance
from triage.database import Database
from triage.errors import Divergence, ModelDown
from triage.llm import models_for
from triage.llm.scripted import ScriptedModel
from triage.models import RunStep
from triage.recording import Recorder, Unrecorded
from triage.settings import Settings

PASSAGES = [
    PASSAGE.model_copy(update={"id": f"{name}#0", "article": name, "text": text, "score": 0.9 - n / 10, "why": "meaning 0.5"})
    for n, (name, text) in enumerate(
        [
            ("wifi", "The machine joins networks of 2.4 GHz only."),
            ("descale", "Descale every 300 brews."),
            ("pair", "Hold steam and power for 5 seconds, then choose Add machine."),
            ("grind", "A finer grind brews slower."),
        ]
    )
]
GRADES = Relevance(
    grades=[
        Grade(passage="wifi#0", grade=1),
        Grade(passage="descale#0", grade=0),
        Grade(passage="pair#0", grade=3),
        Grade(passage="grind#0", grade=0),
        Grade(passage="made-up#7", grade=3),
    ]
)


def ids(passages: list[Evidence]) -> list[str]:
    return [passage.article for passage in passages]


async def test_one_call_orders_the_passages_and_leaves_out_what_is_beside_the_point(
    settings: Settings, recorder: Recorder, gate: Any
) -> None:
    model = ScriptedModel([GRADES])
    crew = crew_of(settings, recorder, gate, {"ranker": [model]})
    found = await rank(crew, _plan(), PASSAGES, Judged())
    model.assert_consumed()
    assert ids(found) == ["pair", "wifi", "descale"]  # the second by search stays, the last one goes
    assert found[0].why == "meaning 0.5; judged 3 of 3" and found[0].score == PASSAGES[2].score
    told = model.requests[0].messages[1]["content"]
    assert told.index(crew.marker) < told.index("How do I pair") < told.index("Hold steam and power")


async def test_the_same_questions_and_passages_are_judged_once(settings: Settings, database: Database, gate: Any) -> None:
    model, judged = ScriptedModel([GRADES, GRADES]), Judged()
    for run, passages in (("run", PASSAGES), ("run-2", PASSAGES[::-1])):
        crew = crew_of(settings, Unrecorded(database, run), gate, {"ranker": [model]})
        assert ids(await rank(crew, _plan(), passages, judged))[0] == "pair"
    assert len(model.requests) == 1
    newer = [PASSAGES[0].model_copy(update={"version": 2}), *PASSAGES[1:]]
    await rank(crew_of(settings, Unrecorded(database, "run-3"), gate, {"ranker": [model]}), _plan(), newer, judged)
    assert len(model.requests) == 2  # an article that changed is judged again


async def test_a_resumed_run_and_a_replay_read_the_grades_back(settings: Settings, recorder: Recorder, gate: Any) -> None:
    live = await rank(crew_of(settings, recorder, gate, {"ranker": [ScriptedModel([GRADES])]}), _plan(), PASSAGES, Judged())
    await recorder.flush()
    silent = ScriptedModel([])
    again = await Recorder.resume(recorder.database, recorder.run_id)
    assert await rank(crew_of(settings, again, gate, {"ranker": [silent]}), _plan(), PASSAGES, Judged()) == live
    assert again.model_calls == 1 and silent.requests == []
    with recorder.database.read() as session:
        steps = list(session.exec(select(RunStep).order_by(col(RunStep.ordinal))))
    replay = Recorder(recorder.database, recorder.run_id, steps, strict=True)
    with pytest.raises(Divergence):
        await rank(crew_of(settings, replay, gate, {"ranker": [silent]}), _plan(), PASSAGES[:3], Judged())


@pytest.mark.parametrize("line", [ModelDown("503"), '{"grades": [{"passage": "wifi#0", "grade": 9}]}', "no JSON"])
async def test_a_model_that_fails_leaves_the_order_of_the_searches(
    settings: Settings, recorder: Recorder, gate: Any, line: Any
) -> None:
    model, judged = ScriptedModel([line, GRADES]), Judged()
    crew = crew_of(settings, recorder, gate, {"ranker": [model]})
    assert await rank(crew, _plan(), PASSAGES, judged) == PASSAGES
    assert len(model.requests) == 1
    assert len(crew.degraded) == 1 and crew.degraded[0].endswith("; the searches' own order used")
    assert ids(await rank(crew, _plan(), PASSAGES, judged))[0] == "pair"  # what failed is not remembered


async def test_nothing_is_asked_where_there_is_nothing_to_order(settings: Settings, recorder: Recorder, gate: Any) -> None:
    crew = crew_of(settings, recorder, gate, {"ranker": [ScriptedModel([])]})
    escalated = _plan().model_copy(update={"action": "clarify"})
    assert await rank(crew, escalated, PASSAGES, Judged()) == PASSAGES
    assert await rank(crew, _plan(), PASSAGES[:1], Judged()) == PASSAGES[:1]
    crew.models = {}
    assert await rank(crew, _plan(), PASSAGES, Judged()) == PASSAGES


def test_nothing_goes_when_nothing_answers() -> None:
    assert ordered(PASSAGES, {passage.id: 0 for passage in PASSAGES}) != []
    assert ids(ordered(PASSAGES, {passage.id: 0 for passage in PASSAGES})) == ids(PASSAGES)
    assert ordered(PASSAGES, {}) == PASSAGES


def test_the_ranker_has_a_model_only_where_one_is_set(home: Path) -> None:
    service: dict[str, Any] = {"openai_base_url": "http://127.0.0.1:1/v1"}
    assert "ranker" not in models_for(Settings(home=home, **service))
    assert "ranker" not in models_for(Settings(home=home, model_ranker="small"))  # no service
    chain = models_for(Settings(home=home, model_ranker="small", **service))["ranker"]
    assert [model.name for model in chain] == ["small"]


def test_what_was_judged_longest_ago_is_forgotten_first() -> None:
    judged = Judged(most=2)
    for key in "abc":
        judged.keep(key, {key: 1})
    assert [judged.get(key) for key in "abc"] == [None, {"b": 1}, {"c": 1}]
