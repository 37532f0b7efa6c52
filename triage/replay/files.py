"""A recording as one file: replayed on another machine without the database it comes from, and a fixture for tests.

JSON Lines, UTF-8: a head, the premise in two lines, a line a step, a tail. Each line after the head carries the SHA-256 of its
content, the tail the number of steps and a hash over all hashes, so a file that was cut or changed is known as such.
docs/recordings.md describes every field.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from triage import jsontext
from triage.errors import InputError
from triage.models import RunStep
from triage.recording import digest
from triage.replay.recording import Ending, Recording

FORMAT, VERSION = "triage-recording", 1
_STEP = (
    "ordinal", "kind", "role", "name", "request_hash", "request", "response", "error", "input_tokens", "output_tokens", "cost_usd",
    "seconds",
)  # fmt: skip
_ENDING = TypeAdapter(Ending)


def lines(recording: Recording) -> Iterator[bytes]:
    """The file's lines, each with its line feed."""
    head = {"format": FORMAT, "version": VERSION, "run": recording.run_id, "ticket": recording.ticket_id}
    yield jsontext.encoded(head) + b"\n"
    hashes: list[str] = [digest(head)]
    for kind, content in _contents(recording):
        name = digest({"kind": kind, "content": content})
        hashes.append(name)
        yield jsontext.encoded({"kind": kind, "sha256": name, "content": content}) + b"\n"
    yield jsontext.encoded({"kind": "end", "steps": len(recording.steps), "sha256": _over(hashes)}) + b"\n"


def write(recording: Recording, path: Path) -> None:
    """Write the file, for this account only; one that is there already is not overwritten."""
    try:
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as file:
            file.writelines(lines(recording))
    except FileExistsError as error:
        raise InputError(f"{path} is there already; choose another name.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def read(path: Path) -> Recording:
    """The recording of a file. Raises InputError with file, line and what is wrong when it was cut, changed or is none."""
    try:
        raw = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror}.", source=str(path)) from error
    rows = [_line(path, number, line) for number, line in enumerate(raw, 1)]
    head = rows[0] if rows else {}
    if head.get("format") != FORMAT:
        raise InputError("this is no recording; `triage trace export RUN FILE` writes one.", source=str(path), line=1)
    if head.get("version") != VERSION:
        raise InputError(
            f"a recording of version {head.get('version')}, this desk reads version {VERSION}; export it with the same release.",
            source=str(path), line=1,
        )  # fmt: skip
    _whole(path, rows)
    try:
        return _recording(head, rows[1:-1])
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise InputError(f"a field is missing or wrong ({error}).", source=str(path)) from error


def _contents(recording: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "shared", recording.shared
    yield "own", recording.own
    yield "ending", asdict(recording.ending)
    for step in recording.steps:
        yield "step", {name: getattr(step, name) for name in _STEP} | {"created_at": step.created_at.isoformat()}


def _line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = jsontext.loads(line)
    except ValueError as error:
        raise InputError("the line is not whole JSON; was the file cut or changed?", source=str(path), line=number) from error
    if not isinstance(row, dict):
        raise InputError("the line is not a JSON object.", source=str(path), line=number)
    return row


def _whole(path: Path, rows: list[dict[str, Any]]) -> None:
    hashes = [digest(rows[0])]
    for number, row in enumerate(rows[1:-1], 2):
        name = digest({"kind": row.get("kind"), "content": row.get("content")})
        if name != row.get("sha256"):
            raise InputError("the line was changed: its content is not what its hash says.", source=str(path), line=number)
        hashes.append(name)
    tail = rows[-1]
    if tail.get("kind") != "end":
        raise InputError("the end is missing; the file was cut. Export it again.", source=str(path), line=len(rows))
    if tail.get("sha256") != _over(hashes):
        raise InputError("lines are missing, were added or moved; export it again.", source=str(path), line=len(rows))


def _recording(head: dict[str, Any], rows: list[dict[str, Any]]) -> Recording:
    parts = {row["kind"]: row["content"] for row in rows if row["kind"] != "step"}
    steps = [
        RunStep(**{**row["content"], "created_at": datetime.fromisoformat(row["content"]["created_at"])}, run_id=head["run"])
        for row in rows
        if row["kind"] == "step"
    ]
    ending = _ENDING.validate_python(parts["ending"])
    return Recording(str(head["run"]), int(head["ticket"]), ending, parts["shared"], parts["own"], steps)


def _over(hashes: list[str]) -> str:
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
