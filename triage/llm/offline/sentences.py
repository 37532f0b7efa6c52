"""Sentences and paragraphs of a reply."""

from triage.briefs import Paragraph, Sentence
from triage.llm.offline.passages import Unit


def courtesy(said: str) -> Sentence:
    """A sentence that states nothing."""
    return Sentence(text=said, kind="courtesy", passages=[])


def text(*said: str) -> Paragraph:
    """A paragraph of courtesies."""
    return Paragraph(style="text", sentences=[courtesy(one) for one in said])


def fact(unit: Unit, kind: str = "fact") -> Sentence:
    """A quoted sentence or step with its source."""
    return Sentence.model_validate({"text": ended(unit.text.rstrip(";")), "kind": kind, "passages": [unit.passage]})


def ended(said: str) -> str:
    """With a full stop where there is no other end."""
    said = said.strip()
    return said if said.endswith((".", "!", "?", ":", "…")) else f"{said.rstrip(',')}."
