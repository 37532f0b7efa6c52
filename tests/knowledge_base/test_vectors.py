"""Vectors for each embedder, and the change from one to another behind the searches."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session, select

from knowledge_base import articles, building, embedding, minilm, vectors
from knowledge_base.embedding import NAME, Embedder, Vectors
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from triage.database import Database
from triage.errors import EmbedderUnavailable
from triage.models import IndexBuild, IndexState, PassageVector, now
from triage.settings import Settings

Fill = Callable[[Database], None]


class Turned:
    """A newer embedder: the real one in a space of its own, in which vectors of the old one mean nothing."""

    name = "turned@2"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._turn = np.linalg.qr(np.random.default_rng(3).normal(size=(384, 384)))[0].astype(np.float32)
        self.texts = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def encode(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        if len(texts) > 1:  # not the question whether it is ready
            self.meanwhile()
        turned: Vectors = self._embedder.encode(texts) @ self._turn
        return turned


@pytest.fixture
def newer(desk_database: Database, index: Index, real_embedder: Embedder) -> Iterator[tuple[Turned, Searcher]]:
    """What a desk works with after an update that brought another embedder."""
    turned = Turned(real_embedder)
    searcher = Searcher(desk_database, index, turned)
    yield turned, searcher
    searcher.close()


def whole(database: Database) -> str:
    with database.read() as session:
        return vectors.whole_embedder(session)


def count(session: Session, embedder: str) -> int:
    return len(session.exec(select(PassageVector.passage_id).where(PassageVector.embedder == embedder)).all())


def test_the_old_index_serves_until_the_new_vectors_are_whole(
    desk_database: Database, index: Index, searcher: Searcher, newer: tuple[Turned, Searcher]
) -> None:
    turned, updated = newer
    searcher.refresh()
    question, seen = "tax receipt for my accountant", []

    def search_meanwhile() -> None:
        with desk_database.read() as session:
            (build,) = building.running(session)
            assert (build.kind, build.embedder, build.done, build.total) == ("vectors", "turned@2", 0, 7)
            assert "passages embedded by turned@2: 0 of 7 since" in building.in_words(build)
        turned.meanwhile = lambda: None
        seen.append((index.embedder, searcher.search(question)[0].article, updated.search("VAT invoice")[0].article))

    turned.meanwhile = search_meanwhile
    assert vectors.fill(desk_database, turned) == 7
    assert seen == [(NAME, "vat", "vat")] and whole(desk_database) == "turned@2"
    updated.refresh()
    assert index.embedder == "turned@2" and updated.search(question)[0].article == "vat"
    assert updated.search(question)[0].meaning > 0.2
    with desk_database.read() as session:
        assert building.running(session) == [] and vectors.lacking(session, "turned@2") == 0
        build = building.latest(session, "vectors")
        assert build and build.done == 7 and "7 of 7, done" in building.in_words(build)
    assert vectors.fill(desk_database, turned) == 0


def test_what_is_published_during_the_change_is_found_and_gets_its_vector(
    desk_database: Database, index: Index, searcher: Searcher, newer: tuple[Turned, Searcher]
) -> None:
    turned, updated = newer
    searcher.refresh()

    def publish_meanwhile() -> None:
        turned.meanwhile = lambda: None
        with desk_database.transaction() as session:
            articles.save_version(session, "e5", title="Error E5", body="E5 tells of a parking permit.", author="user:1")
            articles.publish(session, "e5", author="user:1", embed=searcher.embedder)

    turned.meanwhile = publish_meanwhile
    assert vectors.fill(desk_database, turned) == 7
    with desk_database.read() as session:
        made = session.exec(
            select(PassageVector).where(PassageVector.passage_id == "e5#0", PassageVector.embedder == "turned@2")
        ).one()
    expected = articles.passage_vectors(turned, [("Error E5", "", "E5 tells of a parking permit.")])[0]
    assert np.allclose(np.frombuffer(made.vector, np.float32), expected, atol=1e-5)
    updated.refresh()
    assert updated.search("where may I leave my car")[0].article == "e5"


def test_two_processes_do_not_do_the_same_work(desk_database: Database, fill: Fill, real_embedder: Embedder) -> None:
    fill(desk_database)
    turned = Turned(real_embedder)
    with building.Build(desk_database, "vectors", turned.name, 7):
        assert vectors.fill(desk_database, turned) == 0 and turned.texts == 0
    with desk_database.transaction() as session:  # one that died an hour ago
        session.add(IndexBuild(kind="vectors", embedder=turned.name, total=7, changed_at=now() - timedelta(hours=1)))
    assert vectors.fill(desk_database, turned) == 7


def test_work_that_was_stopped_is_taken_up_again(desk_database: Database, fill: Fill, real_embedder: Embedder) -> None:
    fill(desk_database)
    turned = Turned(real_embedder)
    assert vectors.fill(desk_database, turned, stop=lambda: True) == 0 and whole(desk_database) == NAME
    assert vectors.fill(desk_database, turned) == 7 and whole(desk_database) == turned.name


def test_vectors_of_a_former_embedder_go_after_a_day(desk_database: Database, fill: Fill, real_embedder: Embedder) -> None:
    fill(desk_database)
    vectors.fill(desk_database, Turned(real_embedder))
    with desk_database.transaction() as session:
        assert vectors.forget_former(session) == 0 and count(session, NAME) == 7
        for build in session.exec(select(IndexBuild).where(IndexBuild.kind == "vectors")):
            build.ended_at = now() - timedelta(days=2)
            session.add(build)
    with desk_database.transaction() as session:
        assert vectors.forget_former(session) == 7
        assert (count(session, NAME), count(session, "turned@2")) == (0, 7)


# ---- no embedder ------------------------------------------------------------------------------------------


def test_without_an_embedder_articles_are_published_and_found_by_words(
    desk_database: Database,
    index: Index,
    fill: Fill,
    real_embedder: Embedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fill(desk_database)
    monkeypatch.setattr(embedding, "_embedders", {})
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)  # what a damaged file looks like
    broken = embedding.embedder(tmp_path)
    assert "not the published file" in caplog.text and "reinstall" in caplog.text and "by words only" in caplog.text
    searcher = Searcher(desk_database, index, broken)
    with desk_database.transaction() as session:
        articles.save_version(session, "gift", title="Gift cards", body="A gift card is valid for 3 years.", author="user:1")
        articles.publish(session, "gift", author="user:1", embed=articles.prepare(broken, [("Gift cards", "A gift card.")]))
    found = searcher.search("how long is a gift card valid")
    assert (found[0].article, found[0].meaning) == ("gift", 0)
    with pytest.raises(EmbedderUnavailable):
        vectors.fill(desk_database, broken)
    searcher.close()
    with desk_database.read() as session:
        assert building.latest(session, "vectors") is None and vectors.lacking(session, NAME) == 1
    assert "not the published file" in broken.problem and real_embedder.problem == ""
    assert vectors.fill(desk_database, real_embedder) == 1
    searcher = Searcher(desk_database, index, real_embedder)
    assert searcher.search("present voucher expiry", k=3)[0].meaning > 0
    assert index.query(real_embedder.encode(["how long is a gift card valid"]), audience="public", n=1)[0] == ["gift#0"]
    searcher.close()


def test_a_base_first_filled_without_an_embedder_gets_its_index_later(
    desk_database: Database, index: Index, fill: Fill, real_embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
        with desk_database.transaction() as session:
            articles.save_version(session, "gift", title="Gift cards", body="A gift card is valid for 3 years.", author="user:1")
            articles.publish(session, "gift", author="user:1", embed=Embedder(tmp_path))
    index.sync(desk_database)
    assert whole(desk_database) == "" and index.embedder == ""
    assert vectors.fill(desk_database, real_embedder) == 1 and whole(desk_database) == NAME
    index.sync(desk_database)
    assert index.embedder == NAME and index.query(real_embedder.encode(["gift"]), audience="public", n=1) == [["gift#0"]]


def test_asking_for_a_rebuild_makes_the_index_anew(
    desk_database: Database, index: Index, fill: Fill, local: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    fill(desk_database)
    index.sync(desk_database)
    before = {collection.id for collection in index._collections.values()}
    desk_database.run_now(vectors.ask_for_rebuild)
    with caplog.at_level(logging.WARNING):
        index.sync(desk_database)
    assert before.isdisjoint(collection.id for collection in index._collections.values()) and not caplog.records
    with desk_database.read() as session:
        build = building.latest(session, "index")
        assert build and (build.done, build.total, build.problem) == (7, 7, "") and build.ended_at
        assert session.get_one(IndexState, 1).rebuilds == 1
