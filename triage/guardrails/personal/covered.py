"""A model that gets placeholders for personal data, and whose answers get the data back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from triage.guardrails.personal.cover import Cover, names_of
from triage.guardrails.personal.kinds import EMAIL
from triage.llm.protocol import Model, Request, Response

PUBLIC = frozenset({"PASSAGES"})  # what everybody may read anyway
_TOLD = (
    "Words such as [PERSON_1] or [EMAIL_2] stand for personal data that is kept from you. Use them as they are, also in tool calls; "
    "they are replaced before anybody reads your answer."
)

Parts = Callable[[str], Sequence[tuple[str, int, int]]]


@dataclass(frozen=True)
class Known:
    """What is known of the ticket before a model is asked: its text, and who wrote it."""

    said: str
    name: str = ""
    email: str = ""

    def cover(self, public: str = "") -> Cover:
        """Placeholders that begin alike for every call of a run."""
        cover = Cover(public=public)
        for kind, value in names_of(self.name):
            cover.know(kind, [value])
        cover.know(EMAIL, [self.email])
        cover.cover(self.said)
        return cover


class Covered:
    """Stands before `model`. `parts` tells which parts of a message come from outside (triage.agents.spotlight).

    Each call numbers its data anew, beginning with the ticket's own, so that what is asked depends on nothing but the
    request: a run that a crash cut off asks the same. Requests are recorded as they were before, answers as they are after.
    """

    def __init__(self, model: Model, known: Known, parts: Parts) -> None:
        self._model, self._known, self._parts = model, known, parts
        self.name, self.provider = model.name, model.provider

    async def answer(self, request: Request) -> Response:
        cover, messages = await asyncio.to_thread(self.covered, request.messages)
        response = await self._model.answer(replace(request, messages=messages))
        return replace(
            response,
            text=cover.restore_json(response.text),
            tool_calls=[replace(call, arguments=cover.restore_json(call.arguments)) for call in response.tool_calls],
        )

    def covered(self, messages: Sequence[Mapping[str, Any]]) -> tuple[Cover, list[dict[str, Any]]]:
        """The messages as the model gets them, and the way back."""
        cover = self._known.cover(" ".join(self._public(messages)))
        sent = [dict(message) if message["role"] == "system" else self._message(cover, message) for message in messages]
        if cover.spans and sent and sent[0]["role"] == "system":
            sent[0]["content"] = f"{sent[0]['content']}\n\n{_TOLD}"
        return cover, sent

    def _message(self, cover: Cover, message: Mapping[str, Any]) -> dict[str, Any]:
        covered = dict(message)
        if isinstance(message.get("content"), str):
            covered["content"] = self._text(cover, message["content"])
        if message.get("tool_calls"):
            covered["tool_calls"] = [
                call | {"function": call["function"] | {"arguments": cover.cover_known(call["function"]["arguments"])}}
                for call in message["tool_calls"]
            ]
        return covered

    def _text(self, cover: Cover, text: str) -> str:
        """New data is looked for only in what comes from outside, known data everywhere but in public parts."""
        parts = self._parts(text)
        if not parts:
            return cover.cover(text)
        covered, at = [], 0
        for label, start, end in parts:
            covered += [cover.cover_known(text[at:start]), text[start:end] if label in PUBLIC else cover.cover(text[start:end])]
            at = end
        return "".join([*covered, cover.cover_known(text[at:])])

    def _public(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        texts = [message["content"] for message in messages if isinstance(message.get("content"), str)]
        return [text[start:end] for text in texts for label, start, end in self._parts(text) if label in PUBLIC]
