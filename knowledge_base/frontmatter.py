"""Articles as files: YAML front matter between --- lines, then Markdown."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from triage.errors import InputError
from triage.models import Article, ArticleVersion

_FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\r?\n|\Z)")
_TEXTS = ("kind", "category", "audience", "language", "owner", "source")


@dataclass(frozen=True)
class Document:
    """An article on its way in; `meta` holds properties for save_version, `status` is published or draft."""

    id: str
    title: str
    body: str
    meta: dict[str, Any] = field(default_factory=dict)
    status: str = "published"


def read_document(text: str, *, source: str, fallback_id: str) -> Document:
    """Read one file. Without front matter the title is its first heading, else its name; raises InputError for broken YAML."""
    front, body = _split(text, source)
    title = str(front.get("title") or "").strip()
    if not title and (heading := _TITLE.match(body)):
        title, body = heading.group(1), body[heading.end() :]
    meta: dict[str, Any] = {name: str(front[name]) for name in _TEXTS if front.get(name) is not None}
    for name in ("product", "labels"):
        if name in front:
            meta[name] = _strings(front[name])
    if verified := front.get("verified"):
        meta["verified_on"] = _date(verified, source)
    status = str(front.get("status") or "published")
    if status not in ("published", "draft"):
        raise InputError(f"status is {status!r}; use published or draft.", source=source)
    body = body.replace("\r\n", "\n").strip("\n")
    return Document(
        str(front.get("id") or fallback_id), " ".join(title.split()) or fallback_id.replace("-", " "), body, meta, status
    )


def write_document(article: Article, version: ArticleVersion, *, published: bool) -> str:
    """The file that `read_document` reads back as the same article."""
    front: dict[str, Any] = {"id": article.id, "title": version.title, **{name: getattr(article, name) for name in _TEXTS}}
    front |= {"product": article.product, "labels": article.labels}
    if article.verified_on:
        front["verified"] = article.verified_on
    if not published:
        front["status"] = "draft"
    return f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)}---\n{version.body}\n"


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
