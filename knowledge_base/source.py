"""All files of one import by their places, so that what a text shows or links to is found beside it."""

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import PurePosixPath

from knowledge_base import archives, linking, reading
from knowledge_base.charsets import decode
from knowledge_base.frontmatter import attachments_in
from knowledge_base.reading import File
from triage.errors import InputError

SYNONYMS = "synonyms.yaml"  # the administrators' list in an export
LARGEST_TOGETHER = 2_000_000_000  # bytes of all files that texts bring along
_TEXTS = frozenset({".md", ".markdown", ".html", ".htm"})
_ARTICLES = _TEXTS | {".txt", ".pdf", ".docx"}  # one file, one article
_OTHERS = (".md", ".markdown", ".html", ".htm", "/index.md", "/README.md", "/index.html")  # what generators of sites leave out
_NAMED = re.compile(r"""\b(?:href|src)\s*=\s*["']([^"'<>]+)["']""", re.IGNORECASE)


class Source:
    """The files of an import; close it to close its zips."""

    def __init__(self, files: Iterable[tuple[str, File | InputError]]) -> None:
        self._closing = ExitStack()
        self._contents: dict[str, Callable[[], bytes]] = {}
        self._taken = 0
        for _, file in files:
            if isinstance(file, File):
                self._add(file)

    def _add(self, file: File) -> None:
        if file.ending != ".zip":
            self._contents[file.name] = file.content
            return
        if file.size > reading.LARGEST_ZIP:
            return
        try:  # what is wrong with it the reader says
            archive = archives.opened(self._closing.enter_context(file.open()), file.name)
        except (InputError, OSError):
            return
        for member in archives.members(archive, reading.ENDINGS):
            if not member.problem:
                self._contents[member.name] = partial(archives.content, archive, member)

    def close(self) -> None:
        self._closing.close()

    def __contains__(self, place: str) -> bool:
        return place in self._contents

    def find(self, path: str) -> str | None:
        """The place of the file that a path means, also without its ending or by that of the page made from it."""
        plain = str(PurePosixPath(path).with_suffix("")) if PurePosixPath(path).suffix in (".html", ".htm") else path
        return next((place for place in (path, *(plain + ending for ending in _OTHERS)) if place in self._contents), None)

    def content(self, place: str) -> bytes:
        """The bytes of a file. Raises InputError when it cannot be read, or when all together are too many."""
        try:
            data = self._contents[place]()
        except OSError as error:
            raise InputError(f"it cannot be read ({error.strerror or error}).", source=place) from error
        self._taken += len(data)
        if self._taken > LARGEST_TOGETHER:
            raise InputError(f"the files of this import have more than {LARGEST_TOGETHER:,} bytes; split it.", source=place)
        return data

    @cached_property
    def brought(self) -> frozenset[str]:
        """The places of files that come with the texts that show them, and are no articles of their own."""
        found = {SYNONYMS} & self._contents.keys()
        if any(PurePosixPath(place).suffix.lower() not in _ARTICLES or "attachments/" in place for place in self._contents):
            for place in self._contents:
                if PurePosixPath(place).suffix.lower() in _TEXTS:
                    found |= self._brought_by(place)
        return frozenset(found)

    def _brought_by(self, place: str) -> set[str]:
        try:
            text = decode(self._contents[place](), place)
        except (InputError, OSError):
            return set()
        told = {linking.path_of(target, place) for target in linking.targets(text) + _NAMED.findall(text)}
        owned = {path for path in told if path and PurePosixPath(path).suffix.lower() not in _ARTICLES}
        owned |= {path for target in attachments_in(text) if (path := linking.path_of(target, place))}
        return owned & self._contents.keys()
