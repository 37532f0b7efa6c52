"""`triage ground`: whether answers stand in their context, for a file of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge_base.embedding import embedder
from triage.cli import lines
from triage.errors import InputError
from triage.guardrails.groundedness import Passage, Scorer


def ground(
    input: Annotated[
        Path, typer.Option("--input", help="JSONL of id, context (text, or list of text or id, text), question?, answer.")
    ],
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
) -> None:
    """Say of each answer how far its context supports it (score 0 to 1, label), sentence by sentence; without a language model."""
    scorer = Scorer(embedder())
    with lines.writer(out) as writer:
        for number, line in lines.read(input):
            writer.write(_judged(scorer, number, line))


def _judged(scorer: Scorer, number: int, line: dict[str, Any] | InputError) -> dict[str, Any]:
    try:
        if isinstance(line, InputError):
            raise line
        answer, context, question = _answer(line, number), _context(line, number), _question(line, number)
    except InputError as error:
        own = None if isinstance(line, InputError) else line.get("id")
        return {"id": own, "score": 0.0, "label": "ungrounded", "sentences": [], "error": str(error)}
    found = scorer.judge(answer, context, question)
    return {
        "id": line.get("id"), "score": found.score, "label": found.label,
        "sentences": [{"text": s.text, "supported": s.supported, "score": s.score, "passage": s.passage} for s in found.sentences],
    }  # fmt: skip


def _answer(line: dict[str, Any], number: int) -> str:
    answer = line.get("answer")
    if not isinstance(answer, str) or not answer.strip():
        raise InputError("answer is missing; write the text to be judged.", line=number)
    return answer


def _question(line: dict[str, Any], number: int) -> str:
    question = line.get("question") or ""
    if not isinstance(question, str):
        raise InputError("question is not text; write what was asked, or leave it out.", line=number)
    return question


def _context(line: dict[str, Any], number: int) -> list[Passage]:
    """A text is one passage; a passage without an id is named by its place, from 0."""
    context = line.get("context")
    if isinstance(context, str):
        context = [context]
    if not isinstance(context, list):
        raise InputError("context is missing; write a text or a list of passages, empty when there is none.", line=number)
    passages = []
    for place, told in enumerate(context):
        text = told.get("text") if isinstance(told, dict) else told
        if not isinstance(text, str):
            raise InputError("context holds something that is not text; write strings, or objects with a text.", line=number)
        named = told.get("id") if isinstance(told, dict) else None
        passages.append(Passage(str(place if named is None else named), text))
    return passages
