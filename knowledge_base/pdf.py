"""PDFs to Markdown: read in a child process with limits, running heads and page numbers left out, lines joined again."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from triage.errors import InputError

MOST_PAGES = 2_000
SECONDS = 90.0
_END = re.compile(r"[.!?:;…)\"”]\s*$")
_ITEM = re.compile(r"^\s*(?:[-•‣▪●○*–]|\d{1,2}[.)])\s+")
_NUMBER = re.compile(r"^(?:page|seite|página|pagina)?\s*\d{1,4}(?:\s*(?:/|of|von|de|di)\s*\d{1,4})?$", re.IGNORECASE)


def read_pdf(data: bytes, name: str) -> tuple[str, str]:
    """Title (or "") and Markdown. Raises InputError for a PDF that is broken, locked, too long or without text."""
    found = _read(data, name)
    if found.get("problem") == "locked":
        raise InputError("the PDF asks for a password; save it without one.", source=name)
    if found.get("problem") == "long":
        raise InputError(f"the PDF has {found['pages']:,} pages and at most {MOST_PAGES:,} are read; split it.", source=name)
    pages = _without_running_lines([_lines(page) for page in found["pages"]])
    if not any(pages):
        raise InputError("the PDF holds no text, only pictures; run a text recognition on it first.", source=name)
    outline = [(" ".join(str(heading).split()), page) for heading, page in found["outline"] if isinstance(page, int)]
    return " ".join(str(found["title"]).split()), "\n\n".join(_sections(pages, outline))


def _read(data: bytes, name: str) -> dict[str, Any]:
    command = [sys.executable, "-I", str(Path(__file__).with_name("pdf_reader.py")), str(MOST_PAGES)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"the PDF could not be read within {SECONDS:.0f} seconds; split it, or save it anew.", source=name
        ) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1].rpartition(".")[2][:200] if said else "it took too much time or memory"
        raise InputError(f"the PDF is damaged ({why}); open it and save it anew.", source=name)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _lines(page: str) -> list[str]:
    return [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in page.replace("\x00", "").split("\n")]


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """Pages without page numbers, and without first and last lines that most pages share."""
    edges: Counter[str] = Counter()
    for page in pages:
        said = [line for line in page if line]
        edges.update({_pattern(line) for line in said[:2] + said[-2:]})
    running = {line for line, count in edges.items() if len(pages) >= 4 and count > 0.6 * len(pages)}
    cleaned = []
    for page in pages:
        places = [n for n, line in enumerate(page) if line]
        edge = {*places[:2], *places[-2:]}
        kept = [
            line
            for n, line in enumerate(page)
            if not (n in edge and (_pattern(line) in running or (len(pages) > 1 and _NUMBER.match(line))))
        ]
        cleaned.append(kept if any(kept) else [])
    return cleaned


def _pattern(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def _sections(pages: list[list[str]], outline: list[tuple[str, int]]) -> Iterator[str]:
    """The text under the headings of the outline; without one, under the numbers of the pages."""
    for number, page in enumerate(pages):
        headings = [heading for heading, on in outline if on == number and heading]
        if not outline and len(pages) > 1 and page:
            yield f"## Page {number + 1}"
        for heading in [h for h in headings if h not in page]:
            yield f"## {heading}"
        yield from _paragraphs(page, {h for h in headings if h in page})


def _paragraphs(lines: list[str], headings: set[str]) -> Iterator[str]:
    """Lines joined to paragraphs: one ends at a blank line, at an item, and where a line is full stopped well before the edge."""
    widest = max((len(line) for line in lines), default=0)
    held: list[str] = []

    def text() -> str:
        joined = re.sub(r"(?<=[a-zà-ÿ])[-\u00ad]\n(?=[a-zà-ÿ])", "", "\n".join(held)).replace("\n", " ")
        held.clear()
        return _escaped(re.sub(r"^[•‣▪●○–]\s+", "- ", joined))

    for line in lines:
        if held and (not line or line in headings or _ITEM.match(line)):
            yield text()
        if line in headings:
            yield f"## {line}"
        elif line:
            held.append(line)
            if _END.search(line) and len(line) < 0.75 * widest:
                yield text()
    if held:
        yield text()


def _escaped(text: str) -> str:
    """Text from a page: no line of it turns into a heading or a rule by accident."""
    return re.sub(r"^(\s*)(#{1,6}\s|[-=]{3,}\s*$)", r"\1\\\2", text)
