"""Style rules as the offline engine follows them: manners change, facts stay."""

from triage.briefs import Paragraph, Sentence
from triage.llm.offline import style


def paragraph(*sentences: tuple[str, str]) -> Paragraph:
    return Paragraph(style="text", sentences=[Sentence(text=text, kind=kind, passages=[]) for text, kind in sentences])  # type: ignore[arg-type]


def test_one_word_stands_for_another_in_manners_and_never_in_facts() -> None:
    said = [paragraph(("Hi Ann,", "courtesy")), paragraph(("Hi is what the display says.", "fact"))]
    found = style.styled(said, ["Write “Hello” instead of “Hi”."])
    assert [one.sentences[0].text for one in found] == ["Hello Ann,", "Hi is what the display says."]


def test_what_is_left_out_takes_an_empty_sentence_with_it() -> None:
    said = [paragraph(("Thanks a lot!", "courtesy"), ("Open the lid.", "step"))]
    assert [s.text for p in style.styled(said, ["Leave out “Thanks a lot!”."]) for s in p.sentences] == ["Open the lid."]


def test_it_knows_what_it_can_follow() -> None:
    assert style.follows("Write “Hello” instead of “Hi”.") and style.follows("Write shorter replies.")
    assert not style.follows("Sound like a friend who knows coffee.")
    assert style.wishes(["Be formal."]) == (False, True)
