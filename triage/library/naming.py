"""Another id for an article: everything that belongs to it goes along, and links to the old id are followed."""

from sqlalchemy import Table, update
from sqlmodel import Session, SQLModel, col, select

from knowledge_base import articles
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Article, ArticleAlias, Passage, PassageVector, User, WorkingCopy

_ARTICLES: Table = Article.__table__  # type: ignore[attr-defined]


def rename(session: Session, user: User, article_id: str, new_id: str) -> None:
    """Give an article another id. Raises InputError for one that cannot be used, ConflictError for one that is taken."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    articles.in_turn(session)
    article = session.get(Article, article_id, with_for_update=True)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}. Look it up in the list.")
    articles.check_id(new_id)
    taken = session.get(ArticleAlias, new_id)
    if session.get(Article, new_id) or (taken and taken.article_id != article_id):
        raise ConflictError(f"{new_id} is the id of another article, or was. Choose another.")
    if taken:
        session.delete(taken)
    session.add(Article(**{**article.model_dump(), "id": new_id}))
    session.flush()
    _passages(session, article_id, new_id)
    _follow(session, article_id, new_id)
    session.delete(article)
    session.add(ArticleAlias(id=article_id, article_id=new_id))
    session.flush()
    audit.append(session, "article.renamed", actor=user.actor, article=new_id, before=article_id)


def _passages(session: Session, old: str, new: str) -> None:
    """Passages carry the article's id in their own; the index takes them for new ones, with the vectors they had."""
    generation = articles.next_generation(session)
    passages = list(session.exec(select(Passage).where(Passage.article_id == old)))
    names = {passage.id: f"{new}#{passage.ordinal}" for passage in passages}
    vectors = list(session.exec(select(PassageVector).where(col(PassageVector.passage_id).in_(names))))
    session.add_all(
        Passage(**{**p.model_dump(), "id": names[p.id], "article_id": new, "generation": generation}) for p in passages
    )
    session.flush()
    session.add_all(PassageVector(**{**v.model_dump(), "passage_id": names[v.passage_id]}) for v in vectors)
    session.flush()
    for passage in passages:
        session.delete(passage)  # its vectors go with it
    session.flush()


def _follow(session: Session, old: str, new: str) -> None:
    """Every row that points at the article points at its new id, whatever table it is in."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is _ARTICLES for key in column.foreign_keys):
                session.execute(update(table).where(column == old).values({column.name: new}))
    session.execute(update(Article).where(col(Article.translation_of) == old).values(translation_of=new))
    session.execute(update(WorkingCopy).where(col(WorkingCopy.article) == old).values(article=new))
