"""`triage redact`: texts without personal data, for a file of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from triage.cli import lines
from triage.errors import InputError


def redact(
    input: Annotated[Path, typer.Option("--input", help="JSONL of id, text (a string, or an object with subject and body).")],
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
) -> None:
    """Replace personal data by numbered placeholders, and say what was found where."""
    with lines.writer(out) as writer:
        for number, line in lines.read(input):
            writer.write(_redacted(number, line))


def _redacted(number: int, line: dict[str, Any] | InputError) -> dict[str, Any]:
    from triage.guardrails.personal.cover import redact

    try:
        if isinstance(line, InputError):
            raise line
        text = _text(line.get("text"), number)
    except InputError as error:
        own = None if isinstance(line, InputError) else line.get("id")
        return {"id": own, "redacted": "", "spans": [], "error": str(error)}
    redacted, spans = redact(text)
    found = [{"start": span.start, "end": span.end, "type": span.kind, "text": span.text} for span in spans]
    return {"id": line.get("id"), "redacted": redacted, "spans": found}


def _text(value: object, number: int) -> str:
    """The text; of a subject and a body both, with an empty line between them, and places count from the subject's first letter."""
    if isinstance(value, dict):
        parts = [value.get("subject"), value.get("body")]
        if isinstance(parts[1], str) and isinstance(parts[0], str | None):
            return "\n\n".join(part for part in parts if part)
    if not isinstance(value, str):
        raise InputError("text is missing; write a string, or an object with subject and body.", line=number)
    return value
