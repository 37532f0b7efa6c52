"""What Word, Excel and OpenDocument files say, to their reader and unseen: read from their XML, nothing is drawn or run."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from knowledge_base.archives import check_document
from triage.errors import InputError

_LARGEST = 50_000_000  # bytes unpacked
_MOST_MEMBERS = 40
_SEEN = (
    "word/document.xml",
    "word/header",
    "word/footer",
    "word/footnotes.xml",
    "content.xml",
    "xl/sharedStrings.xml",
    "xl/worksheets/",
)
_UNSEEN = ("word/comments.xml", "xl/comments", "docProps/core.xml", "docProps/custom.xml", "meta.xml")
_BREAKS = {"p", "h", "tr", "row", "si", "br", "cr", "table-row"}
_STAMPS = {"created", "modified", "date", "creation-date", "editing-duration", "revision", "generator", "lastModifiedBy", "creator", "initial-creator"}  # fmt: skip


def document_text(data: bytes, limit: int) -> tuple[str, str]:
    """Text that the file shows and text that it hides (comments, hidden runs, properties), `limit` characters each at most.

    ("", "") for a file that is broken, locked or a zip bomb: its text is evidence, and there is none.
    """
    seen: list[str] = []
    unseen: list[str] = []
    try:
        check_document(io.BytesIO(data), "attachment", _LARGEST)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in sorted(archive.namelist())[:_MOST_MEMBERS]:
                if name.endswith(".xml") and name.startswith(_SEEN + _UNSEEN):
                    shown, hidden = _said(archive.read(name), limit)
                    (seen if name.startswith(_SEEN) else unseen).append(shown)
                    unseen.append(hidden)
    except (InputError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ElementTree.ParseError):
        return "", ""
    return _joined(seen, limit), _joined(unseen, limit)


def _joined(parts: list[str], limit: int) -> str:
    return "\n".join(part for part in parts if part)[:limit]


def _said(markup: bytes, limit: int) -> tuple[str, str]:
    """The words of one member: shown, and those of runs that are marked as hidden."""
    shown: list[str] = []
    hidden: list[str] = []
    length = 0
    for text, unseen in _runs(markup):
        (hidden if unseen else shown).append(text)
        length += len(text)
        if length > 2 * limit:
            break
    return _lines(shown), _lines(hidden)


def _runs(markup: bytes) -> Iterator[tuple[str, bool]]:
    vanished = False
    for event, element in ElementTree.iterparse(io.BytesIO(markup), ("start", "end")):
        tag = str(element.tag).rpartition("}")[2]
        if event == "start":
            vanished = vanished and tag != "r"
            continue
        vanished = vanished or tag == "vanish"
        if element.text and element.text.strip() and tag not in _STAMPS:
            yield element.text, vanished
        if element.tail and element.tail.strip():
            yield element.tail, False
        if tag in ("tab", "tc", "c", "table-cell"):
            yield " ", False
        elif tag in _BREAKS or tag in ("title", "subject", "description", "keywords", "comment"):
            yield "\n", False
        if tag in _BREAKS:
            element.clear()


def _lines(parts: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
