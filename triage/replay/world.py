"""What a recording is held against, beside the code: the desk's articles and tools as they are now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from triage import premises
from triage.connections.tools import switched_on
from triage.errors import Divergence
from triage.models import Passage, RunStep
from triage.replay.differences import MISSING, first_difference

_SEARCHES = ("knowledge", "search_knowledge")


@dataclass(frozen=True)
class World:
    """Passages by id and tools by name. Without `passages` (None) articles are not looked at: another machine has its own."""

    passages: Mapping[str, dict[str, Any]] | None = None
    tools: Mapping[str, dict[str, Any]] = field(default_factory=lambda: premises.tools_json([]))
    connected: bool = False
    """Whether `tools` has the operations of connected APIs, too."""

    def check(self, step: RunStep, recorded_tools: Mapping[str, dict[str, Any]]) -> None:
        """Raises Divergence when a passage that the step found, or a tool that it offered, is not what it was."""
        if step.kind == "model":
            self._tools(step, recorded_tools)
        if self.passages is not None and step.name in _SEARCHES:
            for place, passage in found_by(step):
                self._passage(step, place, passage, self.passages)

    def _tools(self, step: RunStep, recorded: Mapping[str, dict[str, Any]]) -> None:
        offered: Any = step.request.get("tools") or []
        for name in offered:
            was = recorded.get(name)
            if was is None or ("definition" in was and not self.connected):
                continue
            if found := first_difference(was, self.tools.get(name, MISSING), f"tools.{name}"):
                raise Divergence(step.ordinal, *found, what=f"{step.kind} {step.role}".strip())

    def _passage(self, step: RunStep, place: str, passage: Mapping[str, Any], now: Mapping[str, dict[str, Any]]) -> None:
        was = {name: passage[name] for name in ("text", "heading", "title")}
        is_now = now.get(passage["id"], MISSING)
        if found := first_difference(was, is_now):
            where = (
                f"response.{place} (article {passage['article']}, passage {passage['id']}){'.' + found[0] if found[0] else ''}"
            )
            raise Divergence(step.ordinal, where, *found[1:], what=f"{step.kind} {step.name}")


def world_of(session: Session, steps: Iterable[RunStep]) -> World:
    """The desk's world as far as these steps touch it."""
    wanted = {passage["id"] for step in steps if step.name in _SEARCHES for _, passage in found_by(step)}
    rows = session.exec(select(Passage).where(col(Passage.id).in_(wanted)))
    passages = {row.id: {"title": row.title, "heading": row.heading, "text": row.text} for row in rows}
    return World(passages, premises.tools_json(switched_on(session)), connected=True)


def found_by(step: RunStep) -> list[tuple[str, Mapping[str, Any]]]:
    """The passages in a search's answer, each with its place."""
    key = "passages" if step.kind == "retrieval" else "result"
    found: Any = step.response.get(key)
    return [(f"{key}[{n}]", one) for n, one in enumerate(found if isinstance(found, list) else []) if "id" in one]
