from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from knowledge_base.embedding import Embedder
from knowledge_base.examples import Nearest, load_taxonomy
from triage.database import Database
from triage.errors import InputError
from triage.models import Category, CategoryExample

CATEGORIES = '[[category]]\nslug = "orders"\ntitle = "Orders"\ngroup = "Shop"\n[[category]]\nslug = "faults"\ntitle = "Faults"\ndefault_priority = "high"\n'
EXAMPLES = [
    ("where is my parcel", "orders"),
    ("my order has not arrived", "orders"),
    ("cancel my order please", "orders"),
    ("the machine shows an error", "faults"),
    ("water runs out below", "faults"),
    ("it makes a loud noise", "faults"),
]


def files(folder: Path, examples: list[tuple[str, str]] = EXAMPLES, extra: str = "") -> tuple[Path, Path]:
    categories, lines = folder / "categories.toml", folder / "examples.jsonl"
    categories.write_text(CATEGORIES)
    lines.write_text("\n".join(f'{{"text": "{text}", "category": "{category}"}}' for text, category in examples) + extra)
    return categories, lines


def load(database: Database, embedder: Embedder, paths: tuple[Path, Path]) -> int:
    with database.transaction() as session:
        return load_taxonomy(session, *paths, embed=embedder)


def test_categories_and_examples_are_loaded_once(database: Database, real_embedder: Embedder, tmp_path: Path) -> None:
    assert load(database, real_embedder, files(tmp_path)) == 6
    assert load(database, real_embedder, files(tmp_path)) == 0
    assert load(database, real_embedder, files(tmp_path, EXAMPLES[1:])) == 0
    with database.read() as session:
        faults = session.get(Category, "faults")
        assert faults and faults.default_priority == "high" and len(session.exec(select(CategoryExample)).all()) == 5


@pytest.mark.parametrize("extra", ["\nnot json", '\n{"text": "x"}', '\n{"text": "x", "category": "nowhere"}'])
def test_a_bad_line_is_named(desk_database: Database, real_embedder: Embedder, tmp_path: Path, extra: str) -> None:
    with pytest.raises(InputError, match=r"examples\.jsonl:7"):
        load(desk_database, real_embedder, files(tmp_path, extra=extra))


def test_neighbours_and_classes_come_from_the_examples(desk_database: Database, real_embedder: Embedder, tmp_path: Path) -> None:
    nearest = Nearest(desk_database, real_embedder)
    assert nearest.neighbours("anything") == [] and nearest.classify("anything") == ("", 0.0, [])
    load(desk_database, real_embedder, files(tmp_path))
    near = nearest.neighbours("Has my parcel been sent?", k=2)
    assert near[0][:2] == ("where is my parcel", "orders") and near[0][2] > near[1][2]
    category, confidence, ranking = nearest.classify("Has my parcel been sent?")
    assert category == "orders" and 0.5 < confidence <= 1 and abs(sum(share for _, share in ranking) - 1) < 1e-6
    load(desk_database, real_embedder, files(tmp_path, [*EXAMPLES, ("can I pay by card", "orders")]))
    assert nearest.neighbours("can I pay by card", k=1)[0][2] > 0.99


def test_published_passages_of_a_known_category_help(
    desk_database: Database, real_embedder: Embedder, tmp_path: Path, fill: Callable[[Database], None]
) -> None:
    from knowledge_base import articles

    nearest = Nearest(desk_database, real_embedder)
    load(desk_database, real_embedder, files(tmp_path))
    fill(desk_database)  # of no category
    assert len(nearest.neighbours("grinder", k=50)) == 6
    with desk_database.transaction() as session:
        articles.save_version(session, "grind", title="Grinder jam", body="Empty the hopper.", author="user:1", category="faults")
        articles.publish(session, "grind", author="user:1", embed=real_embedder)
    assert nearest.neighbours("grinder jam", k=1)[0][:2] == ("Grinder jam", "faults")
    assert nearest.classify("the hopper is jammed")[0] == "faults"
