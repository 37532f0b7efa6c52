"""Files of many kinds to documents: Markdown, HTML, PDF, DOCX, CSV, JSON Lines and zips of these.

A reader gives documents one by one, or InputError for an item it cannot use; what it gives has a title and a text.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from knowledge_base.articles import slug
from knowledge_base.frontmatter import Document, read_document
from triage.errors import InputError

LARGEST_FILE = 50_000_000  # bytes
LARGEST_ZIP = 200_000_000  # bytes once unpacked
MOST_MEMBERS = 20_000
STEEPEST = 200  # times a member may grow when unpacked

Item = Document | InputError
Reader = Callable[[bytes, str], Iterator[Item]]

_TEXT_COLUMNS = ("text", "body", "answer", "content")
_TITLE_COLUMNS = ("title", "question", "subject", "name")
_KEPT = ("kind", "category", "audience", "language", "owner", "product", "labels", "verified")


def read_bytes(data: bytes, name: str) -> Iterator[Item]:
    """The documents of one file, chosen by its extension; never raises for what the file holds."""
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        yield InputError(f"this kind of file is not read; use {', '.join(sorted(_READERS))}.", source=name)
        return
    if len(data) > LARGEST_FILE and reader is not _zip:
        yield InputError(f"it has {len(data):,} bytes and at most {LARGEST_FILE:,} are read; split it.", source=name)
        return
    try:
        yield from reader(data, name)
    except InputError as error:
        yield error
    except Exception as error:  # a parser of other people's formats may raise anything
        yield InputError(f"it is damaged or not what its name says ({type(error).__name__}: {error}).", source=name)


def _markdown(data: bytes, name: str) -> Iterator[Item]:
    yield _whole(read_document(_text(data, name), source=name, fallback_id=_id_of(name)), name)


def _plain_text(data: bytes, name: str) -> Iterator[Item]:
    yield _whole(Document(_id_of(name), _title_of(name), _text(data, name).strip()), name)


def _html(data: bytes, name: str) -> Iterator[Item]:
    from knowledge_base.html import to_markdown

    title, body = to_markdown(_text(data, name))
    yield _whole(Document(_id_of(name), title or _title_of(name), body), name)


def _pdf(data: bytes, name: str) -> Iterator[Item]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise InputError("the PDF asks for a password; save it without one.", source=name)
    pages = [re.sub(r"[ \t]+", " ", page.extract_text() or "").strip() for page in reader.pages]
    if not any(pages):
        raise InputError("the PDF holds no text, only pictures; run a text recognition on it first.", source=name)
    parts = (
        [f"## Page {number}\n\n{_escaped(page)}" for number, page in enumerate(pages, 1) if page]
        if len(pages) > 1
        else [_escaped(pages[0])]
    )
    title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    yield _whole(Document(_id_of(name), title or _title_of(name), "\n\n".join(parts)), name)


def _docx(data: bytes, name: str) -> Iterator[Item]:
    import docx

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST_FILE:
            raise InputError(f"it unpacks to more than {LARGEST_FILE:,} bytes, which looks like a zip bomb.", source=name)
    document = docx.Document(io.BytesIO(data))
    lines: list[str] = []
    for block in document.iter_inner_content():
        lines += _docx_table(block) if hasattr(block, "rows") else _docx_paragraph(block)
    title = str(document.core_properties.title or "").strip()
    body = "\n".join(lines).strip()
    yield _whole(
        read_document(body, source=name, fallback_id=_id_of(name)) if not title else Document(_id_of(name), title, body), name
    )


def _docx_paragraph(paragraph: Any) -> list[str]:
    style, text = str(getattr(paragraph.style, "name", "") or ""), paragraph.text.strip()
    if not text:
        return []
    if style == "Title":
        return [f"# {text}", ""]
    if heading := re.fullmatch(r"Heading (\d)", style):
        return ["", f"{'#' * min(6, int(heading.group(1)) + 1)} {text}", ""]
    if style.startswith("List Number"):
        return [f"1. {text}"]
    if style.startswith("List"):
        return [f"- {text}"]
    return ["", text, ""]


def _docx_table(table: Any) -> list[str]:
    rows = [[" ".join(cell.text.split()).replace("|", "\\|") for cell in row.cells] for row in table.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", lines[0], "|" + " --- |" * len(rows[0]), *lines[1:], ""] if rows else []


def _csv(data: bytes, name: str) -> Iterator[Item]:
    text = _text(data, name)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
    columns = [column.strip().lower() for column in rows.fieldnames or []]
    if not set(columns) & set(_TEXT_COLUMNS) or not set(columns) & set(_TITLE_COLUMNS):
        found = ", ".join(columns) or "none"
        raise InputError(
            f"it needs a column title (or question) and a column text (or answer, body); it has {found}.", source=name, line=1
        )
    for row in rows:
        values = {str(key).strip().lower(): value for key, value in row.items() if key is not None and isinstance(value, str)}
        yield _record(values, name, rows.line_num)


def _jsonl(data: bytes, name: str) -> Iterator[Item]:
    for number, line in enumerate(io.StringIO(_text(data, name)), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            yield InputError(f"the line is not JSON ({error.msg}).", source=name, line=number)
            continue
        yield (
            _record(values, name, number)
            if isinstance(values, dict)
            else InputError("the line is not an object.", source=name, line=number)
        )


def _zip(data: bytes, name: str) -> Iterator[Item]:
    """Members are read into memory under limits and never written to disk, so a path in a zip leads nowhere."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_ZIP:
            raise InputError(f"it unpacks to more than {MOST_MEMBERS:,} files or {LARGEST_ZIP:,} bytes; split it.", source=name)
        for member in members:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts):
                continue
            problem = _member_problem(member, path)
            if problem:
                yield InputError(problem, source=f"{name}/{member.filename}")
                continue
            with archive.open(member) as file:
                content = file.read(LARGEST_FILE + 1)
            yield from read_bytes(content, str(path))


def _member_problem(member: zipfile.ZipInfo, path: PurePosixPath) -> str:
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "its path leads out of the zip."
    if member.flag_bits & 1:
        return "it is encrypted; pack the zip without a password."
    if member.file_size > LARGEST_FILE or member.file_size > STEEPEST * max(member.compress_size, 1000):
        return f"it unpacks to {member.file_size:,} bytes, which looks like a zip bomb."
    return "a zip within the zip is not opened; unpack it first." if path.suffix.lower() == ".zip" else ""


def _record(values: dict[str, Any], name: str, line: int) -> Item:
    """A CSV row or JSON object as a document."""
    text = next((str(values[key]).strip() for key in _TEXT_COLUMNS if values.get(key)), "")
    if not text:
        return InputError("it has no text.", source=name, line=line)
    title = next((str(values[key]) for key in _TITLE_COLUMNS if values.get(key)), "")
    front = {key: values[key] for key in _KEPT if values.get(key)}
    try:
        if front:
            import yaml

            meta = read_document(f"---\n{yaml.safe_dump(front)}---\n", source=name, fallback_id="x").meta
        else:
            meta = {}
    except InputError as error:
        return InputError(error.problem, source=name, line=line)
    given = str(values.get("id") or "").strip()
    return Document(
        usable_id(given) if given else f"{_id_of(name)}-{line}", " ".join(title.split()) or _first_words(text), text, meta
    )


def usable_id(given: str) -> str:
    """The id as it is, or a readable one with a digest when it has other characters than an article's id may."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", given):
        return given
    import hashlib

    return f"{slug(given)}-{hashlib.sha256(given.encode()).hexdigest()[:8]}"


def _whole(document: Document, name: str) -> Item:
    return document if document.body.strip() else InputError("it holds no text.", source=name)


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    if b"\x00" in data[:4000]:
        raise InputError("it is not a text file.", source=name)
    return data.decode("cp1252", errors="replace")


def _escaped(text: str) -> str:
    """Text from a page: no line of it turns into a heading or a rule by accident."""
    return re.sub(r"^(\s*)(#{1,6}\s|[-=]{3,}\s*$)", r"\1\\\2", text, flags=re.MULTILINE)


def _first_words(text: str) -> str:
    """A title for a text without one: its first words, word for word."""
    line = text.strip().split("\n")[0]
    return line if len(line) <= 80 else line[:80].rsplit(" ", 1)[0]


def _id_of(name: str) -> str:
    return slug(str(PurePosixPath(name).with_suffix("")))


def _title_of(name: str) -> str:
    return re.sub(r"[-_]+", " ", PurePosixPath(name).stem).strip().capitalize() or "Untitled"


_READERS: dict[str, Reader] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain_text,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".zip": _zip,
}
