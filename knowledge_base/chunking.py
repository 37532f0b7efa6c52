"""Articles to passages: along the headings, never through a sentence or a step unless it is longer than a passage."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

FEWEST, MOST = 60, 180  # words of a passage; a short section may have fewer, none has more

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]”’]*\s+(?=[\"'(\[“‘¿¡]?[A-ZÀ-ÞА-Я0-9*_`])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|no|nr|art|vs|z\.B|bzw|ca|p\.ej|bijv|Mr|Mrs|Dr|St)\.|^\W*\d+[.)])$", re.IGNORECASE
)
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)|[*_`~]{1,3}|^#{1,6}\s+|^>\s?|^\s*[-+]\s+", re.MULTILINE)


@dataclass(frozen=True)
class Chunk:
    """A passage: `heading` is the path of headings above it ("Returns › How to pack"), `text` its Markdown."""

    heading: str
    text: str


@dataclass(frozen=True)
class _Piece:
    """A block that stays whole: a paragraph, a step, a table; `gap` is what stands between it and the one before."""

    text: str
    gap: str

    @property
    def size(self) -> int:
        return len(self.text.split())


@dataclass
class _Section:
    path: tuple[str, ...]
    pieces: list[_Piece]

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)


def chunks(title: str, body: str) -> list[Chunk]:
    """The passages of an article in order; every word of the body is in exactly one of them, as text or as heading.

    A heading that only repeats the title is left out of the path. An empty body gives no passages.
    """
    found: list[Chunk] = []
    for section in _merged(_sections(body)):
        path = [part for part in section.path if part.casefold() != title.strip().casefold()] or list(section.path[:1])
        heading = " › ".join(path)
        found += [Chunk(heading, text) for text in _packed(section.pieces)]
        if not section.pieces and heading:
            found += [Chunk(heading, text) for text in _packed(_fitted(heading, "", _by_sentence))]
    return found


def plain(text: str) -> str:
    """Markdown without its signs, for embedding and for showing a passage in a sentence."""
    return _MARKUP.sub(lambda match: match.group(1) or "", text)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; joined by spaces they hold all its words."""
    parts: list[str] = []
    for part in _SENTENCE_END.split(text):
        if parts and _ABBREVIATED.search(parts[-1]):
            parts[-1] += " " + part
        elif part:
            parts.append(part)
    return parts


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def _sections(body: str) -> list[_Section]:
    """The blocks under each heading, cut out of the source by the parser's line numbers."""
    lines = body.splitlines()
    sections, path = [_Section((), [])], []  # type: ignore[var-annotated]
    done, heading_level = 0, 0
    for token in _parser().parse("\n".join(lines)):
        if token.type == "inline" and heading_level:
            path = [part for part in path if part[0] < heading_level] + [(heading_level, plain(token.content).strip())]
            sections.append(_Section(tuple(text for _, text in path if text), []))
            heading_level = 0
        if token.level or not token.map:
            continue
        first, last = max(token.map[0], done), token.map[1]
        sections[-1].pieces += _pieces("paragraph", lines[done:first])  # link definitions, which give no token
        done = last
        if token.type == "heading_open":
            heading_level = int(token.tag[1:])
        else:
            sections[-1].pieces += _pieces(token.type, lines[first:last])
    sections[-1].pieces += _pieces("paragraph", lines[done:])
    return [section for section in sections if section.pieces or section.path]


def _pieces(kind: str, lines: list[str]) -> list[_Piece]:
    """One block as pieces that each fit a passage."""
    text = "\n".join(lines).strip("\n")
    if not text.strip() or kind == "hr":
        return []
    if kind in ("ordered_list_open", "bullet_list_open"):
        items = _items(text)
        return [piece for n, item in enumerate(items) for piece in _fitted(item, "\n" if n else "\n\n", _by_sentence)]
    split = _by_line if kind in ("table_open", "fence", "code_block", "html_block") else _by_sentence
    return _fitted(text, "\n\n", split)


def _items(text: str) -> list[str]:
    """The items of a list with what is nested in them."""
    lines = text.split("\n")
    starts = [token.map[0] for token in _parser().parse(text) if token.type == "list_item_open" and token.level == 1]
    starts = sorted({0, *starts})
    return ["\n".join(lines[first:last]).rstrip() for first, last in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _fitted(text: str, gap: str, split: Any) -> list[_Piece]:
    """The block whole when it fits a passage, else its sentences or lines, else its words."""
    if len(text.split()) <= MOST:
        return [_Piece(text, gap)]
    pieces: list[_Piece] = []
    for part, joint in split(text):
        words = part.split()
        runs = [part] if len(words) <= MOST else [" ".join(words[n : n + MOST]) for n in range(0, len(words), MOST)]
        pieces += [_Piece(run, (joint if n == 0 else " ") if pieces else gap) for n, run in enumerate(runs)]
    return pieces


def _by_sentence(text: str) -> Iterator[tuple[str, str]]:
    for sentence in sentences(text):
        yield sentence, " "


def _by_line(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        if line.strip():
            yield line, "\n"


def _merged(sections: list[_Section]) -> list[_Section]:
    """Short neighbours together: an opening takes the heading that follows, other headings stay as lines of the text."""
    merged: list[_Section] = []
    for section in sections:
        last = merged[-1] if merged else None
        if last is None or last.size >= FEWEST or last.size + section.size + 8 > MOST or not _belong(last, section):
            merged.append(_Section(section.path, list(section.pieces)))
        elif not last.path or not last.pieces:
            last.path = section.path
            last.pieces += section.pieces
        else:
            last.pieces += [*_fitted(f"**{section.path[-1]}**", "\n\n", _by_sentence), *section.pieces]
    return merged


def _belong(last: _Section, section: _Section) -> bool:
    """Whether two sections may share a passage: an opening with the first heading, or a heading with its own sub-heading."""
    return not last.path or (last.size < FEWEST // 2 and section.path[: len(last.path)] == last.path != section.path)


def _packed(pieces: list[_Piece]) -> list[str]:
    """Pieces put together in order: as few passages as MOST allows, of about the same size."""
    total = sum(piece.size for piece in pieces)
    goal = total / max(1, -(-total // MOST))
    texts: list[str] = []
    size = 0
    for piece in pieces:
        if texts and size + piece.size <= MOST and size < max(goal, FEWEST):
            texts[-1] += piece.gap + piece.text
            size += piece.size
        else:
            texts.append(piece.text)
            size = piece.size
    return texts
