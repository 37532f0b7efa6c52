"""Word documents to Markdown: headings, lists, tables and links; hidden text and pictures are left out and counted."""

import io
import re
from typing import Any

from knowledge_base.archives import check_document
from triage.errors import InputError

_LARGEST = 100_000_000  # bytes unpacked


def read_docx(data: bytes, name: str) -> tuple[str, str, tuple[str, ...]]:
    """Title (or ""), Markdown, and what was left out. Raises InputError for a document that is broken or a zip bomb."""
    import docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(
            "it is locked with a password or of the old .doc kind; save it as .docx without a password.", source=name
        )
    check_document(io.BytesIO(data), name, _LARGEST)
    document = docx.Document(io.BytesIO(data))
    lines: list[str] = []
    for block in document.iter_inner_content():
        lines += _table(block) if hasattr(block, "rows") else _paragraph(block)
    pictures, hidden = len(document.inline_shapes), _drops_hidden(document)
    notes = [f"{pictures} picture{'s' * (pictures > 1)} left out"] if pictures else []
    notes += ["hidden text left out"] if hidden else []
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return str(document.core_properties.title or "").strip(), body, tuple(notes)


def _paragraph(paragraph: Any) -> list[str]:
    style, text = str(getattr(paragraph.style, "name", "") or ""), _text(paragraph)
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


def _text(paragraph: Any) -> str:
    """What is seen of a paragraph, with its links."""
    parts: list[str] = []
    for piece in paragraph.iter_inner_content():
        runs = getattr(piece, "runs", None)
        if runs is None:
            parts.append("" if piece.font.hidden else piece.text)
            continue
        said = "".join(run.text for run in runs if not run.font.hidden)
        address = str(piece.url or "")
        linked = said.strip() and re.match(r"(?:https?://|mailto:)[^\s()<>]+$", address)
        parts.append(f"[{said}]({address})" if linked else said)
    return " ".join("".join(parts).split())


def _drops_hidden(document: Any) -> bool:
    return any(run.font.hidden and run.text.strip() for paragraph in document.paragraphs for run in paragraph.runs)


def _table(table: Any) -> list[str]:
    rows = [
        [" ".join(" ".join(map(_text, cell.paragraphs)).split()).replace("|", "\\|") for cell in row.cells] for row in table.rows
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", lines[0], "|" + " --- |" * len(rows[0]), *lines[1:], ""] if rows else []
