"""JSON Lines in and out, a line at a time, so that memory stays the same however long the file is."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from triage.errors import InputError

_HALF = re.compile("[\ud800-\udfff]")


def read(path: Path) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Each non-empty line's number and object, or what is wrong with the line. Raises InputError when there is no such file."""
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); give the path of a JSON Lines file.", source=str(path)) from error
    with file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _parse(path, number, line)


def _parse(path: Path, number: int, line: str) -> dict[str, Any] | InputError:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        return InputError(
            f"not JSON ({error.msg} at column {error.colno}); write one object a line.", source=str(path), line=number
        )
    except (ValueError, RecursionError):  # numbers of thousands of digits, lists in lists without end
        return InputError("holds a number or nesting past any use; leave it out.", source=str(path), line=number)
    if not isinstance(value, dict):
        return InputError("not a JSON object; write one object a line.", source=str(path), line=number)
    if "\\ud" in line.lower() and _HALF.search(json.dumps(value, ensure_ascii=False)):
        return InputError(
            "holds half a character (\\ud800 to \\udfff alone); write the text as UTF-8.", source=str(path), line=number
        )
    return value


@contextmanager
def writer(path: Path | None) -> Iterator["Writer"]:
    """Writes lines to a file, or to stdout when `path` is None or `-`. Raises InputError when the file cannot be made."""
    if path is None or str(path) == "-":
        yield Writer(sys.stdout)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror}).", source=str(path)) from error
    with file:
        yield Writer(file)


class Writer:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: dict[str, Any]) -> None:
        """One object as one line, on disk at once."""
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
