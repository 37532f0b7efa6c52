"""Groups of texts: the same for the same texts, held together by meaning, named alike when they are made anew."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.clusters import keep_names, key_terms, stars
from knowledge_base.embedding import embedder

TOPICS = (
    [
        "Do you ship to Norway?",
        "Can I order to Norway?",
        "Is delivery to Norway possible?",
        "Will you deliver to Oslo in Norway?",
    ],
    ["How do I descale the machine?", "Which descaler should I use?", "Descaling does not finish", "How often must I descale?"],
    ["My refund has not arrived", "When do I get my refund?", "Where is my refund?"],
)


def test_questions_of_one_matter_are_one_group() -> None:
    texts = [text for topic in TOPICS for text in topic]
    groups = stars(embedder().encode(texts))
    found = {frozenset(texts[row] for row in group) for group in groups}
    assert {frozenset(topic) for topic in TOPICS} <= found


def test_nothing_gives_no_group_and_one_text_a_group_of_one() -> None:
    assert stars(np.zeros((0, 4), np.float32)) == []
    assert stars(np.ones((1, 4), np.float32) / 2) == [[0]]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(0, 9))
def test_every_text_is_in_exactly_one_group_whatever_the_order(count: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    middles = dice.normal(size=(6, 16))
    vectors = (middles[dice.integers(0, 6, count)] + dice.normal(scale=0.2, size=(count, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = stars(vectors)
    assert sorted(row for group in groups for row in group) == list(range(count))
    assert groups == stars(vectors)


def test_a_group_keeps_its_name_when_some_of_its_questions_change() -> None:
    known: dict[int, set[object]] = {7: {"a", "b", "c", "d"}, 8: {"e", "f"}}
    assert keep_names(known, [{"b", "c", "d", "x"}, {"e", "f", "y"}, {"z"}]) == [7, 8, None]


def test_when_groups_merge_or_split_the_larger_part_keeps_the_name() -> None:
    known: dict[int, set[object]] = {1: {"a", "b", "c"}, 2: {"d", "e"}}
    assert keep_names(known, [{"a", "b", "c", "d", "e"}]) == [1]
    assert keep_names(known, [{"a", "b"}, {"c"}, {"d", "e"}]) == [1, None, 2]


def test_key_terms_set_a_group_apart() -> None:
    terms = key_terms([["ship norway", "order norway"], ["ship refund", "refund late"]], words=str.split, most=1)
    assert terms == [["norway"], ["refund"]]
