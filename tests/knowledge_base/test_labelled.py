"""The category of a question, by labelled messages near it."""

from collections.abc import Callable

import numpy as np
import pytest

from knowledge_base import articles
from knowledge_base.embedding import DIMENSIONS, Embedder
from knowledge_base.index import Index
from knowledge_base.labelled import Labelled
from knowledge_base.search import Searcher
from knowledge_base.steps import Steps
from triage.database import Database
from triage.models import Category, CategoryExample

PAUSES = [
    "pause my beans in summer",
    "stop the deliveries of beans in summer",
    "please hold my delivery of beans",
    "please pause deliveries in August",
    "pause the next bag of beans",
]


def unit(*places: int) -> np.ndarray:
    return np.eye(DIMENSIONS, dtype=np.float32)[list(places)]


def test_nearly_all_near_examples_have_to_agree() -> None:
    known = Labelled(("a",) * 4 + ("b",) * 5, np.concatenate([unit(0, 0, 0, 0), unit(1, 1, 2, 2, 2)]))
    assert known.category(unit(0)[0]) == "a"
    assert known.category(unit(1)[0]) is None  # two are near, the rest are not
    assert known.category(unit(5)[0]) is None
    assert Labelled().category(unit(0)[0]) is None
    assert Labelled(("a",) * 2 + ("b",) * 3, unit(0, 0, 0, 0, 0)).category(unit(0)[0]) is None


@pytest.mark.parametrize("on", [True, False])
def test_a_question_prefers_the_category_of_examples_like_it(
    desk_database: Database, index: Index, real_embedder: Embedder, fill: Callable[[Database], None], on: bool
) -> None:
    with desk_database.transaction() as session:
        session.add(Category(slug="subscription", title="Subscription"))
        session.flush()
        for text, vector in zip(PAUSES, real_embedder.encode(PAUSES), strict=True):
            session.add(CategoryExample(category="subscription", text=text, vector=vector.tobytes()))
        session.add(CategoryExample(category="subscription", text="of another embedder", vector=b"\0" * 12))
        for id, category in (("one", "other"), ("two", "subscription")):
            body = "You can stop the deliveries of beans, for example in summer."
            articles.save_version(session, id, title=f"Stop the deliveries {id}", body=body, author="user:1", category=category)
            articles.publish(session, id, author="user:1", embed=real_embedder)
    searcher = Searcher(desk_database, index, real_embedder, Steps.without("folding", *([] if on else ["category"])))
    scores = {hit.article: hit.score for hit in searcher.search("please pause the deliveries of my beans in summer")}
    bare = Searcher(desk_database, index, real_embedder, Steps.without("folding", "category"))
    before = {hit.article: hit.score for hit in bare.search("please pause the deliveries of my beans in summer")}
    assert scores["two"] - before["two"] == pytest.approx(0.03 if on else 0, abs=1e-3) and scores["one"] == before["one"]
    searcher.close()
    bare.close()
