"""A person's search with a model's help: the question put into the base's words, and the passages judged.

At most two calls of the model that TRIAGE_MODEL_RANKER names, within the budgets; what it said before is not asked again.
"""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from knowledge_base.foreign import name_of
from knowledge_base.search import Answer
from triage.agents import ranker, rewriter
from triage.agents.crew import Crew
from triage.agents.toolbox import ToolContext, evidence
from triage.errors import SettingsError
from triage.library.trial import Tried
from triage.models import new_id
from triage.recording import Unrecorded

if TYPE_CHECKING:
    from triage.office import Desk

_JUDGED = 12  # passages that the model is shown


def available(desk: "Desk") -> bool:
    """Whether a model is set that judges passages."""
    return bool(desk.models.get(ranker.ROLE))


def search(desk: "Desk", query: str, *, internal: bool, k: int = 8) -> Tried:
    """What is found for the question as the model puts it, in the order of the model's grades.

    A model that fails leaves the search's own result, with a note. Raises SettingsError when none is set.
    """
    if not available(desk):
        raise SettingsError(
            "No model is set that judges passages: name a cheap one in TRIAGE_MODEL_RANKER, and its service by OPENAI_API_KEY "
            "or OPENAI_BASE_URL; or search without a model."
        )
    return asyncio.run(_search(desk, query, internal=internal, k=k))


async def _search(desk: "Desk", query: str, *, internal: bool, k: int) -> Tried:
    recorder = Unrecorded(desk.database, f"search-{new_id()[:12]}")
    gate = desk.gate(recorder)
    context = ToolContext(desk.database, desk.searcher, ticket_id=0, customer_id=None, identity="none", recorder=recorder)
    crew = Crew(desk.settings, await asyncio.to_thread(desk.covered, query), gate, context)
    try:
        said = await rewriter.reading(crew, query, name_of(await asyncio.to_thread(desk.searcher.language)), desk.readings)
        answer = await asyncio.to_thread(_found, desk, query, said, internal, max(k, _JUDGED))
        ranked = await ranker.judge(crew, [said or query], [evidence(hit) for hit in answer.hits[:_JUDGED]], desk.judged)
    finally:
        await gate.close()
    by_id = {hit.id: hit for hit in answer.hits}
    judged = [replace(by_id[passage.id], why=passage.why) for passage in ranked]
    notes = [*_notes(answer, said), *(f"{text}." for text in crew.degraded)]
    return Tried([*judged, *answer.hits[_JUDGED:]][:k], tuple(notes), tuple(answer.rewritten))


def _found(desk: "Desk", query: str, said: str, internal: bool, k: int) -> Answer:
    audience = "internal" if internal else "public"
    [answer] = desk.searcher.ask([query], k=k, audience=audience, readings={query: said} if said else {})
    return answer


def _notes(answer: Answer, said: str) -> list[str]:
    if answer.foreign:
        return [answer.foreign.told]
    return [f"Searched as “{said}”."] if said else []
