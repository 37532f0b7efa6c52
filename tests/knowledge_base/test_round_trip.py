"""What is exported and imported is the same base, whatever people wrote."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, delete, select

from knowledge_base import articles, linking, synonyms
from knowledge_base.embedding import Vectors
from knowledge_base.exporting import export
from knowledge_base.frontmatter import KeptFile
from knowledge_base.importing import import_paths
from knowledge_base.linking import FILES
from tests.homes import fresh
from triage.database import Database
from triage.models import Article, ArticleFile, ArticleVersion, AuditEvent, ImportedItem, Passage, SynonymGroup
from triage.settings import load_settings

LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
WORDS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: bool(text.split()))
BODIES = st.one_of(
    st.text(LETTERS, min_size=1, max_size=300),
    st.lists(st.sampled_from(["# One", "---", "id: x", "```", "- a", "1. b", "", "  indented", "| a | b |", "é", "\\# x", "...", "%YAML"]), min_size=1, max_size=8)
    .map("\n".join),
).filter(lambda text: bool(text.strip()))  # fmt: skip
IDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,30}\Z")
FILE = st.tuples(
    st.sampled_from(["plan.png", "a b (1).pdf", "Größe #1%.md", "PLAN.png", "x.html"]), st.binary(min_size=1, max_size=5)
)
TERMS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
ARTICLE = st.fixed_dictionaries({
    "title": WORDS, "body": BODIES, "waiting": st.none() | BODIES, "published": st.booleans(), "kind": st.sampled_from(articles.KINDS),
    "audience": st.sampled_from(articles.AUDIENCES), "language": st.sampled_from(["en", "de", "no", "zh"]), "owner": st.text(LETTERS, max_size=20),
    "category": st.sampled_from(["", "fault", "null", "1"]), "labels": st.lists(WORDS, max_size=3), "product": st.lists(WORDS, max_size=2),
    "verified_on": st.none() | st.dates().map(str), "translation_of": st.sampled_from(["", "other"]),
    "files": st.lists(FILE, max_size=3, unique_by=lambda file: (file[0], file[1])), "links": st.lists(st.integers(0, 3), max_size=2), "shows": st.booleans(),
})  # fmt: skip
TABLES = (SynonymGroup, ArticleFile, ImportedItem, Passage, ArticleVersion, Article, AuditEvent)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Database]:
    """Two empty bases."""
    return [fresh(load_settings(home=tmp_path_factory.mktemp(name))) for name in ("first", "second")]


def contents(database: Database) -> list[object]:
    """Everything that people put into a base."""
    told: list[object] = []
    with database.read() as session:
        for article, _ in sorted(articles.listing(session), key=lambda pair: pair[0].id):
            said = articles.versions(session, article.id)
            shown = [v for v in said if v.number in (article.published_version, article.latest_version)]
            properties = {name: getattr(article, name) for name in articles._META if name != "source"}
            files = session.exec(select(ArticleFile).where(ArticleFile.article_id == article.id)).all()
            names = {f"{FILES}{file.id}": f"{file.filename} {file.sha256}" for file in files}
            texts = [(v.title, linking.rewritten(v.body, names.get)) for v in shown]
            told.append((article.id, article.status, properties, texts, sorted(names.values())))
        told.append(sorted(synonyms.lists(session)))
    return told


def kept(content: dict[str, bytes]) -> Callable[[str, bytes], KeptFile]:
    """Keeps bytes in memory; what may be kept at all plays no part here."""

    def keep(name: str, data: bytes) -> KeptFile:
        sha256 = hashlib.sha256(data).hexdigest()
        content[sha256] = data
        return KeptFile(name, "text/plain", len(data), sha256)

    return keep


def anywhere(texts: list[str]) -> Vectors:
    """A vector for each text, the same one: where an article is found plays no part here."""
    return np.full((len(texts), 4), 0.5, np.float32)


def linked(session: Session, id: str, given_: dict[str, Any], ids: list[str], keep: Callable[[str, bytes], KeptFile]) -> str:
    """Lines that link to other articles and to files of this one, which are added."""
    lines = [f"See [it]({ids[number % len(ids)]})." for number in given_["links"]]
    for name, data in given_["files"]:
        file = ArticleFile(article_id=id, **asdict(keep(name, data)))
        session.add(file)
        session.flush()
        lines += [f"![as seen]({FILES}{file.id})"] * given_["shows"]
    return "\n\n".join(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(wanted=st.dictionaries(IDS, ARTICLE, min_size=1, max_size=4), terms=st.lists(TERMS, unique_by=str.lower, max_size=6))
def test_export_and_import_give_the_same_base(bases: list[Database], wanted: dict[str, Any], terms: list[str]) -> None:
    first, second = bases
    content: dict[str, bytes] = {}
    keep = kept(content)
    for database in bases:
        with database.transaction() as session:
            for table in TABLES:
                session.exec(delete(table))
    with first.transaction() as session:
        for id, given_ in wanted.items():
            meta = {name: value for name, value in given_.items() if name in articles._META}
            version = articles.save_version(session, id, title=given_["title"], body=given_["body"], author="user:1", **meta)
            version.body = f"{version.body}\n\n{linked(session, id, given_, list(wanted), keep)}".strip("\n")
            if given_["published"]:
                articles.publish(session, id, author="user:1", embed=anywhere)
                if given_["waiting"]:
                    articles.save_version(session, id, title=str(given_["title"]), body=str(given_["waiting"]), author="user:1")
        for pair in zip(terms[::2], terms[1::2], strict=False):
            synonyms.add(session, pair, author="user:1")
    with tempfile.TemporaryDirectory() as folder:
        with first.read() as session:
            assert export(session, Path(folder), lambda file: content[file.sha256]) == len(wanted)
        report = import_paths(second, [Path(folder)], author="user:1", embed=anywhere, keep=keep)
        assert not report.refused, report.lines
        assert contents(second) == contents(first)
        assert not any("nowhere" in line.why for line in report.lines), report.lines
        again = import_paths(second, [Path(folder)], author="user:1", embed=anywhere, keep=keep)
        assert {line.outcome for line in again.lines} == {"same"}
