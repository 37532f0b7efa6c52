"""Categories are learnt when their examples change, kept in the database, and read by every process."""

from sqlmodel import select

from knowledge_base import sorting
from knowledge_base.embedding import Embedder
from knowledge_base.sorting import Sorter
from tests.knowledge_base.test_classifier import examples
from triage.database import Database
from triage.models import Category, CategoryExample, CategoryModel


def teach(database: Database, embedder: Embedder, rows: list[tuple[str, str]]) -> None:
    vectors = embedder.encode([text for text, _ in rows])
    with database.transaction() as session:
        for slug in {label for _, label in rows}:
            session.merge(Category(slug=slug, title=slug.title()))
        session.flush()
        session.add_all(
            CategoryExample(category=label, text=text, vector=vector.tobytes())
            for (text, label), vector in zip(rows, vectors, strict=True)
        )


def test_what_was_learnt_is_kept_and_read_by_others(desk_database: Database, real_embedder: Embedder) -> None:
    sorter = Sorter(desk_database, real_embedder)
    assert sorter.sort("My parcel is late") is None
    assert sorting.fit(desk_database, real_embedder) == "too few examples"
    teach(desk_database, real_embedder, examples()[::2])
    assert sorting.fit(desk_database, real_embedder) == "45 examples learnt"
    assert sorting.fit(desk_database, real_embedder) == "nothing changed"
    sorter.refresh()
    found = sorter.sort("The courier left my package in the rain")
    assert found and found.label == "shipping" and not found.abstain
    assert Sorter(desk_database, real_embedder).sort("The courier left my package in the rain") == found
    with desk_database.read() as session:
        report, stale = sorting.report(session)
    assert report and not stale and report.checked == 45 and sum(report.classes["shipping"]) > 30


def test_a_change_makes_the_report_stale_until_it_is_learnt(desk_database: Database, real_embedder: Embedder) -> None:
    teach(desk_database, real_embedder, examples())
    sorting.fit(desk_database, real_embedder)
    with desk_database.transaction() as session:
        for row in session.exec(select(CategoryExample).where(CategoryExample.category == "faults")):
            session.delete(row)
    with desk_database.read() as session:
        assert sorting.report(session)[1]
    sorting.fit(desk_database, real_embedder)
    with desk_database.read() as session:
        report, stale = sorting.report(session)
        assert report and not stale and set(report.classes) == {"billing", "shipping"}


def test_a_model_of_another_embedder_is_not_used(desk_database: Database, real_embedder: Embedder) -> None:
    teach(desk_database, real_embedder, examples())
    sorting.fit(desk_database, real_embedder)
    with desk_database.transaction() as session:
        session.get_one(CategoryModel, 1).learnt_from = "another 1 1 1"
    assert Sorter(desk_database, real_embedder).sort("My parcel is late") is None
