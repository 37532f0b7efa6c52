"""A person's search with a model's help: two calls at most, and none twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.desks import person
from triage import workspace
from triage.briefs import Grade, Reading, Relevance
from triage.errors import ModelDown, SettingsError
from triage.library import assisted, trial
from triage.llm.protocol import Request
from triage.llm.scripted import ScriptedModel
from triage.models import Role
from triage.office import Desk

QUESTION = "Tous les combien dois-je nettoyer le calcaire ?"
READ = Reading(search="How often should I descale the kettle?")


def grades(request: Request) -> Relevance:
    """The last passage answers in full, the others do not."""
    shown = [passage.id for passage in request.brief.passages]  # type: ignore[attr-defined]
    return Relevance(grades=[Grade(passage=id, grade=3 if id == shown[-1] else 1) for id in shown])


@pytest.fixture
def scripted(desk: Desk) -> Iterator[Any]:
    def script(*lines: Any) -> ScriptedModel:
        desk.models = desk.models | {"ranker": [model := ScriptedModel(lines, name="small")]}
        return model

    yield script


def test_the_model_rewords_and_judges_and_is_not_asked_twice(desk: Desk, scripted: Any) -> None:
    model = scripted(READ, grades)
    plain = trial.try_search(desk.searcher, READ.search, internal=False)
    found = assisted.search(desk, QUESTION, internal=False)
    assert found.notes == (
        "This question is in French; the base is in English: searched also as “How often should I descale the kettle?”.",
    )
    assert found.hits[0].id != plain.hits[0].id and found.hits[0].why.endswith("judged 3 of 3")
    assert found.rewritten[0] == READ.search and {hit.id for hit in found.hits} <= {hit.id for hit in plain.hits}
    assert assisted.search(desk, QUESTION, internal=False) == found
    model.assert_consumed()
    told = model.requests[0].messages[1]["content"]
    assert "Write in English." in told and told.index("data from outside") < told.index(QUESTION)


@pytest.mark.parametrize("line", [ModelDown("503"), '{"search": ""}', "no JSON"])
def test_a_model_that_fails_leaves_the_search_as_it_is(desk: Desk, scripted: Any, line: Any) -> None:
    scripted(line, line)
    found = assisted.search(desk, QUESTION, internal=False)
    assert found.hits == trial.try_search(desk.searcher, QUESTION, internal=False).hits
    assert found.notes[0].startswith("This question is in French") and "the question was searched as it is." in found.notes[1]
    assert "the searches' own order used." in found.notes[2]


def test_the_budget_of_the_day_holds_for_people_too(desk: Desk, scripted: Any) -> None:
    model = scripted()
    desk.settings = desk.settings.model_copy(update={"day_token_limit": 1})
    found = assisted.search(desk, QUESTION, internal=False)
    assert found.hits and "small was not asked" in found.notes[1]
    assert model.requests == []


def test_without_a_model_it_says_what_to_set(desk: Desk) -> None:
    assert not assisted.available(desk)
    with pytest.raises(SettingsError, match="TRIAGE_MODEL_RANKER"):
        assisted.search(desk, QUESTION, internal=False)


def test_with_the_switch_on_the_service_gets_placeholders_and_the_search_the_words(
    desk: Desk, scripted: Any, admin_id: int
) -> None:
    asked = "Can priya.raman@northwind.example descale with vinegar, or +44 20 7946 0018?"
    desk.database.run_now(lambda session: workspace.put(session, "cover_personal_data", True, user_id=admin_id))
    model = scripted(lambda request: Reading(search="Can [EMAIL_1] descale with vinegar?"), grades)
    found = assisted.search(desk, asked, internal=False)
    sent = " ".join(str(message["content"]) for request in model.requests for message in request.messages)
    assert "priya.raman" not in sent and "7946" not in sent and "[EMAIL_1]" in sent
    assert not found.rewritten or "[EMAIL" not in found.rewritten[0]


@pytest.fixture
def admin_id(desk: Desk) -> int:
    with desk.database.transaction() as session:
        return person(session, Role.ADMIN, "Ada").id or 0
