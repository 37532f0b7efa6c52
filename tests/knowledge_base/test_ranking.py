from datetime import date
from typing import Any

import numpy as np
import pytest

from knowledge_base import ranking
from knowledge_base.passages import PassageRow
from knowledge_base.query import Question
from knowledge_base.ranking import Candidates, Pool, Wanted
from knowledge_base.steps import Steps
from triage.errors import InputError

ASKED = np.eye(3, dtype=np.float32)[:1]


def row(id: str, **of: Any) -> PassageRow:
    """A passage of an article about no product."""
    usual = PassageRow(id, id, 1, "", "", id, "en", "public", "", "article", (), b"", frozenset(), None)
    return usual._replace(**of)


def pool(*rows: PassageRow, near: list[float], words: list[float] | None = None, exact: list[float] | None = None) -> Candidates:
    vectors = np.array([[value, (1 - value**2) ** 0.5, 0] for value in near], np.float32)
    zeros = [0.0] * len(rows)
    shares, codes = (np.array(values or zeros, np.float32) for values in (words, exact))
    return Candidates(rows, vectors, vectors, shares, codes, ASKED, ASKED[0], [list] * len(rows))


def scores(found: Pool, wanted: Wanted | None = None, *, long: float = 1.0, steps: Steps | None = None) -> list[float]:
    return ranking.scores(Question("which grinder", long=long), found, wanted or Wanted(), steps or Steps()).tolist()


def test_nearer_passages_with_more_of_the_words_are_better() -> None:
    first, second, third = scores(Pool.of(pool(row("a"), row("b"), row("c"), near=[0.9, 0.5, 0.5], words=[0.5, 0.5, 0.1])))
    assert 1 >= first > second > third > 0


def test_two_pools_are_ranked_together() -> None:
    articles, tickets = pool(row("a"), near=[0.5]), pool(row("t"), near=[0.8])
    together = Pool.of(articles, tickets, pool(near=[]))
    assert [found.id for found in together.rows] == ["a", "t"]
    assert np.argmax(scores(together)) == 1 and not len(Pool.of().rows)


def test_codes_language_category_and_what_people_kept_count() -> None:
    plain = scores(Pool.of(pool(row("a"), near=[0.5])))[0]
    assert scores(Pool.of(pool(row("a"), near=[0.5], exact=[1.0])))[0] > plain
    for wanted in (Wanted(language="en"), Wanted(kept={"": 0.5, "a": 0.9})):
        assert scores(Pool.of(pool(row("a"), near=[0.5])), wanted)[0] > plain
    assert scores(Pool.of(pool(row("a"), near=[0.5])), Wanted(kept={"": 0.5, "a": 0.1}))[0] < plain
    assert scores(Pool.of(pool(row("a", category="beans"), near=[0.5])), Wanted(category="beans"))[0] > plain


def test_what_nobody_looked_at_for_long_goes_lower() -> None:
    old, fresh = row("a", looked_at=date(2020, 1, 1)), row("b", looked_at=date(2026, 11, 1))
    first, second = scores(Pool.of(pool(old, fresh, near=[0.5, 0.5])), Wanted(today=date(2026, 11, 20)))
    assert first < second
    first, second = scores(
        Pool.of(pool(old, fresh, near=[0.5, 0.5])), Wanted(today=date(2026, 11, 20)), steps=Steps.without("freshness")
    )
    assert first == second


def test_passages_among_others_like_them_are_lifted_for_short_questions() -> None:
    among = [[0.60, 0.80, 0.0], [0.60, 0.79, 0.06], [0.59, 0.80, 0.05], [0.58, 0.80, 0.04]]
    alone = [[0.62, 0.0, 0.78], [-0.1, 0.0, 0.99], [-0.1, 0.05, 0.99], [-0.1, 0.04, 0.99]]
    vectors, nothing = np.array(among + alone, np.float32), np.zeros(8, np.float32)
    rows = [row(letter) for letter in "abcdefgh"]
    found = Pool.of(Candidates(rows, vectors, vectors, nothing, nothing, ASKED, ASKED[0], [list] * 8))
    assert np.argmax(scores(found, long=1.0)) == 4
    assert np.argmax(scores(found, long=0.0)) < 4


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(InputError, match="no step magic; use meaning, words"):
        Steps.without("magic")


def test_the_fitted_weights_are_shipped() -> None:
    assert ranking.weights().keys() == set(ranking.FITTED) and ranking.weights()["meaning"] == 1


def asked(question: Question, *rows: PassageRow, steps: Steps | None = None) -> list[float]:
    found = Pool.of(pool(*rows, near=[0.5] * len(rows)))
    return ranking.scores(question, found, Wanted(), steps or Steps.without("neighbours")).tolist()


def test_rules_go_first_only_where_a_rule_is_asked_for() -> None:
    rule, article = row("a", kind="policy"), row("b", kind="article")
    first, second = asked(Question("which grinder", kind="policy"), rule, article)
    assert first > second
    first, second = asked(Question("which grinder", kind="how-to"), rule, article)
    assert first < second
    for untold in (asked(Question("which grinder"), rule, article), asked(Question("which grinder", kind="policy"), rule, article, steps=Steps.without("kind", "neighbours"))):  # fmt: skip
        assert untold[0] == untold[1]


def test_articles_about_the_product_named_go_before_those_about_others() -> None:
    rows = [row("a", product=["Lark Duo"]), row("b", product=[]), row("c", product=["Lark One"])]
    first, second, third = asked(Question("which grinder", products=("Lark Duo",)), *rows)
    assert first > second > third > second - 0.05
    assert len(set(asked(Question("which grinder"), *rows))) == 1
    off = Steps.without("product", "neighbours")
    assert len(set(asked(Question("which grinder", products=("Lark Duo",)), *rows, steps=off))) == 1
