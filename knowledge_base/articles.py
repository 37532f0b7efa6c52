"""Articles with their versions, and the passages of what is published.

A version is never changed once saved. Publishing cuts it into passages, embeds those that are new or changed
and raises the index generation, all in the caller's transaction.
"""

import logging
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from knowledge_base.chunking import chunks, plain
from knowledge_base.embedding import Embed, Encoder, Prepared, Vectors, as_encoder
from knowledge_base.frontmatter import read_document
from triage import audit
from triage.database import direct
from triage.errors import EmbedderUnavailable, InputError
from triage.models import Article, ArticleVersion, IndexState, Passage, PassageVector, now

log = logging.getLogger(__name__)

FILED = ("category", "audience", "language")  # properties that stand in each passage, for searches to filter by
AUDIENCES = ("public", "internal")
KINDS = ("article", "policy")
_META = ("kind", "category", "audience", "language", "owner", "product", "labels", "verified_on", "source", "translation_of")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_MANY = func.count().label("many")
_LANGUAGES = (  # asked by every run
    select(Article.language, _MANY)
    .where(Article.status == "published")
    .group_by(Article.language)
    .order_by(_MANY.desc(), Article.language)
)
GENERATION = select(IndexState.generation).where(IndexState.id == 1)  # asked by every search
_TITLE_SHARE = 0.3  # of the title's own vector in a passage's vector


def save_version(
    session: Session, article_id: str | None, *, title: str, body: str, author: str, note: str = "", **meta: Any
) -> ArticleVersion:
    """Save a draft: a new article (with `article_id` or, when None, an id made from the title) or a new version of one.

    `meta` may hold kind, category, audience, language, owner, product, labels, verified_on and source; what is left out
    stays as it is. Raises InputError for an empty title or body, an unknown audience or kind, or an unusable id.
    """
    title, body, meta = " ".join(title.split()), body.replace("\r\n", "\n").replace("\r", "\n").strip("\n"), _checked(meta)
    if not title or not body.strip():
        raise InputError("An article needs a title and a text.", source=article_id or title)
    in_turn(session)
    article = session.get(Article, article_id, with_for_update=True) if article_id else None
    if article is None:
        article = Article(id=article_id or _free_id(session, title))
        check_id(article.id, source=title)
    refiled = any(name in FILED and getattr(article, name) != value for name, value in meta.items())
    for name, value in meta.items():
        setattr(article, name, value)
    if refiled:
        refile(session, article)
    article.latest_version += 1
    article.updated_at = now()
    session.add(article)
    session.flush()
    version = ArticleVersion(
        article_id=article.id, number=article.latest_version, title=title, body=body, author=author, note=note
    )
    session.add(version)
    session.flush()
    audit.append(session, "article.saved", actor=author or "system", article=article.id, version=version.number)
    return version


def publish(session: Session, article_id: str, *, author: str, embed: Embed, version: int | None = None) -> int:
    """Make a version (the latest unless said) what searches find; returns how many passages had to be embedded.

    Raises InputError when there is no such article or version.
    """
    generation = next_generation(session)  # first: its row lock puts publications in order
    article = _article(session, article_id)
    chosen = version_of(session, article_id, version or article.latest_version)
    embedded = _write_passages(session, article, chosen, as_encoder(embed), generation)
    article.status, article.published_version, article.updated_at = "published", chosen.number, now()
    chosen.published_at = now()
    session.add_all([article, chosen])
    audit.append(session, "article.published", actor=author or "system", article=article_id, version=chosen.number)
    return embedded


def unpublish(session: Session, article_id: str, *, author: str) -> None:
    """Take an article out of all searches; its versions stay. Raises InputError when there is no such article."""
    generation = next_generation(session)
    article = _article(session, article_id)
    for passage in session.exec(select(Passage).where(Passage.article_id == article_id)):
        session.delete(passage)
    article.status, article.published_version, article.updated_at = "draft", None, now()
    session.add(article)
    audit.append(session, "article.unpublished", actor=author or "system", article=article_id, generation=generation)


def refile(session: Session, article: Article) -> None:
    """Bring category, audience and language of the article to its passages: searches go by them at once."""
    if article.published_version is None:
        return
    generation = next_generation(session)
    for passage in session.exec(select(Passage).where(Passage.article_id == article.id)):
        for name in FILED:
            setattr(passage, name, getattr(article, name))
        passage.generation = generation
        session.add(passage)


def check_id(article_id: str, *, source: str = "") -> None:
    """Raises InputError for what cannot be an article's id."""
    if not _ID.fullmatch(article_id):
        raise InputError(f"{article_id!r} cannot be an id: use letters, digits, dots, dashes (at most 120).", source=source)


def load_folder(session: Session, path: Path, *, embed: Embed, author: str = "system") -> int:
    """Publish every Markdown file with front matter under a folder; returns how many were new or changed.

    Files that are the same as the latest version are left alone, so this may run at every start. Raises
    InputError, naming the file, for one that cannot be read.
    """
    files = [(file, str(file.relative_to(path))) for file in sorted(path.rglob("*.md"))]
    documents = [read_document(file.read_text("utf-8"), source=name, fallback_id=slug(file.stem)) for file, name in files]
    changed = [d for d in documents if not is_same(session, d.id, d.title, d.body, d.meta)]
    prepared = prepare(embed, [(document.title, document.body) for document in changed])
    for d in changed:
        save_version(session, d.id, title=d.title, body=d.body, author=author, note="Loaded from a file", **d.meta)
        publish(session, d.id, author=author, embed=prepared)
    return len(changed)


def prepare(embed: Embed, articles: list[tuple[str, str]]) -> Prepared:
    """Embed (title, body) of many articles at once, ahead of their publication."""
    return Prepared(as_encoder(embed), _texts(articles))


def texts_of(*folders: Path) -> list[str]:
    """All texts that publishing the Markdown files of these folders will embed."""
    files = [file for folder in folders for file in sorted(folder.rglob("*.md"))]
    documents = [read_document(file.read_text("utf-8"), source=file.name, fallback_id=slug(file.stem)) for file in files]
    return _texts([(document.title, document.body) for document in documents])


def _texts(articles: list[tuple[str, str]]) -> list[str]:
    parts = [(title, chunk.heading, chunk.text) for title, body in articles for chunk in chunks(title, body)]
    return [searched_title(title, text) or text for title, _, text in parts] + [embedded_text(*part) for part in parts]


def is_same(session: Session, article_id: str, title: str, body: str, meta: dict[str, Any]) -> bool:
    """Whether the article already stands like this, text and properties."""
    article = session.get(Article, article_id)
    if article is None:
        return False
    latest = version_of(session, article_id, article.latest_version)
    return (latest.title, latest.body) == (title, body) and has_properties(article, meta)


def has_properties(article: Article, meta: dict[str, Any]) -> bool:
    """Whether an article has these properties; one that cannot be used it has not."""
    try:
        return all(getattr(article, name) == value for name, value in _checked(meta).items())
    except InputError:
        return False


def listing(session: Session) -> list[tuple[Article, str]]:
    """Every article with the title of its latest version, by title."""
    statement = (
        select(Article, ArticleVersion.title)
        .join(
            ArticleVersion,
            (col(ArticleVersion.article_id) == Article.id) & (col(ArticleVersion.number) == Article.latest_version),
        )
        .order_by(func.lower(ArticleVersion.title), col(Article.id))
    )
    return list(session.exec(statement))


def versions(session: Session, article_id: str) -> list[ArticleVersion]:
    """All versions of an article, newest first."""
    statement = select(ArticleVersion).where(ArticleVersion.article_id == article_id).order_by(col(ArticleVersion.number).desc())
    return list(session.exec(statement))


def generation_of(session: Session) -> int:
    """How many publications there have been; grows with every change of what searches may find."""
    return session.execute(GENERATION).scalar() or 0


def languages_of(session: Session) -> list[str]:
    """The languages of the published articles, the one of most articles first."""
    direct.settle(session)
    return [language for language, _ in direct.rows(session, _LANGUAGES)]


def products_of(session: Session) -> tuple[str, ...]:
    """The products that published articles are about."""
    named = session.exec(select(Article.product).where(Article.status == "published"))
    return tuple(sorted({name.strip() for names in named for name in names or () if name.strip()}))


def passage_vectors(encoder: Encoder, parts: list[tuple[str, str, str]]) -> Vectors:
    """Vectors of (title, heading, text), with a share of the title's own vector: float32 (n, d), unit length."""
    if not parts:
        return np.zeros((0, 0), np.float32)
    encoded = encoder.encode(
        [searched_title(title, text) or text for title, _, text in parts] + [embedded_text(*part) for part in parts]
    )
    shares = np.array([_TITLE_SHARE if searched_title(title, text) else 0.0 for title, _, text in parts], np.float32)
    mixed = encoded[len(parts) :] + shares[:, None] * encoded[: len(parts)]
    vectors: Vectors = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def embedded_text(title: str, heading: str, text: str) -> str:
    """What of a passage is embedded beside its title."""
    return "\n".join(part for part in (searched_title(title, text), heading, plain(text)) if part)


def searched_title(title: str, text: str) -> str:
    """The title, unless the text begins with it (a title made from the first words must not count twice)."""
    return "" if text.startswith(title) else title


def _write_passages(session: Session, article: Article, version: ArticleVersion, encoder: Encoder, generation: int) -> int:
    """Bring the article's rows to this version; returns how many passages were embedded, which are those it did not hold yet."""
    rows = {row.id: row for row in session.exec(select(Passage).where(Passage.article_id == article.id))}
    vectors = _vectors_of(session, article.id, encoder.name) if rows else {}
    known = {_content(row): vectors[row.id] for row in rows.values() if row.id in vectors}
    there, fresh, outdated = set(rows), list[Passage](), list[str]()
    for ordinal, chunk in enumerate(chunks(version.title, version.body)):
        id = f"{article.id}#{ordinal}"
        row = rows.pop(id, None) or Passage(
            id=id, article_id=article.id, version=version.number, ordinal=ordinal, title="", text=""
        )
        if _content(row) != (version.title, chunk.heading, chunk.text):
            outdated.append(id)
        if id not in vectors or outdated[-1:] == [id]:
            fresh.append(row)
        filed = {name: getattr(article, name) for name in FILED}
        if row in fresh or any(getattr(row, name) != value for name, value in filed.items()):
            row.generation = generation
        row.title, row.heading, row.text, row.version = version.title, chunk.heading, chunk.text, version.number
        for name, value in filed.items():
            setattr(row, name, value)
        session.add(row)
    for row in rows.values():
        session.delete(row)
    session.flush()
    if replaced := there.intersection(outdated):
        session.execute(delete(PassageVector).where(col(PassageVector.passage_id).in_(replaced)))
    return _write_vectors(session, encoder, fresh, known)


def _content(passage: Passage) -> tuple[str, str, str]:
    return passage.title, passage.heading, passage.text


def _vectors_of(session: Session, article_id: str, embedder: str) -> dict[str, bytes]:
    made = select(PassageVector.passage_id, PassageVector.vector).join(Passage, col(Passage.id) == PassageVector.passage_id)
    return dict(session.exec(made.where(Passage.article_id == article_id, PassageVector.embedder == embedder)).all())


def _write_vectors(session: Session, encoder: Encoder, fresh: list[Passage], known: dict[tuple[str, str, str], bytes]) -> int:
    """Give passages their vectors, of `known` contents those that are there; returns how many were embedded.

    Without an embedder they are found by their words until it is back.
    """
    unknown = [row for row in fresh if _content(row) not in known]
    try:
        made = passage_vectors(encoder, [_content(row) for row in unknown])
        known = {**known, **{_content(row): vector.tobytes() for row, vector in zip(unknown, made, strict=True)}}
    except EmbedderUnavailable as error:
        log.warning("%d passages are found by their words only for now: %s", len(unknown), error)
    vectors = [
        PassageVector(embedder=encoder.name, passage_id=row.id, vector=known[_content(row)])
        for row in fresh
        if _content(row) in known
    ]
    session.add_all(vectors)
    session.flush()
    if vectors:
        first = update(IndexState).where(col(IndexState.id) == 1, col(IndexState.embedder) == "").values(embedder=encoder.name)
        session.execute(first.execution_options(synchronize_session=False))
    return len(unknown)


def in_turn(session: Session) -> None:
    """Wait until nobody else changes articles, up to the transaction's end.

    Called before an article is locked: two that lock in different orders would wait for each other for ever.
    """
    session.exec(select(IndexState.id).where(IndexState.id == 1).with_for_update()).first()


def next_generation(session: Session) -> int:
    """Count one more publication; its row lock puts all that change what searches find in order."""
    raised = update(IndexState).where(col(IndexState.id) == 1).values(generation=col(IndexState.generation) + 1)
    if session.execute(raised.execution_options(synchronize_session=False)).rowcount == 0:  # type: ignore[attr-defined]
        session.add(IndexState(id=1, generation=1))
        session.flush()
    return session.exec(select(IndexState.generation).where(IndexState.id == 1)).one()


def _article(session: Session, article_id: str) -> Article:
    if (article := session.get(Article, article_id)) is None:
        raise InputError(f"There is no article {article_id}; it may have been renamed. Look it up in the list.")
    return article


def version_of(session: Session, article_id: str, number: int) -> ArticleVersion:
    """A version of an article; raises InputError when there is none."""
    found = session.exec(
        select(ArticleVersion).where(ArticleVersion.article_id == article_id, ArticleVersion.number == number)
    ).first()
    if found is None:
        raise InputError(f"Article {article_id} has no version {number}.")
    return found


def _free_id(session: Session, title: str) -> str:
    """An id from the title that no article has yet."""
    base = slug(title)
    taken = set(session.exec(select(Article.id).where(col(Article.id).startswith(base, autoescape=True))))
    return base if base not in taken else next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def slug(text: str) -> str:
    """Lower-case letters, digits and dashes; "article" when nothing is left."""
    import unicodedata

    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:80].strip("-") or "article"


def _checked(meta: dict[str, Any]) -> dict[str, Any]:
    """The properties with their types made right; raises InputError for one that cannot be used."""
    if unknown := set(meta) - set(_META):
        raise InputError(f"An article has no property {', '.join(sorted(unknown))}; use {', '.join(_META)}.")
    checked = dict(meta)
    for name, allowed in (("audience", AUDIENCES), ("kind", KINDS)):
        if name in checked and checked[name] not in allowed:
            raise InputError(f"{name} is {checked[name]!r}; use {' or '.join(allowed)}.")
    if isinstance(checked.get("verified_on"), str):
        try:
            checked["verified_on"] = date.fromisoformat(checked["verified_on"])
        except ValueError as error:
            raise InputError(f"verified is {checked['verified_on']!r}; use a date such as 2026-11-20.") from error
    for name in ("product", "labels"):
        if name in checked:
            checked[name] = [str(value) for value in checked[name]]
    return checked
