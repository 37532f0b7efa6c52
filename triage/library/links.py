"""Links in articles: `[text](article-id)` to another article, `/article-files/7` to a file; `[[id]]` is short for the first.

Saving writes `[[id]]` out with the article's title, so that readers and searches only ever meet ordinary Markdown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlmodel import Session, col, or_, select

from knowledge_base import linking
from triage.library.article import current_id
from triage.models import Article, ArticleAlias, ArticleFile, ArticleVersion

FILES = linking.FILES
_SHORT = re.compile(r"(```.*?```|~~~.*?~~~|`[^`\n]*`)|\[\[\s*([^\]\[|\n]{1,120}?)\s*(?:\|([^\]\n]*))?\]\]", re.DOTALL)
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
Kind = Literal["missing", "renamed", "internal", "unpublished", "archived", "file"]


@dataclass(frozen=True)
class Problem:
    """A link that will not lead where it should; `why` says what to do, `severe` whether a reader gets stuck."""

    kind: Kind
    text: str
    target: str
    why: str

    @property
    def severe(self) -> bool:
        return self.kind != "renamed"


def written_out(session: Session, body: str) -> str:
    """The text with each `[[id]]` and `[[id|words]]` as an ordinary link; one that leads nowhere stays, to be found by `check`."""

    def write(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[0]
        article = session.get(Article, current_id(session, found[2]))
        if article is None:
            return found[0]
        return f"[{_escaped(found[3] or _title(session, article))}]({article.id})"

    return _SHORT.sub(write, body)


def targets(body: str) -> list[tuple[str, str]]:
    """(text, target) of every link to an article or a file, in order."""
    found: list[tuple[str, str]] = []
    for token in _parser().parse(body):
        href, words = None, ""
        for child in token.children or []:
            if child.type == "image":
                source = str(child.attrGet("src") or "")
                if source.startswith(FILES):
                    found.append((child.content or source, source))
            elif child.type == "link_open":
                href, words = str(child.attrGet("href") or ""), ""
            elif child.type == "link_close" and href is not None:
                if article_in(href) or href.startswith(FILES):
                    found.append((words, href))
                href = None
            elif href is not None:
                words += child.content
    short = [(match[3] or match[2], match[2]) for match in _SHORT.finditer(body) if match[1] is None]
    return found + short


def article_in(href: str) -> str | None:
    """The article that a link names, if it names one."""
    return href if _PLACE.fullmatch(href) else None


def check(session: Session, body: str, *, audience: str, article_id: str | None = None) -> list[Problem]:
    """Every link that leads nowhere, or from what customers read to what only the team may."""
    problems = [_problem(session, text, target, audience, article_id) for text, target in dict.fromkeys(targets(body))]
    return [problem for problem in problems if problem]


def pointing_to(session: Session, article_id: str) -> list[tuple[str, str]]:
    """(id, title) of the articles whose newest or published text links here."""
    ids = [article_id, *session.exec(select(ArticleAlias.id).where(ArticleAlias.article_id == article_id))]
    either = or_(ArticleVersion.number == Article.latest_version, ArticleVersion.number == Article.published_version)
    statement = (
        select(Article.id, ArticleVersion.title, ArticleVersion.body)
        .join(ArticleVersion, col(ArticleVersion.article_id) == Article.id)
        .where(either, Article.id != article_id, Article.status != "archived")
        .where(or_(*[col(ArticleVersion.body).contains(f"]({id})", autoescape=True) for id in ids]))
    )
    return sorted({(other, title) for other, title, _ in session.exec(statement)}, key=lambda found: found[1].casefold())


def resolver(session: Session) -> Callable[[str], str | None]:
    """The id that a link's article has now, None when there is none; asks the database once for each."""

    @lru_cache(maxsize=500)
    def resolve(article_id: str) -> str | None:
        found = current_id(session, article_id)
        return found if session.get(Article, found) else None

    return resolve


def _problem(session: Session, text: str, target: str, audience: str, article_id: str | None) -> Problem | None:
    if target.startswith(FILES):
        return _file_problem(session, text, target, article_id)
    now = current_id(session, target)
    article = session.get(Article, now)
    if article is None:
        why = "There is no such article. Link an id from the list, or write https:// before an address."
        return Problem("missing", text, target, why)
    if article.status == "archived":
        return Problem("archived", text, target, "This article is archived. Restore it, or take the link out.")
    if article.audience == "internal" and audience == "public":
        return Problem("internal", text, target, "Only the team may read this article; customers will not find it.")
    if article.published_version is None:
        return Problem("unpublished", text, target, "This article is not published yet.")
    if now != target:
        return Problem("renamed", text, target, f"It is called {now} now; the link is followed.")
    return None


def _file_problem(session: Session, text: str, target: str, article_id: str | None) -> Problem | None:
    number = target.removeprefix(FILES)
    file = session.get(ArticleFile, int(number)) if number.isdecimal() and len(number) < 10 else None
    if file is None or file.removed_at is not None:
        return Problem("file", text, target, "There is no such file any more. Add it again under Files, or take the link out.")
    if article_id and file.article_id != article_id:
        return Problem("file", text, target, "This file belongs to another article; add it here as well.")
    return None


def _title(session: Session, article: Article) -> str:
    newest = (ArticleVersion.article_id == article.id, ArticleVersion.number == article.latest_version)
    return session.exec(select(ArticleVersion.title).where(*newest)).first() or article.id


def _escaped(text: str) -> str:
    """Words inside the brackets of a link."""
    return re.sub(r"([\[\]\\])", r"\\\1", text.strip())


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")
