"""A sentence and its passage are cut so that nothing is lost and what belongs together is named alike."""

from hypothesis import given
from hypothesis import strategies as st

from triage.drafts import linking

PASSAGE = "Descale every three months. Use ClearCal only, never vinegar. A refund of €38.00 takes 5 days."
SENTENCE = "Your refund of 38 EUR takes 5 days."
TEXT = st.text(alphabet="abc 123.!?\n€,", max_size=80)


def test_the_carrying_stretch_its_words_and_the_figures_are_marked() -> None:
    pieces = linking.of_passage(PASSAGE, [(3, SENTENCE), (4, "Descale it every three months.")])
    carried = "".join(piece.text for piece in pieces if 3 in piece.carries)
    assert carried == "A refund of €38.00 takes 5 days."
    assert {"refund", "takes"} <= {piece.text for piece in pieces if 3 in piece.words}
    figures = {piece.figure for piece in linking.of_sentence(SENTENCE, []) if piece.figure}
    assert figures == {"38", "5"} and figures <= {piece.figure for piece in pieces if 3 in piece.carries}
    assert "".join(piece.text for piece in pieces if 4 in piece.carries) == "Descale every three months."


def test_a_figure_of_no_source_is_marked_as_such() -> None:
    marked = linking.of_sentence("It takes 7 days and costs €38.00.", [PASSAGE])
    assert [(piece.text, piece.lacking) for piece in marked if piece.figure] == [("7 days", True), ("€38.00", False)]


def test_what_carries_nothing_is_not_shown_as_carrying() -> None:
    assert linking.carrying("The moon is made of cheese.", PASSAGE) is None


@given(TEXT, st.lists(TEXT, max_size=3))
def test_no_letter_is_lost(passage: str, sentences: list[str]) -> None:
    numbered = list(enumerate(sentences))
    assert "".join(piece.text for piece in linking.of_passage(passage, numbered)) == passage
    assert "".join(piece.text for piece in linking.of_sentence(passage, sentences)) == passage
