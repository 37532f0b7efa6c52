"""The offline engine: useful with no network, no key and no weights.

Reads the typed brief of a request, never its messages. Triage by labelled neighbours and rules, facts and
replies quoted from the given passages and the customer's record, a deterministic review, queries for known questions. The
same brief always gives the same answer.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from triage.asking import known
from triage.errors import ModelRefused
from triage.llm.offline.analyse import analyse
from triage.llm.offline.plan import plan
from triage.llm.offline.review import review
from triage.llm.offline.write import write
from triage.llm.protocol import Request, Response

_SKILLS: dict[str, Callable[[Any], BaseModel]] = {
    "Plan": plan,
    "Facts": analyse,
    "Reply": write,
    "Review": review,
    "Query": known.answer,
}


class OfflineModel:
    """A `Model` that costs nothing and is always there."""

    name = provider = "offline"

    async def answer(self, request: Request) -> Response:
        """Raises ModelRefused for an output type it has no skill for."""
        skill = _SKILLS.get(request.output.__name__)
        if skill is None:
            raise ModelRefused(f"the offline engine cannot write a {request.output.__name__}; set a model service")
        value = await asyncio.to_thread(skill, request.brief)
        return Response(self.name, text=value.model_dump_json())
