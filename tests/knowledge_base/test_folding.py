import numpy as np

from knowledge_base.folding import folded, spread

VECTORS = np.eye(4, dtype=np.float32)


def test_equal_and_nearly_equal_texts_are_shown_once() -> None:
    one = "Hold the steam and power buttons for five seconds until the light blinks twice"
    texts = [one, "Something else", one + " again", one]
    vectors = np.stack([VECTORS[0], VECTORS[1], VECTORS[0], VECTORS[2]])
    assert folded([0, 1, 2, 3], texts, vectors, 5) == {0: [2, 3], 1: []}
    assert folded([1, 0, 2, 3], texts, vectors, 1) == {1: []}


def test_texts_with_other_numbers_are_other_matters() -> None:
    texts = [
        "Error E5 means that the machine needs a rest and some water",
        "Error E6 means that the machine needs a rest and some water",
    ]
    assert folded([0, 1], texts, np.stack([VECTORS[0], VECTORS[0]]), 5) == {0: [], 1: []}


def test_each_question_has_its_best_passage_among_the_first() -> None:
    total = np.array([0.9, 0.8, 0.7, 0.1], np.float32)
    near = np.array([[0.9, 0.0], [0.5, 0.0], [0.1, 0.1], [0.0, 0.95]], np.float32)
    assert spread([0, 1, 2, 3], total, near, 2) == [0, 3, 1, 2]
    assert spread([0, 1, 2, 3], total, near[:, :1], 2) == [0, 1, 2, 3]
    assert spread([0, 1, 2, 3], total, near, 1) == [0, 1, 2, 3]
