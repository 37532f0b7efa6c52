"""Word documents to Markdown: headings, lists, tables and links; hidden text is left out."""

import io
import re
from typing import Any

from knowledge_base.archives import check_document
from triage.errors import InputError

_UNUSUAL = re.compile(r"[^\w .,-]")
_LARGEST = 100_000_000  # bytes unpacked


def read_docx(data: bytes, name: str) -> tuple[str, str, tuple[str, ...], dict[str, bytes]]:
    """Title (or ""), Markdown, what was left out, and the pictures by the names they are linked by. Raises InputError for a document that is broken or a zip bomb."""
    import docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(
            "it is locked with a password or of the old .doc kind; save it as .docx without a password.", source=name
        )
    check_document(io.BytesIO(data), name, _LARGEST)
    document = docx.Document(io.BytesIO(data))
    lines: list[str] = []
    pictures: dict[str, bytes] = {}
    for block in document.iter_inner_content():
        lines += _table(block, pictures) if hasattr(block, "rows") else _paragraph(block, pictures)
    notes = ("hidden text left out",) if _drops_hidden(document) else ()
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return str(document.core_properties.title or "").strip(), body, notes, pictures


def _paragraph(paragraph: Any, pictures: dict[str, bytes]) -> list[str]:
    style, text = str(getattr(paragraph.style, "name", "") or ""), _text(paragraph, pictures)
    if not text:
        return []
    if style == "Title":
        return [f"# {text}", ""]
    if heading := re.fullmatch(r"[Hh]eading (\d)", style):
        return ["", f"{'#' * min(6, int(heading.group(1)) + 1)} {text}", ""]
    level = re.search(r"(\d)$", style)
    indent = "   " * (int(level.group(1)) - 1 if level else 0)
    if style.startswith("List Number"):
        return [f"{indent}1. {text}"]
    if style.startswith("List") or (paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None):
        return [f"{indent}- {text}"]
    return ["", "\\" + text if re.match(r"(?:#{1,6}|[-+>])\s", text) else text, ""]


def _text(paragraph: Any, pictures: dict[str, bytes]) -> str:
    """What is seen of a paragraph, with its links and pictures; the latter are added to `pictures`."""
    parts: list[str] = []
    for piece in paragraph.iter_inner_content():
        runs = getattr(piece, "runs", None)
        if runs is None:
            parts.append("" if piece.font.hidden else piece.text + _shown(piece, pictures))
            continue
        said = "".join(run.text for run in runs if not run.font.hidden)
        address = str(piece.url or "")
        linked = said.strip() and re.match(r"(?:https?://|mailto:)[^\s()<>]+$", address)
        parts.append(f"[{said}]({address})" if linked else said)
    return " ".join("".join(parts).split())


def _shown(run: Any, pictures: dict[str, bytes]) -> str:
    """The pictures of a run, each with its description."""
    said = ""
    for drawing in run._r.xpath(".//w:drawing"):
        named = drawing.xpath(".//wp:docPr/@descr")
        for relation in drawing.xpath(".//a:blip/@r:embed"):
            part = run.part.related_parts.get(relation)
            if part is not None:
                name = str(part.partname).rpartition("/")[2]
                pictures[name] = part.blob
                said += f"![{_UNUSUAL.sub(' ', named[0]) if named else name}](embedded:{name})"
    return said


def _drops_hidden(document: Any) -> bool:
    return any(run.font.hidden and run.text.strip() for paragraph in document.paragraphs for run in paragraph.runs)


def _table(table: Any, pictures: dict[str, bytes]) -> list[str]:
    rows = [
        [
            " ".join(" ".join(_text(paragraph, pictures) for paragraph in cell.paragraphs).split()).replace("|", "\\|")
            for cell in row.cells
        ]
        for row in table.rows
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", lines[0], "|" + " --- |" * len(rows[0]), *lines[1:], ""] if rows else []
