"""`triage answerable`: whether passages answer questions, for a file of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge_base.answerability import Judge, Turn
from knowledge_base.embedding import embedder
from triage.cli import lines
from triage.errors import InputError


def answerable(
    input: Annotated[
        Path, typer.Option("--input", help="JSONL of id, question, passages [text], history? [text or role, text].")
    ],
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
) -> None:
    """Say of each question whether its passages answer it: answer, clarify (ask back) or abstain, with how sure that is."""
    judge = Judge(embedder())
    with lines.writer(out) as writer:
        for number, line in lines.read(input):
            writer.write(_answer(judge, number, line))


def _answer(judge: Judge, number: int, line: dict[str, Any] | InputError) -> dict[str, Any]:
    try:
        if isinstance(line, InputError):
            raise line
        question, passages, history = _question(line, number), _passages(line, number), _history(line, number)
    except InputError as error:
        own = None if isinstance(line, InputError) else line.get("id")
        return {"id": own, "decision": "abstain", "confidence": 0.0, "error": str(error)}
    found = judge.judge(question, passages, history)
    return {"id": line.get("id"), "decision": found.decision, "confidence": found.confidence}


def _question(line: dict[str, Any], number: int) -> str:
    question = line.get("question")
    if not isinstance(question, str) or not question.strip():
        raise InputError("question is missing; write what is asked as text.", line=number)
    return question


def _passages(line: dict[str, Any], number: int) -> list[str]:
    passages = line.get("passages")
    if not isinstance(passages, list):
        raise InputError("passages is missing; write a list of texts, empty when nothing was found.", line=number)
    return [_text(passage, "passages", number) for passage in passages]


def _history(line: dict[str, Any], number: int) -> list[Turn]:
    """Earlier messages, oldest first: texts (the customer's and ours in turn, the last one ours) or objects with role and text."""
    told = line.get("history") or []
    if not isinstance(told, list):
        raise InputError("history is not a list; write earlier messages, oldest first, or leave it out.", line=number)
    turns = []
    for left, said in zip(range(len(told), 0, -1), told, strict=True):
        ours = said.get("role") not in ("user", "customer", "in") if isinstance(said, dict) else left % 2 == 1
        turns.append(Turn(_text(said, "history", number), ours))
    return turns


def _text(value: object, where: str, number: int) -> str:
    text = value.get("text") if isinstance(value, dict) else value
    if not isinstance(text, str):
        raise InputError(f"{where} holds something that is not text; write strings, or objects with a text.", line=number)
    return text
