"""Articles that may be out of date, each with the reasons: nobody looked for long, edits, a date that passed, dead links."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from knowledge_base.dates import ended
from triage.accounts import access
from triage.accounts.access import Permission
from triage.library import links
from triage.models import Article, ArticleUse, ArticleVersion, User, now

UNVERIFIED = timedelta(days=180)
_EDITED = 3  # sentences resting on an article that people changed, and
_SHARE = 0.25  # their share of all, above which the article itself is doubted


@dataclass(frozen=True)
class Stale:
    """One published article with why it may be out of date, a sentence each; `verified_on` is when somebody last said it is right."""

    id: str
    title: str
    owner: str
    verified_on: date | None
    replies: int
    reasons: list[str]


def listing(session: Session, user: User, *, unverified: timedelta = UNVERIFIED) -> list[Stale]:
    """Published articles with a reason to look at them again: those with most reasons and most use first."""
    access.require(user, Permission.READ_KNOWLEDGE)
    return look(session, unverified=unverified)


def look(session: Session, *, unverified: timedelta = UNVERIFIED) -> list[Stale]:
    """`listing` for the machine's own administrator."""
    published = (col(ArticleVersion.article_id) == Article.id) & (col(ArticleVersion.number) == Article.published_version)
    uses = {use.article_id: use for use in session.exec(select(ArticleUse))}
    found: list[Stale] = []
    for article, version in session.exec(select(Article, ArticleVersion).join(ArticleVersion, published)).all():
        use = uses.get(article.id) or ArticleUse(article_id=article.id)
        reasons = _reasons(session, article, version, use, unverified)
        if reasons:
            found.append(Stale(article.id, version.title, article.owner, article.verified_on, use.replies, reasons))
    return sorted(found, key=lambda stale: (-len(stale.reasons), -stale.replies, stale.title))


def _reasons(session: Session, article: Article, version: ArticleVersion, use: ArticleUse, unverified: timedelta) -> list[str]:
    today = now().date()
    checked = article.verified_on or article.updated_at.date()
    reasons = []
    if today - checked > unverified:
        reasons.append(f"Nobody confirmed it for {(today - checked).days} days.")
    if use.edited >= _EDITED and use.edited >= _SHARE * use.sentences:
        reasons.append(f"People changed {use.edited} of {use.sentences} sentences that rested on it.")
    passed = [day for day in ended(version.body, today) if not _seen_since(version.body, day, article.verified_on)]
    if passed:
        reasons.append(f"It speaks of a time that is over: {', '.join(dict.fromkeys(passed))}.")
    reasons += [problem.why for problem in links.check(session, version.body, audience=article.audience)]
    return reasons


def _seen_since(body: str, day: str, verified_on: date | None) -> bool:
    """Whether somebody confirmed the article after that day: then it stands there on purpose."""
    return verified_on is not None and day in ended(body, verified_on)
