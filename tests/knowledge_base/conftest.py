"""A small base with a real embedder and a real index."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowledge_base import articles
from knowledge_base.embedding import Embedder, embedder
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from tests.homes import fresh
from triage.database import Database
from triage.settings import Settings, load_settings

ARTICLES = {
    "pause": (
        "Pause your subscription",
        "You can pause the beans for up to 3 months.\n\n## How to pause\n\n1. Open **Account**.\n2. Choose **Pause**.",
    ),
    "e6": ("Error E6", "E6 means that the machine is too hot. Switch it off, unplug it and do not use it."),
    "e5": ("Error E5", "E5 means that the grinder is blocked. Empty the hopper and look for a stone."),
    "vat": ("VAT invoices", "An invoice with VAT is under Account, Orders, Invoice. It can be downloaded as a PDF."),
    "wifi": ("Connect to Wi-Fi", "The machine uses 2.4 GHz networks only. Hold the steam and power buttons for 5 seconds."),
    "entkalken": (
        "Maschine entkalken",
        "Entkalken Sie die Maschine alle drei Monate. Füllen Sie den Entkalker in den Wassertank.",
    ),
    "goodwill": ("Goodwill limits", "A courtesy voucher for a late parcel may be worth up to 15 euros and needs a manager."),
}
INTERNAL = {"goodwill"}
GERMAN = {"entkalken"}


@pytest.fixture(scope="session")
def real_embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The bundled model, its ONNX file made once a session."""
    return embedder(tmp_path_factory.getbasetemp() / "models")


@pytest.fixture
def local(home: Path) -> Settings:
    return load_settings(home=home)


@pytest.fixture
def desk_database(local: Settings) -> Iterator[Database]:
    """A migrated SQLite database, for tests in which the kind of database plays no part."""
    database = fresh(local)
    yield database
    database.close()


@pytest.fixture
def fill(real_embedder: Embedder) -> Callable[[Database], None]:
    """Publishes ARTICLES."""

    def publish_all(database: Database) -> None:
        with database.transaction() as session:
            for id, (title, body) in ARTICLES.items():
                articles.save_version(
                    session,
                    id,
                    title=title,
                    body=body,
                    author="user:1",
                    audience="internal" if id in INTERNAL else "public",
                    language="de" if id in GERMAN else "en",
                )
                articles.publish(session, id, author="user:1", embed=real_embedder)

    return publish_all


@pytest.fixture
def index(local: Settings) -> Iterator[Index]:
    index = Index.open(local.home, local)
    yield index
    index.close()


@pytest.fixture
def searcher(
    desk_database: Database, index: Index, real_embedder: Embedder, fill: Callable[[Database], None]
) -> Iterator[Searcher]:
    """A searcher over ARTICLES."""
    fill(desk_database)
    searcher = Searcher(desk_database, index, real_embedder)
    yield searcher
    searcher.close()
