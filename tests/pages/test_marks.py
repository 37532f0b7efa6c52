"""Marks are made once for a text and its sentences, and made anew when either changes."""

from pages.parts import marks

PASSAGE = "Use ClearCal only. A refund takes 5 days."


def test_a_passage_drawn_again_is_the_same_and_another_sentence_marks_it_anew() -> None:
    first = marks.passage(PASSAGE, [(0, "A refund takes 5 days.")])
    assert marks.passage(PASSAGE, [(0, "A refund takes 5 days.")]) is first
    other = marks.passage(PASSAGE, [(0, "Use ClearCal only.")])
    assert 'data-carries="0"' in first and 'data-carries="0"' in other and first != other
    assert marks.passage(PASSAGE + " Ask us.", [(0, "A refund takes 5 days.")]) != first


def test_a_figure_is_marked_by_the_sources_it_is_held_against() -> None:
    assert "td-fig none" in marks.figures("It takes 7 days.", [PASSAGE])
    assert "td-fig none" not in marks.figures("It takes 7 days.", ["It takes 7 days at most."])
    assert "td-fig none" not in marks.figures("It takes 7 days.", ())
