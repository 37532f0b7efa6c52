"""Files that belong to articles: manuals, forms, pictures. Kept as those of messages are, checked by the same rules."""

from collections.abc import Callable

from sqlmodel import Session

from knowledge_base.frontmatter import KeptFile
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.intake.attachments import Patience, accept
from triage.intake.storage import attachment_path, keep_file
from triage.library import links
from triage.models import Article, ArticleFile, User, now
from triage.settings import Settings

MOST = 40  # files of one article


def add(
    session: Session, settings: Settings, user: User, article_id: str, filename: str, content_type: str, data: bytes
) -> ArticleFile:
    """Keep a file with an article. Raises InputError, saying why, for one that is too large or of a type not taken."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = session.get(Article, article_id)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}. Look it up in the list.")
    file = accept(filename, content_type, data, settings)
    if file.refused:
        raise InputError(file.refused, source=file.filename)
    keep_file(settings, file.sha256, file.data)
    kept = ArticleFile(
        article_id=article_id, filename=file.filename, content_type=file.content_type, size=file.size, sha256=file.sha256, added_by=user.id
    )  # fmt: skip
    session.add(kept)
    session.flush()
    audit.append(session, "article.file_added", actor=user.actor, article=article_id, file=kept.id, name=kept.filename)
    return kept


def keeper(settings: Settings) -> Callable[[str, bytes], KeptFile]:
    """Keeps the bytes of files that an import brings, by the same rules; the import writes their rows with its articles."""

    def keep(filename: str, data: bytes) -> KeptFile:
        file = accept(filename, "", data, settings, Patience(seconds=0))  # nobody needs their text
        if file.refused:
            raise InputError(file.refused, source=file.filename)
        keep_file(settings, file.sha256, file.data)
        return KeptFile(file.filename, file.content_type, file.size, file.sha256)

    return keep


def content(settings: Settings, file: ArticleFile) -> bytes:
    """The bytes of a file. Raises OSError when they are gone from the disk."""
    return attachment_path(settings, file.sha256).read_bytes()


def remove(session: Session, user: User, file_id: int) -> None:
    """Show a file no longer; links to it are listed as broken. The bytes stay, as old versions may speak of them."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    file = session.get(ArticleFile, file_id)
    if file is None or file.removed_at is not None:
        raise InputError("This file was removed already.")
    file.removed_at = now()
    session.add(file)
    audit.append(session, "article.file_removed", actor=user.actor, article=file.article_id, file=file.id, name=file.filename)


def link(file: ArticleFile) -> str:
    """The Markdown that links to a file."""
    return f"[{file.filename}]({links.FILES}{file.id})"
