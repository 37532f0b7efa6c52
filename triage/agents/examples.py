"""Labelled examples near a ticket, and the category that they teach: what the manager is told before it plans."""

from collections.abc import Callable
from functools import partial
from typing import Any

from triage.agents.crew import Crew
from triage.briefs import Neighbour, Suggestion

NAME = "examples"
_WHOLE, _BEGINNING = 2_000, 200  # characters by which a ticket is sorted
_TELLING = 4  # words of a subject that says what the matter is


async def examples(
    crew: Crew, text: str, look: Callable[[str], dict[str, Any]], *, offline: bool
) -> tuple[list[Neighbour], Suggestion | None]:
    """What `look` finds for the text; recorded as a step.

    A language model is told the category only, by the first line (where that says little, by how the text begins):
    it reads the text itself, and an embedding of all of it would cost more than the rest of planning.
    """
    text = text[:_WHOLE] if offline else _first_words(text)

    async def live() -> dict[str, Any]:
        return await crew.context.database.compute("sort", partial(look, text))

    step = await crew.context.recorder.step("retrieval", role="manager", name=NAME, request={"text": text}, live=live)
    suggestion = step.get("suggestion")
    return (
        [Neighbour.model_validate(item) for item in step["neighbours"]],
        Suggestion.model_validate(suggestion) if suggestion else None,
    )


def _first_words(text: str) -> str:
    subject = text.split("\n", 1)[0]
    return subject[:_BEGINNING] if len(subject.split()) >= _TELLING else text[:_BEGINNING]
