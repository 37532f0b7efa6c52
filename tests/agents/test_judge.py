"""The judge: one call on all factual sentences, and what its word counts for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.test_crew import PASSAGE, crew_of
from tests.loopback import serve
from triage import judging
from triage.agents.judge import judge
from triage.briefs import Judgement, Judgements, Paragraph, Reply, Sentence
from triage.errors import ModelDown
from triage.guardrails.weighing import weigh
from triage.llm import models_for
from triage.llm.scripted import ScriptedModel
from triage.recording import Recorder
from triage.settings import Settings

PAIRING = PASSAGE.model_copy(
    update={"id": "pair#0", "article": "pair", "text": "Hold steam and power for 5 seconds, then choose Add machine."}
)


def _fact(text: str) -> Sentence:
    return Sentence(text=text, kind="fact", passages=["pair#0"])


REPLY = Reply(
    subject="Pairing",
    paragraphs=[Paragraph(style="text", sentences=[
        Sentence(text="Thank you for writing.", kind="courtesy", passages=[]),
        _fact("Hold steam and power for 5 seconds, then choose Add machine."),
        _fact("Keep both keys pressed a little while until the app can see your device."),
        _fact("Hold steam and power for 9 seconds, then choose Add machine."),
    ])],
)  # fmt: skip


def _said(sentence: int, supported: bool, passage: str | None = "pair#0", reason: str = "") -> Judgement:
    return Judgement(sentence=sentence, supported=supported, passage=passage, reason=reason)


def _rows(judged: dict[int, Judgement]) -> list[dict[str, Any]]:
    return judging.weighed(judging.support(REPLY, [PAIRING], None, ""), judged, [PAIRING], None, "second")


async def test_one_call_judges_the_factual_sentences_by_their_sources(settings: Settings, recorder: Recorder, gate: Any) -> None:
    model = ScriptedModel(
        [Judgements(judgements=[_said(1, True), _said(2, True), _said(3, True), _said(0, False), _said(9, False)])]
    )
    judged = await judge(crew_of(settings, recorder, gate, {"judge": [model]}), REPLY, [PAIRING], None)
    assert sorted(judged) == [1, 2, 3]  # courtesy and made-up sentences are nobody's to judge
    told = model.requests[0].messages[1]["content"]
    assert "Hold steam and power for 9 seconds" in told and "Thank you for writing" not in told and "MESSAGE" not in told


async def test_a_resumed_run_reads_the_judgement_back(settings: Settings, recorder: Recorder, gate: Any) -> None:
    said = Judgements(judgements=[_said(1, False, None, "No passage names the buttons.")])
    live = await judge(crew_of(settings, recorder, gate, {"judge": [ScriptedModel([said])]}), REPLY, [PAIRING], None)
    await recorder.flush()
    silent = ScriptedModel([], name="scripted")
    again = await Recorder.resume(recorder.database, recorder.run_id)
    assert await judge(crew_of(settings, again, gate, {"judge": [silent]}), REPLY, [PAIRING], None) == live
    assert silent.requests == []


@pytest.mark.parametrize("line", [ModelDown("503"), '{"judgements": [{"sentence": "one"}]}', "no JSON"])
async def test_a_judge_that_fails_leaves_what_code_found(settings: Settings, recorder: Recorder, gate: Any, line: Any) -> None:
    crew = crew_of(settings, recorder, gate, {"judge": [ScriptedModel([line])]})
    assert await judge(crew, REPLY, [PAIRING], None) == {}
    assert len(crew.degraded) == 1 and crew.degraded[0].endswith("held against their sources by code alone")


async def test_nobody_is_asked_without_a_model_or_facts(settings: Settings, recorder: Recorder, gate: Any) -> None:
    assert await judge(crew_of(settings, recorder, gate, {}), REPLY, [PAIRING], None) == {}
    thanks = REPLY.model_copy(update={"paragraphs": [Paragraph(style="text", sentences=REPLY.sentences[:1])]})
    assert await judge(crew_of(settings, recorder, gate, {"judge": [ScriptedModel([])]}), thanks, [PAIRING], None) == {}


async def test_a_service_is_asked_in_its_own_protocol(settings: Settings, recorder: Recorder, gate: Any) -> None:
    with serve() as service:
        asked = settings.model_copy(update={"openai_base_url": service.base_url, "model_judge": "second"})
        crew = crew_of(asked, recorder, gate, {"judge": models_for(asked)["judge"]})
        judged = await judge(crew, REPLY, [PAIRING], None)
    assert [judged[n].supported for n in (1, 2, 3)] == [True, True, False] and crew.answered_by["judge"] == "second"
    assert "judge" not in models_for(asked.model_copy(update={"model_judge": ""}))


def test_the_judge_objects_to_what_code_let_pass() -> None:
    row = _rows({1: _said(1, False, "pair#0", "It leaves out the app.")})[1]
    assert not row["supported"] and row["why"] == "The judge finds no source for it: It leaves out the app."
    assert row["judge"] == {"model": "second", "supported": False, "why": "It leaves out the app.", "passage": "pair#0"}


def test_the_judge_clears_other_words_but_no_other_number() -> None:
    rows = _rows({2: _said(2, True), 3: _said(3, True)})
    assert rows[2]["supported"] and "few words" in rows[2]["why"]
    assert not rows[3]["supported"] and "9 seconds" in rows[3]["why"] and rows[3]["judge"]["supported"]


def test_a_judge_that_names_no_known_source_clears_nothing() -> None:
    assert not _rows({2: _said(2, True, None)})[2]["supported"]
    assert not _rows({2: _said(2, True, "made-up#7")})[2]["supported"]


@given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["pair#0", "made-up#7", None]))
def test_no_opinion_outweighs_a_firm_finding_and_no_objection_is_lost(
    found: bool, firm: bool, said: bool, passage: str | None
) -> None:
    row = {"text": "x", "supported": found, "firm": firm, "why": "", "passages": []}
    [weighed] = weigh([row], {0: _said(0, said, passage)}, ["pair#0"], "second")
    if (firm and not found) or not said:
        assert not weighed["supported"]
    assert weighed["judge"]["supported"] == said  # type: ignore[index]
