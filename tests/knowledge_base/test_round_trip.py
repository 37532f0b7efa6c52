"""What is exported and imported is the same base, whatever people wrote."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from knowledge_base import articles
from knowledge_base.embedding import Vectors
from knowledge_base.exporting import export
from knowledge_base.importing import import_paths
from triage.database import Database, migrate, open_database
from triage.models import Article, ArticleVersion, AuditEvent, ImportedItem, Passage
from triage.settings import load_settings

LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
WORDS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: bool(text.split()))
BODIES = st.one_of(
    st.text(LETTERS, min_size=1, max_size=300),
    st.lists(st.sampled_from(["# One", "---", "id: x", "```", "- a", "1. b", "", "  indented", "| a | b |", "é", "\\# x", "...", "%YAML"]), min_size=1, max_size=8)
    .map("\n".join),
).filter(lambda text: bool(text.strip()))  # fmt: skip
IDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,30}\Z")
ARTICLE = st.fixed_dictionaries({
    "title": WORDS, "body": BODIES, "waiting": st.none() | BODIES, "published": st.booleans(), "kind": st.sampled_from(articles.KINDS),
    "audience": st.sampled_from(articles.AUDIENCES), "language": st.sampled_from(["en", "de", "no", "zh"]), "owner": st.text(LETTERS, max_size=20),
    "category": st.sampled_from(["", "fault", "null", "1"]), "labels": st.lists(WORDS, max_size=3), "product": st.lists(WORDS, max_size=2),
    "verified_on": st.none() | st.dates().map(str), "translation_of": st.sampled_from(["", "other"]),
})  # fmt: skip
TABLES = (ImportedItem, Passage, ArticleVersion, Article, AuditEvent)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Database]:
    """Two empty bases."""
    found = [open_database(load_settings(home=tmp_path_factory.mktemp(name))) for name in ("first", "second")]
    for database in found:
        migrate(database)
    return found


def contents(database: Database) -> list[object]:
    """Everything that people put into a base."""
    told: list[object] = []
    with database.read() as session:
        for article, _ in sorted(articles.listing(session), key=lambda pair: pair[0].id):
            said = articles.versions(session, article.id)
            shown = [v for v in said if v.number in (article.published_version, article.latest_version)]
            properties = {name: getattr(article, name) for name in articles._META if name != "source"}
            told.append((article.id, article.status, properties, [(v.title, v.body) for v in shown]))
    return told


def anywhere(texts: list[str]) -> Vectors:
    """A vector for each text, the same one: where an article is found plays no part here."""
    return np.full((len(texts), 4), 0.5, np.float32)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(wanted=st.dictionaries(IDS, ARTICLE, min_size=1, max_size=4))
def test_export_and_import_give_the_same_base(bases: list[Database], wanted: dict[str, dict[str, object]]) -> None:
    first, second = bases
    for database in bases:
        with database.transaction() as session:
            for table in TABLES:
                session.exec(delete(table))
    with first.transaction() as session:
        for id, given_ in wanted.items():
            meta = {name: value for name, value in given_.items() if name not in ("title", "body", "waiting", "published")}
            articles.save_version(session, id, title=str(given_["title"]), body=str(given_["body"]), author="user:1", **meta)
            if given_["published"]:
                articles.publish(session, id, author="user:1", embed=anywhere)
                if given_["waiting"]:
                    articles.save_version(session, id, title=str(given_["title"]), body=str(given_["waiting"]), author="user:1")
    with tempfile.TemporaryDirectory() as folder:
        with first.read() as session:
            assert export(session, Path(folder)) == len(wanted)
        report = import_paths(second, [Path(folder)], author="user:1", embed=anywhere)
        assert not report.refused, report.lines
        assert contents(second) == contents(first)
        again = import_paths(second, [Path(folder)], author="user:1", embed=anywhere)
        assert {line.outcome for line in again.lines} == {"same"}
