"""Articles as files: YAML front matter between --- lines, then Markdown."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from triage.errors import InputError
from triage.models import Article, ArticleVersion

_FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\r?\n|\Z)")
_TEXTS = ("kind", "category", "audience", "language", "owner", "source", "translation_of")
_OTHER_NAMES = {"lang": "language", "tags": "labels", "locale": "language"}  # what other programs call them


@dataclass(frozen=True)
class KeptFile:
    """A file whose bytes are kept under their hash already."""

    filename: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Document:
    """An article on its way in; `meta` holds properties for save_version, `status` is published or draft.

    `place` is where in its source it stands (a path, a row, an address). `id` is only a proposal unless it was
    `given`; a title that was made from the file's name is not `titled`. `notes` say what was left out of it.

    What belongs to it: `attachments` are targets beside it, `embedded` files lie within it (linked as `embedded:NAME`),
    and `base` is the address that links which lead nowhere beside it are relative to. An import makes `files` of them,
    linked as `FILES` and `new-` with their number, and keeps in `said` the digest of the text as it was read.
    """

    id: str
    title: str
    body: str
    meta: dict[str, Any] = field(default_factory=dict)
    status: str = "published"
    place: str = ""
    given: bool = False
    titled: bool = True
    notes: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    embedded: Mapping[str, bytes] = field(default_factory=dict)
    base: str = ""
    files: tuple[KeptFile, ...] = ()
    said: str = ""

    @property
    def digest(self) -> str:
        """The same for the same text and properties, whatever the file is called."""
        if self.said:
            return self.said
        said = [self.title if self.titled else "", self.body, self.status, sorted((k, str(v)) for k, v in self.meta.items())]
        return hashlib.sha256(json.dumps(said).encode("utf-8", "surrogatepass")).hexdigest()


def read_document(text: str, *, source: str, fallback_id: str) -> Document:
    """Read one file. Without front matter the title is its first heading, else its name; raises InputError for broken YAML."""
    front, body = _split(text.replace("\r\n", "\n").replace("\r", "\n"), source)
    front = {_OTHER_NAMES.get(name, name): value for name, value in front.items()}
    title = str(front.get("title") or "").strip()
    if not title and (heading := _TITLE.match(body)):
        title, body = heading.group(1), body[heading.end() :]
    meta: dict[str, Any] = {name: str(front[name]) for name in _TEXTS if front.get(name) is not None}
    for name in ("product", "labels"):
        if name in front:
            meta[name] = _strings(front[name])
    if verified := front.get("verified"):
        meta["verified_on"] = _date(verified, source)
    status = str(front.get("status") or ("draft" if front.get("draft") is True else "published"))
    if status not in ("published", "draft"):
        raise InputError(f"status is {status!r}; use published or draft.", source=source)
    title = " ".join(title.split())
    return Document(
        str(front.get("id") or fallback_id), title or fallback_id.replace("-", " "), body.strip("\n"), meta, status,
        given=bool(front.get("id")), titled=bool(title), attachments=tuple(_strings(front.get("attachments"))),
    )  # fmt: skip


def attachments_in(text: str) -> list[str]:
    """The files that the front matter of a text names, seen from it."""
    if not re.search(r"^attachments:", text[:100_000], re.MULTILINE):
        return []
    try:
        return _strings(_split(text, "")[0].get("attachments"))
    except InputError:
        return []


def write_document(
    article: Article, version: ArticleVersion, *, published: bool, body: str = "", attachments: Sequence[str] = ()
) -> str:
    """The file that `read_document` reads back as the same article; `body` is its text when that is not the version's."""
    front: dict[str, Any] = {"id": article.id, "title": version.title, **{name: getattr(article, name) for name in _TEXTS}}
    front |= {"product": article.product, "labels": article.labels}
    if not article.translation_of:
        del front["translation_of"]
    if article.verified_on:
        front["verified"] = article.verified_on
    if not published:
        front["status"] = "draft"
    if attachments:
        front["attachments"] = list(attachments)
    head = yaml.dump(front, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{head}---\n{body or version.body}\n"


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML takes for the end of a line, so that it comes back as it was."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    breaks = any(letter in text for letter in "\n\r\x85\u2028\u2029")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if breaks else None)


_Dumper.add_representer(str, _represent)


def _split(text: str, source: str) -> tuple[dict[str, Any], str]:
    found = _FENCE.match(text)
    if not found:
        return {}, text.removeprefix("\ufeff")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(found.group(1))):  # a few lines would grow to gigabytes
            raise InputError("the front matter repeats values by reference (*name); write them out.", source=source, line=2)
        front = yaml.safe_load(found.group(1)) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            f"the front matter is not YAML ({getattr(error, 'problem', error)}); put quotes around values with a colon.",
            source=source,
            line=mark.line + 2 if mark else None,
        ) from error
    if not isinstance(front, dict):
        raise InputError("the front matter must be lines of `name: value`.", source=source, line=2)
    return front, text[found.end() :]


def _strings(value: Any) -> list[str]:
    return (
        [str(item) for item in value]
        if isinstance(value, list)
        else [part.strip() for part in str(value or "").split(",") if part.strip()]
    )


def _date(value: Any, source: str) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f"verified is {value!r}; use a date such as 2026-11-20.", source=source) from error
