import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge_base import articles, index_folder
from knowledge_base.embedding import NAME, Embedder
from knowledge_base.index import Index
from triage.database import Database
from triage.errors import IndexUnavailable
from triage.models import Passage, PassageVector
from triage.settings import Settings

Fill = Callable[[Database], None]


def nearest(index: Index, embedder: Embedder, text: str, audience: str = "public") -> str:
    return index.query(embedder.encode([text]), audience=audience, n=1)[0][0].partition("#")[0]


def grow(database: Database, count: int) -> None:
    """Many passages with made-up vectors, as one publication."""
    vectors = np.random.default_rng(1).normal(size=(count, 384)).astype(np.float32)
    with database.transaction() as session:
        articles.save_version(session, "many", title="Many", body="x", author="user:1")
        generation = articles.next_generation(session)
        session.add_all(
            Passage(id=f"many#{n}", article_id="many", version=1, ordinal=n, title="Many", text=f"{n}", generation=generation)
            for n in range(count)
        )
        session.flush()
        session.add_all(
            PassageVector(embedder=NAME, passage_id=f"many#{n}", vector=vector.tobytes()) for n, vector in enumerate(vectors)
        )


def test_it_is_built_from_sql_and_then_follows(database: Database, index: Index, real_embedder: Embedder, fill: Fill) -> None:
    assert index.generation == -1 and index.check() is not None
    fill(database)
    assert index.sync(database) > 0 and index.sync(database) == 0 and index.check() is None
    assert nearest(index, real_embedder, "the grinder is stuck") == "e5"
    with database.transaction() as session:
        articles.save_version(session, "e5", title="Parking", body="Where to park a car near the shop.", author="user:1")
        articles.publish(session, "e5", author="user:1", embed=real_embedder)
        articles.unpublish(session, "vat", author="user:1")
    assert index.sync(database) == 2
    assert nearest(index, real_embedder, "where can I park my car") == "e5"
    assert nearest(index, real_embedder, "VAT invoice as PDF") != "vat"


def test_internal_passages_are_in_a_collection_of_their_own(
    desk_database: Database, index: Index, real_embedder: Embedder, fill: Fill
) -> None:
    fill(desk_database)
    index.sync(desk_database)
    everything = index.query(real_embedder.encode(["voucher for a late parcel"]), audience="public", n=50)[0]
    assert "goodwill#0" not in everything
    assert "goodwill#0" in index.query(real_embedder.encode(["voucher for a late parcel"]), audience="internal", n=50)[0]
    with desk_database.transaction() as session:
        articles.save_version(
            session, "vat", title="VAT invoices", body="An invoice with VAT.", author="user:1", audience="internal"
        )
        articles.publish(session, "vat", author="user:1", embed=real_embedder)
    index.sync(desk_database)
    assert "vat#0" not in index.query(real_embedder.encode(["invoice with VAT"]), audience="public", n=50)[0]


def test_it_opens_again_where_it_was(desk_database: Database, local: Settings, real_embedder: Embedder, fill: Fill) -> None:
    fill(desk_database)
    first = Index.open(local.home, local)
    first.sync(desk_database)
    first.close()
    assert (local.home / "index" / "clean.json").exists()
    again = Index.open(local.home, local)
    assert again.generation == first_generation(desk_database) and again.sync(desk_database) == 0
    assert nearest(again, real_embedder, "too hot") == "e6"
    again.close()


def first_generation(database: Database) -> int:
    with database.read() as session:
        return articles.generation_of(session)


def test_a_second_holder_reads_a_copy_in_memory(
    desk_database: Database, index: Index, local: Settings, real_embedder: Embedder, fill: Fill
) -> None:
    fill(desk_database)
    index.sync(desk_database)
    second = Index.open(local.home, local)
    assert (index.kind, second.kind) == ("owner", "memory")
    second.sync(desk_database)
    assert nearest(second, real_embedder, "the grinder is stuck") == "e5"
    second.close()
    assert nearest(index, real_embedder, "the grinder is stuck") == "e5"


def test_a_second_process_sees_what_is_published_later(
    desk_database: Database,
    index: Index,
    local: Settings,
    real_embedder: Embedder,
    fill: Fill,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from knowledge_base.embedding import embedder
        from knowledge_base.index import Index
        from knowledge_base.search import Searcher
        from triage.database import open_database
        from triage.settings import load_settings
        settings = load_settings(home=Path(sys.argv[1]))
        database = open_database(settings)
        index = Index.open(settings.home, settings)
        searcher = Searcher(database, index, embedder(Path(sys.argv[2])))
        for line in sys.stdin:
            print(index.kind, [hit.article for hit in searcher.search(line.strip(), k=1)], flush=True)
        searcher.close()
        index.close()
        """
    )
    fill(desk_database)
    index.sync(desk_database)
    command = [sys.executable, "-c", script, str(local.home), str(tmp_path_factory.getbasetemp() / "models")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_root()) as child:
        assert child.stdin and child.stdout

        def ask(text: str) -> str:
            assert child.stdin and child.stdout
            child.stdin.write(text + "\n")
            child.stdin.flush()
            return child.stdout.readline().strip()

        assert ask("the grinder is stuck") == "memory ['e5']"
        with desk_database.transaction() as session:
            articles.save_version(session, "gift", title="Gift cards", body="A gift card is valid for 3 years.", author="user:1")
            articles.publish(session, "gift", author="user:1", embed=real_embedder)
        assert ask("how long is a gift card valid") == "memory ['gift']"
        child.stdin.close()
        assert child.wait(30) == 0


@pytest.mark.slow
def test_killed_in_the_middle_of_a_rebuild_it_comes_back_whole(
    desk_database: Database, local: Settings, real_embedder: Embedder, fill: Fill
) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from knowledge_base.index import Index
        from triage.database import open_database
        from triage.settings import load_settings
        settings = load_settings(home=Path(sys.argv[1]))
        database = open_database(settings)
        index = Index.open(settings.home, settings)
        index.sync(database)
        index.rebuild(database, lambda done, total: done > 2000 and os.kill(os.getpid(), signal.SIGKILL))
        """
    )
    fill(desk_database)
    grow(desk_database, 3500)
    child = subprocess.run(
        [sys.executable, "-c", script, str(local.home)], cwd=_root(), check=False, capture_output=True, text=True
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    index = Index.open(local.home, local)
    assert index.kind == "owner"
    index.sync(desk_database)
    assert index.check() is None and index.rebuild(desk_database) == 3500 + 7
    assert {collection.name for collection in index._client.list_collections()} == {"passages-public", "passages-internal"}
    assert nearest(index, real_embedder, "the grinder is stuck") == "e5"
    index.close()


def test_a_broken_folder_is_found_at_start_and_made_again(
    desk_database: Database, local: Settings, real_embedder: Embedder, fill: Fill, caplog: pytest.LogCaptureFixture
) -> None:
    fill(desk_database)
    first = Index.open(local.home, local)
    first.sync(desk_database)
    first.close()
    (local.home / "index" / "chroma" / "chroma.sqlite3").write_bytes(b"this is no database" * 500)
    index = Index.open(local.home, local)
    assert "made again" in caplog.text and index.generation == -1
    index.sync(desk_database)
    assert nearest(index, real_embedder, "too hot") == "e6"
    index.close()


def test_an_index_that_hangs_counts_as_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chroma").mkdir()
    monkeypatch.setattr(index_folder.sys, "executable", _sleeper(tmp_path))
    assert index_folder.check(tmp_path, seconds=0.3) == "it did not open within 0.3 s"


def test_deleted_under_a_running_desk_it_is_made_again(
    desk_database: Database, index: Index, local: Settings, real_embedder: Embedder, fill: Fill
) -> None:
    fill(desk_database)
    index.sync(desk_database)
    shutil.rmtree(local.home / "index")
    with desk_database.transaction() as session:
        articles.unpublish(session, "vat", author="user:1")
    index.sync(desk_database)
    assert (local.home / "index" / "chroma").exists() and index.check() is None
    assert nearest(index, real_embedder, "too hot") == "e6"


def test_a_changed_embedder_or_another_database_means_a_new_index(
    desk_database: Database, index: Index, real_embedder: Embedder, fill: Fill
) -> None:
    fill(desk_database)
    index.sync(desk_database)
    index._collections["public"].modify(metadata={**index._collections["public"].metadata, "embedder": "older@1"})
    with desk_database.transaction() as session:
        articles.unpublish(session, "vat", author="user:1")
    assert index.sync(desk_database) == 6
    index._trusted = False
    state = index._collections["public"].metadata
    index._collections["public"].modify(metadata={**state, "fingerprint": "of another database"})
    assert index.sync(desk_database) == 6


def test_a_server_that_is_not_there_is_named(local: Settings) -> None:
    with pytest.raises(IndexUnavailable, match="chroma_url"):
        Index.open(local.home, local.model_copy(update={"chroma_url": "127.0.0.1:9"}))


def test_rebuilding_tells_how_far_it_is(desk_database: Database, index: Index, fill: Fill) -> None:
    fill(desk_database)
    steps: list[tuple[int, int]] = []
    index.rebuild(desk_database, lambda done, total: steps.append((done, total)))
    assert steps[-1] == (7, 7)


def _root() -> str:
    return str(Path(index_folder.__file__).resolve().parents[1])


def _sleeper(folder: Path) -> str:
    path = folder / "sleeper"
    path.write_text("#!/bin/sh\nexec sleep 20\n")
    os.chmod(path, 0o755)  # noqa: PTH101
    return str(path)
