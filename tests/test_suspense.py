"""Work that an event loop begins is begun again when a thread has made what it lacked."""

import threading
from pathlib import Path

import pytest

from knowledge_base import embedding
from knowledge_base.embedding import Embedder
from triage.database import Database, suspense
from triage.database.suspense import MOST, Suspended
from triage.errors import EmbedderUnavailable
from triage.models import new_id
from triage.office import Desk


class Store:
    """Remembers what was made, and where."""

    def __init__(self) -> None:
        self.made: dict[str, threading.Thread] = {}

    def make(self, name: str) -> None:
        self.made[name] = threading.current_thread()

    def want(self, name: str) -> str:
        if name not in self.made:
            if suspense.possible():
                raise Suspended(lambda: self.make(name))
            self.make(name)
        return name


async def short(database: Database) -> None:
    """From now on “search” is known to be short."""
    await database.compute("search", lambda: None)


async def test_what_work_lacks_is_made_off_the_event_loop_and_the_work_goes_on_there(database: Database) -> None:
    await short(database)
    store, here, begun = Store(), threading.current_thread(), list[threading.Thread]()

    def work() -> str:
        begun.append(threading.current_thread())
        return store.want("a") + store.want("b")

    assert await database.compute("search", work) == "ab"
    assert here not in store.made.values()
    if database.is_sqlite:
        assert begun == [here] * 3, "begun once, and once more for each of the two things it lacked"
    else:
        assert len(begun) == 1 and here not in begun, "a thread waits as long as it has to"


async def test_no_handler_of_errors_in_between_takes_it_for_one(database: Database) -> None:
    await short(database)
    store = Store()

    def work() -> str:
        try:
            return store.want("a")
        except Exception:
            return "failed"

    assert await database.compute("search", work) == "a"


async def test_work_that_never_has_enough_is_done_whole_by_a_thread(database: Database) -> None:
    await short(database)
    begun = 0

    def work() -> threading.Thread:
        nonlocal begun
        begun += 1
        if suspense.possible():
            raise Suspended(lambda: None)
        return threading.current_thread()

    assert await database.compute("search", work) is not threading.current_thread()
    assert begun <= 2 * MOST + 1


async def test_what_cannot_be_made_is_the_works_own_error(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await short(database)
    monkeypatch.setattr(embedding, "_load", _no_model)
    broken = Embedder(tmp_path)

    def work() -> str:
        try:
            broken.encode(["anything"])
        except EmbedderUnavailable:
            return "searched by words"
        return "searched by meaning"

    assert await database.compute("search", work) == "searched by words"


def _no_model(folder: Path) -> None:
    raise EmbedderUnavailable("The embedding model is missing.")


async def test_agents_search_without_their_event_loop_embedding_anything(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_MOMENT", 0.0)
    threads: list[threading.Thread] = []
    vector = Embedder._vector

    def seen(self: Embedder, text: str) -> embedding.Vectors:
        threads.append(threading.current_thread())
        return vector(self, text)

    monkeypatch.setattr(Embedder, "_vector", seen)
    await short(desk.database)
    for number in range(2):
        question = f"Where is parcel {new_id()}, which I ordered {number} weeks ago?"  # in nobody's memory
        (hits,) = await desk.searcher.asearch_many([question])
        assert threads and threading.current_thread() not in threads
        assert hits == desk.searcher.search(question)
