"""Tables to documents, a row at a time: CSV with any separator, and JSON Lines."""

import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import IO, Any

from knowledge_base.charsets import charset_of_stream
from knowledge_base.frontmatter import Document, read_document
from knowledge_base.naming import id_of, readable_slug, usable_id
from triage.errors import InputError

Item = Document | InputError
LARGEST_FIELD = 2_000_000  # characters of one text

_TEXT_COLUMNS = ("text", "body", "answer", "content", "article", "antwort", "inhalt", "respuesta", "contenido", "réponse", "contenu", "risposta", "antwoord")  # fmt: skip
_TITLE_COLUMNS = ("title", "question", "subject", "name", "titel", "frage", "título", "titulo", "pregunta", "titre", "question fréquente", "titolo", "domanda", "vraag")  # fmt: skip
_KEPT = ("kind", "category", "audience", "language", "owner", "product", "labels", "tags", "locale", "verified", "status")
_MARKUP = re.compile(r"</(p|div|ul|ol|h[1-6]|table|span|strong|b|a)>|<br\s*/?>", re.IGNORECASE)


def read_csv(open_: Callable[[], IO[bytes]], name: str) -> Iterator[Item]:
    """A document for each row. Raises InputError when no separator gives a column of titles and one of texts."""
    charset = charset_of_stream(open_, name)
    csv.field_size_limit(LARGEST_FIELD)
    with open_() as raw, io.TextIOWrapper(raw, charset, errors="replace", newline="") as text:
        first = text.readline().removeprefix("\ufeff")
        if first.strip().lower().startswith("sep="):  # Excel's own first line
            first = text.readline()
        delimiter = _delimiter(first, name)
        rows = csv.DictReader(itertools.chain([first], text), delimiter=delimiter)
        names = _Names(name)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield InputError(f"the row cannot be read ({error}); look at its quotes.", source=name, line=rows.line_num)
                continue
            values = {str(key).strip().lower(): value for key, value in row.items() if key is not None and isinstance(value, str)}
            yield _record(values, name, rows.line_num, names)


def read_jsonl(open_: Callable[[], IO[bytes]], name: str) -> Iterator[Item]:
    """A document for each line; a line that cannot be used is an InputError in its place."""
    charset = charset_of_stream(open_, name)
    names = _Names(name)
    with open_() as raw, io.TextIOWrapper(raw, charset, errors="replace") as text:
        for number, line in enumerate(text, 1):
            if line.strip("\ufeff \t\r\n"):
                yield _json_line(line, name, number, names)


class _Names:
    """Places of rows within their table: by their own id or title, so that a row put in between moves no other."""

    def __init__(self, table: str) -> None:
        self.table, self.seen = table, Counter[str]()

    def place(self, key: str) -> str:
        self.seen[key] += 1
        return f"{self.table}#{key}" + (f"-{self.seen[key]}" if self.seen[key] > 1 else "")


def _delimiter(header: str, name: str) -> str:
    best: list[str] = []
    for delimiter in (",", ";", "\t", "|"):
        columns = [column.strip().lower() for column in next(csv.reader([header], delimiter=delimiter), [])]
        if set(columns) & set(_TEXT_COLUMNS) and set(columns) & set(_TITLE_COLUMNS):
            return delimiter
        best = max(best, columns, key=len)
    found = ", ".join(column[:40] for column in best[:20] if column) or "none"
    raise InputError(
        f"it needs a column title (or question) and a column text (or answer, body); it has {found}. "
        "Name them so in the first line.",
        source=name,
        line=1,
    )


def _json_line(line: str, name: str, number: int, names: _Names) -> Item:
    try:
        values = json.loads(line.lstrip("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        return InputError(f"the line is not JSON ({getattr(error, 'msg', 'nested too deeply')}).", source=name, line=number)
    if not isinstance(values, dict):
        return InputError("the line is not an object.", source=name, line=number)
    return _record(values, name, number, names)


def _record(values: dict[str, Any], name: str, line: int, names: _Names) -> Item:
    """A row or object as a document."""
    text = next((str(values[key]).strip() for key in _TEXT_COLUMNS if values.get(key)), "")
    if not text:
        return InputError("it has no text.", source=name, line=line)
    if len(text) > LARGEST_FIELD:
        return InputError(
            f"its text has {len(text):,} characters and at most {LARGEST_FIELD:,} are read.", source=name, line=line
        )
    title = " ".join(next((str(values[key]) for key in _TITLE_COLUMNS if values.get(key)), "").split())
    notes: tuple[str, ...] = ()
    if len(_MARKUP.findall(text)) >= 2:
        from knowledge_base.html import to_page

        page = to_page(text)
        text, notes = page.body or text, page.notes
    try:
        front = _properties(values, name)
    except InputError as error:
        return InputError(error.problem, source=name, line=line)
    given = str(values.get("id") or "").strip()
    key = given or (readable_slug(title) if title else str(line))
    place = names.place(key)
    return Document(
        usable_id(given) if given else f"{id_of(name)[:40]}-{place.rpartition('#')[2]}",
        title or _first_words(text), text, front.meta, front.status, place=place, given=bool(given), notes=notes,
    )  # fmt: skip


def _properties(values: dict[str, Any], name: str) -> Document:
    """The properties of a row, read as those of front matter are."""
    import yaml

    front = {key: values[key] for key in _KEPT if values.get(key)}
    return read_document(f"---\n{yaml.safe_dump(front)}---\n" if front else "", source=name, fallback_id=PurePosixPath(name).stem)


def _first_words(text: str) -> str:
    """A title for a text without one: its first words, word for word."""
    line = text.strip().split("\n")[0]
    return line if len(line) <= 80 else line[:80].rsplit(" ", 1)[0]
