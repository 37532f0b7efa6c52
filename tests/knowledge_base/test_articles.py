from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session, select

from knowledge_base import articles
from knowledge_base.embedding import DIMENSIONS, NAME, Embedder
from tests.knowledge import published
from triage import audit
from triage.database import Database
from triage.errors import InputError
from triage.models import Article, Passage, PassageVector


class Counting:
    """The real embedder, counting the texts it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self._embedder, self.texts = embedder.name, embedder, 0

    def encode(self, texts: list[str]) -> np.ndarray:  # type: ignore[type-arg]
        self.texts += len(texts)
        return self._embedder.encode(texts)


def passages(session: Session, id: str) -> list[Passage]:
    return list(session.exec(select(Passage).where(Passage.article_id == id).order_by(Passage.ordinal)))  # type: ignore[arg-type]


def test_versions_are_kept_and_only_the_published_one_is_searchable(database: Database, real_embedder: Embedder) -> None:
    with database.transaction() as session:
        articles.save_version(
            session, "pause", title="Pause", body="Pause for 3 months.", author="user:1", category="subscription"
        )
        assert articles.publish(session, "pause", author="user:1", embed=real_embedder) == 1
        articles.save_version(session, "pause", title="Pause", body="Pause for 4 months.", author="user:2", note="Longer")
    with database.read() as session:
        assert [version.number for version in articles.versions(session, "pause")] == [2, 1]
        found = published(session, "pause")
        assert found and found.body == "Pause for 3 months."
        (passage,) = passages(session, "pause")
        assert passage.text == "Pause for 3 months." and passage.category == "subscription"
        (made,) = session.exec(select(PassageVector)).all()
        assert (made.embedder, made.passage_id) == (NAME, passage.id)
        assert np.frombuffer(made.vector, np.float32).shape == (DIMENSIONS,)
        assert audit.verify(session) is None


def test_only_changed_passages_are_embedded_again(database: Database, real_embedder: Embedder) -> None:
    sections = [f"## Part {n}\n\n" + f"Sentence about topic {n} and more. " * 20 for n in range(4)]
    with database.transaction() as session:
        articles.save_version(session, "long", title="Long", body="\n\n".join(sections), author="user:1")
        assert articles.publish(session, "long", author="user:1", embed=real_embedder) == 4
        sections[2] += "One more sentence."
        articles.save_version(session, "long", title="Long", body="\n\n".join(sections), author="user:1")
        counting = Counting(real_embedder)
        assert articles.publish(session, "long", author="user:1", embed=counting) == 1
        assert counting.texts == 2  # the passage and its title
        rows = passages(session, "long")
        assert [row.generation for row in rows] == [1, 1, 2, 1] and {row.version for row in rows} == {2}
        articles.save_version(session, "long", title="Long", body=sections[0], author="user:1")
        articles.publish(session, "long", author="user:1", embed=real_embedder)
        assert len(passages(session, "long")) == 1


def test_a_section_put_first_leaves_the_others_vectors_as_they_are(database: Database, real_embedder: Embedder) -> None:
    sections = [f"## Part {n}\n\n" + f"Sentence about topic {n} and more. " * 20 for n in range(4)]
    counting = Counting(real_embedder)
    with database.transaction() as session:
        for body in ("\n\n".join(sections), "\n\n".join(["## New\n\n" + "Something new. " * 40, *sections])):
            articles.save_version(session, "long", title="Long", body=body, author="user:1")
            before, counting.texts = counting.texts, 0
            articles.publish(session, "long", author="user:1", embed=counting)
        assert (before, counting.texts) == (8, 2)
        vectors = {made.passage_id: made.vector for made in session.exec(select(PassageVector))}
        for row in passages(session, "long"):
            expected = articles.passage_vectors(real_embedder, [(row.title, row.heading, row.text)])[0]
            assert np.allclose(np.frombuffer(vectors[row.id], np.float32), expected, atol=1e-5)


def test_rolling_back_publishes_an_older_version(database: Database, real_embedder: Embedder) -> None:
    with database.transaction() as session:
        for body in ("First words.", "Second words."):
            articles.save_version(session, "a", title="A", body=body, author="user:1")
            articles.publish(session, "a", author="user:1", embed=real_embedder)
        articles.publish(session, "a", author="user:1", embed=real_embedder, version=1)
        assert passages(session, "a")[0].text == "First words."


def test_unpublishing_takes_the_passages_away_and_keeps_the_text(database: Database, fill: Callable[[Database], None]) -> None:
    fill(database)
    with database.transaction() as session:
        before = articles.generation_of(session)
        articles.unpublish(session, "vat", author="user:1")
        assert not passages(session, "vat") and published(session, "vat") is None
        assert articles.generation_of(session) == before + 1
        assert len(articles.versions(session, "vat")) == 1


def test_an_id_is_made_from_the_title(database: Database) -> None:
    with database.transaction() as session:
        first = articles.save_version(session, None, title="Größe & Preis?", body="x", author="user:1")
        second = articles.save_version(session, None, title="Größe & Preis?", body="y", author="user:1")
    assert (first.article_id, second.article_id) == ("groe-preis", "groe-preis-2")


@pytest.mark.parametrize(
    "change",
    [
        {"title": " "},
        {"body": "\n"},
        {"audience": "everyone"},
        {"kind": "song"},
        {"colour": "red"},
        {"verified_on": "soon"},
        {"id": "../x"},
    ],
)
def test_what_cannot_be_an_article_is_refused(desk_database: Database, change: dict[str, str]) -> None:
    values = {"title": "A", "body": "b", "author": "user:1", **change}
    with desk_database.transaction() as session, pytest.raises(InputError):
        articles.save_version(session, values.pop("id", "a"), **values)


def test_publishing_what_is_not_there_says_so(desk_database: Database, real_embedder: Embedder) -> None:
    with desk_database.transaction() as session, pytest.raises(InputError, match="no article nothing"):
        articles.publish(session, "nothing", author="user:1", embed=real_embedder)


def test_a_folder_is_loaded_once(desk_database: Database, real_embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "wifi.md").write_text(
        "---\nid: wifi\ntitle: Wi-Fi\ncategory: app\nlabels: [net]\nverified: 2026-10-01\n---\nUse 2.4 GHz.\n"
    )
    (tmp_path / "bare.md").write_text("# A bare file\n\nWith a text.\n")
    for expected in (2, 0):
        with desk_database.transaction() as session:
            assert articles.load_folder(session, tmp_path, embed=real_embedder) == expected
    with desk_database.read() as session:
        assert [(article.id, title) for article, title in articles.listing(session)] == [
            ("bare", "A bare file"),
            ("wifi", "Wi-Fi"),
        ]
        wifi = session.get(Article, "wifi")
        assert wifi and wifi.labels == ["net"] and str(wifi.verified_on) == "2026-10-01"


def test_broken_front_matter_names_the_file_and_line(desk_database: Database, real_embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("---\ntitle: Error: E6\n---\nText.\n")
    with desk_database.transaction() as session, pytest.raises(InputError, match=r"bad\.md:2"):
        articles.load_folder(session, tmp_path, embed=real_embedder)


def test_the_language_of_most_published_articles_comes_first(database: Database, real_embedder: Embedder) -> None:
    with database.transaction() as session:
        for id, language in (("a", "nl"), ("b", "de"), ("c", "nl"), ("d", "fr"), ("e", "en")):
            articles.save_version(session, id, title=id, body="Pause for 3 months.", author="user:1", language=language)
            if id != "d":
                articles.publish(session, id, author="user:1", embed=real_embedder)
        assert articles.languages_of(session) == ["nl", "de", "en"]
