"""Files of many kinds to documents: Markdown, HTML, PDF, DOCX, CSV, JSON Lines and zips of these.

A reader gives documents one by one, or InputError for an item it cannot use; what it gives has a title and a text.
"""

import io
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from knowledge_base import archives, tables
from knowledge_base.charsets import decode
from knowledge_base.frontmatter import Document, read_document
from knowledge_base.naming import id_of, id_of_address, title_of
from triage.errors import InputError

LARGEST_FILE = 50_000_000  # bytes of a file that is one article
LARGEST_TABLE = 2_000_000_000  # bytes of a CSV or JSON Lines file, which is read row by row
LARGEST_ZIP = 1_000_000_000  # bytes packed

Item = Document | InputError
Reader = Callable[["File"], Iterator[Item]]


@dataclass(frozen=True)
class File:
    """Something to read: its path within its source, its size in bytes, and how to open it (again and again).

    Of a page, `address` is where it was fetched from, and `charset` and `kind` (an ending such as ".html") what the server said.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    address: str = ""
    charset: str = ""
    kind: str = ""

    @property
    def ending(self) -> str:
        return self.kind or PurePosixPath(self.name).suffix.lower()

    def content(self) -> bytes:
        """All of it, up to the largest that is read."""
        with self.open() as file:
            return file.read(LARGEST_FILE + 1)

    @classmethod
    def of(cls, data: bytes, name: str) -> "File":
        """A file that is in memory already."""
        return cls(name, len(data), lambda: io.BytesIO(data))

    @classmethod
    def at(cls, path: Path, name: str = "") -> "File":
        """A file on disk."""
        return cls(name or path.name, path.stat().st_size, lambda: path.open("rb"))


def read_bytes(data: bytes, name: str) -> Iterator[Item]:
    """The documents of one file in memory; see `read`."""
    yield from read(File.of(data, name))


def _id(file: File) -> str:
    return id_of_address(file.name) if file.address else id_of(file.name)


def _title(file: File) -> str:
    return title_of(urlsplit(file.name).path or file.name) if file.address else title_of(file.name)


def read(file: File, skip: Container[str] = ()) -> Iterator[Item]:
    """The documents of one file, chosen by its extension; never raises for what the file holds.

    `skip` are places, also of members of a zip, that are not looked into.
    """
    if file.name in skip:
        return
    reader = _READERS.get(file.ending)
    if file.ending in _PICTURES:
        yield InputError("pictures are not taken by themselves; they come with a text that shows them.", source=file.name)
        return
    if reader is None:
        yield InputError(f"this kind of file is not read; use {', '.join(sorted(_READERS))}.", source=file.name)
        return
    largest = LARGEST_ZIP if reader is _zip else LARGEST_TABLE if reader in (_csv, _jsonl) else LARGEST_FILE
    if file.size > largest:
        yield InputError(f"it has {file.size:,} bytes and at most {largest:,} are read; split it.", source=file.name)
        return
    try:
        for item in _zip(file, skip) if reader is _zip else reader(file):
            yield replace(item, place=item.place or file.name) if isinstance(item, Document) else item
    except InputError as error:
        yield error if error.source else InputError(error.problem, source=file.name)
    except OSError as error:
        yield InputError(f"it cannot be read ({error.strerror or error}).", source=file.name)
    except Exception as error:  # a parser of other people's formats may raise anything
        yield InputError(f"it is damaged or not what its name says ({type(error).__name__}: {error}).", source=file.name)


def places(file: File) -> Iterator[str]:
    """The paths of what `read` will look into, known without reading it: the file's own, or those of a zip's members."""
    if file.ending != ".zip" or file.size > LARGEST_ZIP:
        yield file.name
        return
    try:
        with file.open() as raw, archives.opened(raw, file.name) as archive:
            yield from [member.name for member in archives.members(archive, ENDINGS)]
    except (InputError, OSError):
        yield file.name


def _markdown(file: File) -> Iterator[Item]:
    document = read_document(_text(file), source=file.name, fallback_id=_id(file))
    if not document.titled:
        document = replace(document, title=_title(file))
    yield _whole(document, file.name)


def _plain_text(file: File) -> Iterator[Item]:
    text = _text(file).replace("\r\n", "\n").replace("\r", "\n").strip()
    yield _whole(Document(_id(file), _title(file), text, titled=False), file.name)


def _html(file: File) -> Iterator[Item]:
    from knowledge_base.html import to_page

    page = to_page(_text(file), file.address, is_file=not file.address)
    meta = {"language": page.language} if page.language.isalpha() else {}
    title = page.title or _title(file)
    document = Document(_id(file), title, page.body, meta, titled=bool(page.title), notes=page.notes)
    yield _whole(replace(document, embedded=page.embedded, base=page.base), file.name)


def _pdf(file: File) -> Iterator[Item]:
    from knowledge_base.pdf import read_pdf

    title, body = read_pdf(file.content(), file.name)
    yield _whole(Document(_id(file), title or _title(file), body, titled=bool(title)), file.name)


def _docx(file: File) -> Iterator[Item]:
    from knowledge_base.word import read_docx

    title, body, notes, pictures = read_docx(file.content(), file.name)
    if title:
        document = Document(_id(file), title, body)
    else:
        document = read_document(body, source=file.name, fallback_id=_id(file))
        document = document if document.titled else replace(document, title=_title(file))
    yield _whole(replace(document, notes=notes, embedded=pictures), file.name)


def _csv(file: File) -> Iterator[Item]:
    yield from tables.read_csv(file.open, file.name)


def _jsonl(file: File) -> Iterator[Item]:
    yield from tables.read_jsonl(file.open, file.name)


def _zip(file: File, skip: Container[str] = ()) -> Iterator[Item]:
    """Members are read into memory under limits and never written to disk, so a path in a zip leads nowhere."""
    with file.open() as raw, archives.opened(raw, file.name) as archive:
        for member in archives.members(archive, ENDINGS):
            if member.name in skip:
                continue
            if member.problem:
                yield InputError(member.problem, source=member.name)
            elif PurePosixPath(member.name).suffix.lower() not in ENDINGS:
                yield from read(File.of(b"", member.name))
            else:
                try:
                    data = archives.content(archive, member)
                except InputError as error:
                    yield error
                    continue
                yield from read(File.of(data, member.name))


def _whole(document: Document, name: str) -> Item:
    return document if document.body.strip() else InputError("it holds no text.", source=name)


def _text(file: File) -> str:
    return decode(file.content(), file.name, file.charset)


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
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".ico", ".tif", ".tiff"})
ENDINGS = frozenset(_READERS)
