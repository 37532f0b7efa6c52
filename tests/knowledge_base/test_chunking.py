import re
from dataclasses import dataclass, field

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
    assert all(chunk.text.strip() and len(chunk.text.split()) <= MOST for chunk in found)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PARAGRAPH, STEPS, BULLETS, TABLE, CODE), max_size=8))
def test_text_without_headings_comes_back_once_and_in_order(blocks: list[str]) -> None:
    body = "\n\n".join(blocks)
    assert bag(" ".join(chunk.text for chunk in chunks("Title", body))) == bag(body)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=600))
def test_any_text_at_all_is_cut_without_an_error(body: str) -> None:
    assert all(chunk.text.strip() for chunk in chunks("Title", body))


# ---- articles in which every word stands once, so that it can be followed ------------------------------------

BLOCK = st.one_of(
    st.tuples(st.just("heading"), st.integers(1, 5), st.integers(1, 12)),
    st.tuples(st.just("paragraph"), st.integers(1, 12), st.integers(1, 60)),  # sentences, words of each
    st.tuples(st.sampled_from(["steps", "bullets", "nested"]), st.integers(1, 12), st.integers(1, 60)),
    st.tuples(st.sampled_from(["table", "code"]), st.integers(1, 60), st.integers(1, 8)),
)


@dataclass
class Written:
    """An article with what is true of it: its words in order, steps with their words, headings above each word."""

    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    steps: list[list[str]] = field(default_factory=list)
    above: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def new(self, count: int, path: list[tuple[int, str]]) -> list[str]:
        made = [f"w{len(self.words) + n}" for n in range(count)]
        self.words += made
        self.above |= dict.fromkeys(made, tuple(heading for _, heading in path))
        return made


def written(blocks: list[tuple[str, int, int]]) -> Written:
    article, path = Written(), list[tuple[int, str]]()
    for number, (kind, count, size) in enumerate(blocks):
        if kind == "heading":
            heading = " ".join(f"h{number}x{n}" for n in range(size))
            path = [(level, text) for level, text in path if level < count] + [(count, heading)]
            article.lines.append(f"{'#' * count} {heading}")
            continue
        rows = [article.new(size, path) for _ in range(count)]
        if kind == "paragraph":
            article.lines.append(" ".join(" ".join(row).capitalize() + "." for row in rows))
        elif kind == "table":
            article.lines.append("| - |\n| --- |\n" + "\n".join(f"| {' '.join(row)} |" for row in rows))
        elif kind == "code":
            article.lines.append("```\n" + "\n".join(" ".join(row) for row in rows) + "\n```")
        else:
            article.steps += rows
            marks = [f"{n}." if kind == "steps" else "-" for n in range(1, count + 1)]
            article.lines.append("\n".join(f"{mark} {_step(row, kind, mark)}" for mark, row in zip(marks, rows, strict=True)))
    return article


def _step(words: list[str], kind: str, mark: str) -> str:
    """A step; a nested one has its second half as a list of its own."""
    half = len(words) // 2
    if kind != "nested" or not half:
        return " ".join(words)
    return " ".join(words[:half]) + f"\n{' ' * (len(mark) + 1)}- " + " ".join(words[half:])


def followed(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"\b[wW]\d+\b", text)]


ARTICLE = st.lists(BLOCK, max_size=14).map(written)


@settings(max_examples=300, deadline=None)
@given(ARTICLE)
def test_every_word_stands_in_exactly_one_passage_in_order(article: Written) -> None:
    found = chunks("Title", "\n\n".join(article.lines))
    assert [word for chunk in found for word in followed(chunk.text)] == article.words


@settings(max_examples=300, deadline=None)
@given(ARTICLE)
def test_no_passage_is_longer_than_the_most(article: Written) -> None:
    assert all(chunk.text.strip() and len(chunk.text.split()) <= MOST for chunk in chunks("Title", "\n\n".join(article.lines)))


@settings(max_examples=300, deadline=None)
@given(ARTICLE)
def test_no_step_is_cut(article: Written) -> None:
    found = [set(followed(chunk.text)) for chunk in chunks("Title", "\n\n".join(article.lines))]
    for step in article.steps:
        assert any(set(step) <= words for words in found)


@settings(max_examples=300, deadline=None)
@given(ARTICLE)
def test_every_word_is_under_its_headings(article: Written) -> None:
    for chunk in chunks("Title", "\n\n".join(article.lines)):
        for word in followed(chunk.text):
            for heading in article.above[word]:
                assert heading in chunk.heading or heading in chunk.text


@settings(max_examples=100, deadline=None)
@given(ARTICLE, st.lists(BLOCK, min_size=1, max_size=3).map(written))
def test_a_section_put_first_leaves_the_other_passages_as_they_are(article: Written, more: Written) -> None:
    body = "# Known\n\n" + "\n\n".join(article.lines)
    before = {(chunk.heading, chunk.text) for chunk in chunks("Title", body) if "Known" in chunk.heading}
    first = "# New\n\n" + "\n\n".join(more.lines).replace("w", "v").replace("h", "g")
    after = {(chunk.heading, chunk.text) for chunk in chunks("Title", f"{first}\n\n{body}")}
    assert before <= after


def test_a_passage_knows_the_headings_above_it() -> None:
    body = "Opening words.\n\n## Returns\n\n" + "Pack it well. " * 30 + "\n\n### Label\n\n" + "Print the label. " * 30
    assert [chunk.heading for chunk in chunks("Sending back", body)] == ["Returns", "Returns › Label"]


def test_a_heading_like_the_title_is_not_repeated() -> None:
    assert chunks("Error E6", "## Error E6\n\n### Steps\n\nUnplug it.")[0].heading == "Steps"


def test_even_a_heading_without_end_is_cut_into_passages() -> None:
    words = [f"w{n}" for n in range(400)]
    for body in (f"# {' '.join(words)}", f"Opening.\n\n## A\n\nShort.\n\n### {' '.join(words)}\n\nEnd."):
        found = chunks("Title", body)
        assert all(len(chunk.text.split()) <= MOST for chunk in found)
        assert set(words) <= {word for chunk in found for word in followed(f"{chunk.heading} {chunk.text}")}


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
