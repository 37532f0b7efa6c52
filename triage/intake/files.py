"""Messages out of files: a folder of .eml, one .eml, an mbox, JSON Lines. Streamed, one message in memory at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from triage.errors import InputError
from triage.intake.mail import parse_mail
from triage.intake.message import Incoming
from triage.intake.payload import TicketPayload
from triage.settings import Settings
from triage.settings import settings as process_settings

Item = tuple[str, Incoming | InputError]
_LONGEST_LINE = 64_000_000  # bytes of one line of JSON
_MBOX_START = b"From "
_JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})


def probe(path: Path) -> None:
    """Raise InputError when nothing can be read from the path; say what to name instead."""
    path = Path(path)
    try:
        if path.is_dir():
            if not _mails_in(path):
                raise InputError(
                    "This folder holds no .eml file; name a folder of .eml files, an mbox or a .jsonl file.", source=str(path)
                )
            return
        with path.open("rb") as file:
            start = file.read(5)
    except OSError as error:
        raise InputError(f"It cannot be read ({error.strerror}); check its name and your rights.", source=str(path)) from error
    if path.suffix.lower() == ".mbox" and start != _MBOX_START:
        raise InputError('This is not an mbox: its first line does not begin with "From ".', source=str(path))


def read(path: Path, settings: Settings | None = None) -> Iterator[Item]:
    """Yield each message with its id: the line's own id, the file's name without .eml, or NAME-1, NAME-2 in an mbox.

    A line or file that cannot be used comes as an InputError in place of a message, so that none is lost. Raises
    InputError at once when the path itself cannot be read. Without settings those of the process are taken.
    """
    path, settings = Path(path), settings or process_settings()
    probe(path)
    if path.is_dir():
        return _folder(_mails_in(path), settings)
    if path.suffix.lower() in _JSON_ENDINGS:
        return _lines(path, path.open("rb"), settings)
    with path.open("rb") as file:
        is_mbox = file.read(5) == _MBOX_START
    return _mbox(path, path.open("rb"), settings) if is_mbox else _folder([path], settings)


def _mails_in(folder: Path) -> list[Path]:
    return sorted(item for item in folder.iterdir() if item.suffix.lower() == ".eml" and item.is_file())


def read_mail(path: Path, settings: Settings) -> Incoming:
    """One mail file; of a file that is too large only the beginning is read."""
    with path.open("rb") as file:
        return parse_mail(file.read(settings.message_limit + 1), settings)


def _folder(paths: list[Path], settings: Settings) -> Iterator[Item]:
    for path in paths:
        name = path.name[:-4] if path.suffix.lower() == ".eml" else path.name
        try:
            yield name, read_mail(path, settings).model_copy(update={"source_id": name})
        except OSError as error:
            yield name, InputError(f"It cannot be read ({error.strerror}).", source=str(path))


def _lines(path: Path, file: BinaryIO, settings: Settings) -> Iterator[Item]:
    with file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if line.strip():
                yield _line(path, number, line, settings)


def _line(path: Path, number: int, line: bytes, settings: Settings) -> Item:
    name = f"line-{number}"
    try:
        value = json.loads(line)
        if isinstance(value, dict) and isinstance(value.get("id"), str | int):
            name = str(value["id"])
        incoming = TicketPayload.model_validate(value).incoming(settings)
        return name, incoming.model_copy(update={"source_id": incoming.source_id or f"{path.stem}-{name}"})
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        why = f"This is not a line of JSON ({error}); write one object a line, in UTF-8."
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"{where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}."
    return name, InputError(why, source=str(path), line=number)


def _mbox(path: Path, file: BinaryIO, settings: Settings) -> Iterator[Item]:
    with file:
        for number, raw in enumerate(_mbox_messages(file, settings.message_limit + 1), 1):
            name = f"{path.stem}-{number}"
            yield name, parse_mail(raw, settings).model_copy(update={"source_id": name})


def _mbox_messages(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """Parts at "From " after a blank line; a message beyond the limit is cut there, the rest of it skipped."""
    taken: list[bytes] = []
    size, blank, begun = 0, True, False
    while line := file.readline(1_000_000):
        if blank and line.startswith(_MBOX_START):
            if begun:
                yield b"".join(taken)
            taken, size, begun, blank = [], 0, True, False
            continue
        blank = line in (b"\n", b"\r\n")
        if size < limit:
            taken.append(re.sub(rb"^>(>*From )", rb"\1", line))
            size += len(line)
    if begun:
        yield b"".join(taken)
