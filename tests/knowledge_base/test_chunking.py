import re

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.chunking import MOST, chunks, plain, sentences

WORD = st.text("abcdefghijklmnopqrstuvwxyzäöüéñß0123456789", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=1, max_size=30).map(lambda words: " ".join(words).capitalize() + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=14).map(" ".join)
HEADING = st.tuples(st.integers(2, 4), st.lists(WORD, min_size=1, max_size=5)).map(lambda h: "#" * h[0] + " " + " ".join(h[1]))
STEPS = st.lists(SENTENCE, min_size=1, max_size=12).map(
    lambda steps: "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))
)
BULLETS = st.lists(SENTENCE, min_size=1, max_size=6).map(
    lambda items: "\n".join(f"- {item}\n  - nested {item}" for item in items)
)
TABLE = st.lists(st.tuples(WORD, WORD), min_size=1, max_size=80).map(
    lambda rows: "| a | b |\n| --- | --- |\n" + "\n".join(f"| {left} | {right} |" for left, right in rows)
)
CODE = st.lists(WORD, min_size=1, max_size=20).map(lambda lines: "```\n" + "\n".join(lines) + "\n```")
QUOTE = SENTENCE.map(lambda sentence: f"> {sentence}")
BODY = st.lists(
    st.one_of(PARAGRAPH, HEADING, STEPS, BULLETS, TABLE, CODE, QUOTE, st.just("---"), st.just("[ref]: http://a.example/x")),
    max_size=12,
)


def bag(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def holds(text: str, wanted: list[str]) -> bool:
    """Whether the words stand in the text in order, perhaps with others between."""
    words = iter(bag(text))
    return all(word in words for word in wanted)


@settings(max_examples=150, deadline=None)
@given(BODY)
def test_no_word_is_lost_and_no_passage_is_too_long(blocks: list[str]) -> None:
    body = "\n\n".join(blocks)
    found = chunks("Title", body)
    kept = " ".join(f"{chunk.heading}\n{chunk.text}" for chunk in found)
    assert set(bag(body)) <= set(bag(kept))
    assert all(chunk.text.strip() and len(chunk.text.split()) <= MOST + 40 for chunk in found)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PARAGRAPH, STEPS, BULLETS, TABLE, CODE), max_size=8))
def test_text_without_headings_comes_back_once_and_in_order(blocks: list[str]) -> None:
    body = "\n\n".join(blocks)
    assert bag(" ".join(chunk.text for chunk in chunks("Title", body))) == bag(body)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=600))
def test_any_text_at_all_is_cut_without_an_error(body: str) -> None:
    assert all(chunk.text.strip() for chunk in chunks("Title", body))


def test_a_passage_knows_the_headings_above_it() -> None:
    body = "Opening words.\n\n## Returns\n\n" + "Pack it well. " * 30 + "\n\n### Label\n\n" + "Print the label. " * 30
    assert [chunk.heading for chunk in chunks("Sending back", body)] == ["Returns", "Returns › Label"]


def test_a_heading_like_the_title_is_not_repeated() -> None:
    assert chunks("Error E6", "## Error E6\n\n### Steps\n\nUnplug it.")[0].heading == "Steps"


def test_steps_stay_whole() -> None:
    steps = [f"{n}. " + f"Press button {n} and wait. " * 6 for n in range(1, 15)]
    found = chunks("Reset", "\n".join(steps))
    assert len(found) > 1
    assert sorted(line.strip() for chunk in found for line in chunk.text.split("\n")) == sorted(step.strip() for step in steps)


def test_sentences_end_where_they_end() -> None:
    assert sentences("Wait 3.5 minutes, e.g. with a timer. Then press it! Does it blink? Yes.") == [
        "Wait 3.5 minutes, e.g. with a timer.",
        "Then press it!",
        "Does it blink?",
        "Yes.",
    ]


def test_plain_text_has_no_markdown_signs() -> None:
    assert plain("## Open **Account** › [Orders](https://a.example)\n- `E6`") == "Open Account › Orders\nE6"
