"""Contradictions and duplicates: found where two texts speak of one matter, and not where they speak of two."""

import numpy as np
import pytest

from knowledge_base.consistency import CONTRADICTION, DUPLICATE, Conflict, Piece, conflicts
from knowledge_base.embedding import embedder

RETURN = "You can return an order within 30 days of delivery when the machine is complete and clean."


def found(*texts: str, titles: tuple[str, ...] = ("Return an order", "Returns desk"), **fields: str) -> list[Conflict]:
    pieces = [Piece(f"a{n}", 1, titles[n % len(titles)], "", text, **fields) for n, text in enumerate(texts)]
    return conflicts(pieces, embedder().encode([f"{piece.title}\n{piece.text}" for piece in pieces]))


@pytest.mark.parametrize(
    ("other", "here", "there"),
    [
        (RETURN.replace("30 days", "14 days"), "30 days", "14 days"),
        (RETURN.replace("30 days", "ten days"), "30 days", "ten days"),
        (RETURN.replace("within 30 days", "within two weeks"), None, None),  # another unit is no contradiction by itself
        (RETURN.replace("can return", "cannot return"), "", "cannot"),
        ("Returning an order of a machine costs €9.50 from France.", None, None),
    ],
)
def test_different_numbers_or_a_negation_contradict(other: str, here: str | None, there: str | None) -> None:
    conflict = next((conflict for conflict in found(RETURN, other) if conflict.kind == CONTRADICTION), None)
    if here is None:
        assert conflict is None
        return
    assert conflict
    marked = [[side.said[a:b] for a, b in side.marks] for side in (conflict.left, conflict.right)]
    assert marked == [[here] if here else [], [there]]


@pytest.mark.parametrize(
    "pair",
    [
        (
            "The return label from Germany costs €7.50 for every order.",
            "The return label from France costs €9.50 for every order.",
        ),
        (
            "E2 means that the sensor failed for 10 seconds at the start.",
            "E3 means that the sensor failed for 20 seconds at the start.",
        ),
        ("1. Let 50 ml of water run through the group.", "1. Let 200 ml of water run through the group."),
        (RETURN, RETURN),
    ],
)
def test_two_matters_do_not_contradict(pair: tuple[str, str]) -> None:
    assert [conflict for conflict in found(*pair) if conflict.kind == CONTRADICTION] == []


def test_articles_about_other_products_or_in_other_languages_are_left_alone() -> None:
    pieces = [Piece("a", 1, "t", "", RETURN, products=frozenset({"One"})), Piece("b", 1, "t", "", RETURN.replace("30", "14"), products=frozenset({"Duo"}))]  # fmt: skip
    vectors = embedder().encode([piece.text for piece in pieces])
    assert conflicts(pieces, vectors) == []
    assert conflicts([Piece("a", 1, "t", "", RETURN), Piece("b", 1, "t", "", RETURN.replace("30", "14"), "de")], vectors) == []


def test_a_text_that_stands_twice_is_a_duplicate_and_an_article_never_one_of_itself() -> None:
    text = f"{RETURN} Use a strong box with at least 5 cm of padding on every side, and keep the receipt of the parcel shop."
    (conflict,) = found(text, f"{text} Photos help.")
    assert conflict.kind == DUPLICATE and conflict.score > 0.9
    pieces = [Piece("a", 1, "t", "", text), Piece("a", 1, "t", "", text)]
    assert conflicts(pieces, embedder().encode([text, text])) == []


def test_only_what_concerns_the_changed_articles_is_looked_at_and_the_key_is_the_words() -> None:
    texts = (RETURN, RETURN.replace("30", "14"), RETURN.replace("30", "60"))
    pieces = [Piece(f"a{n}", 1, "Return an order", "", text) for n, text in enumerate(texts)]
    vectors = embedder().encode(list(texts))
    everything, some = conflicts(pieces, vectors), conflicts(pieces, vectors, only={"a2"})
    assert len(everything) == 3 and {c.key for c in some} < {c.key for c in everything}
    assert all("a2" in (c.left.piece.article, c.right.piece.article) for c in some)
    again = conflicts([Piece(p.article, 9, p.title, p.heading, p.text) for p in pieces], vectors)
    assert [c.key for c in again] == [c.key for c in everything]
    assert np.isclose(everything[0].score, again[0].score)
