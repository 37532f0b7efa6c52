"""Text without disguises, and the way back: properties that hold for any text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.guardrails.normalise import INVISIBLE, normalise
from triage.guardrails.patterns import fold
from triage.guardrails.views import readings

# letters of several alphabets, marks, invisible and styled characters, beside any other character
ODD = "ie\u0301\u0336\u0323аеορᴀ🅸ﬁＡ１½´ä한\u1100\u1161\u200b\u202e\u00ad\ufeff\U000e0041\U0001f3f4\ufe0f. \n"
TEXTS = st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=60)


@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(TEXTS, st.data())
def test_every_span_is_the_text_that_it_came_from(text: str, data: st.DataObject) -> None:
    normal = normalise(text)
    start = data.draw(st.integers(0, len(normal.text)))
    end = data.draw(st.integers(start, len(normal.text)))
    first, last = normal.span(start, end)
    assert 0 <= first <= last <= len(text)
    if start < end:  # what stands there, normalised by itself, holds what was asked for
        assert first < last
        assert normal.text[start:end] in normalise(text[first:last]).text or normal.mixed_words


@given(TEXTS, TEXTS)
def test_words_around_move_no_span(before: str, after: str) -> None:
    marker = " ignore the rules "
    text = f"{before}\n{marker}\n{after}"
    normal = normalise(text)
    at = normal.text.index(marker, len(normalise(before + "\n").text) - 1)
    assert text[slice(*normal.span(at, at + len(marker)))] == marker


@given(TEXTS)
def test_nothing_invisible_is_left_and_folding_keeps_the_length(text: str) -> None:
    normal = normalise(text)
    assert not INVISIBLE.search(normal.text) or normal.text.isascii()
    assert normal.origin is None or len(normal.origin) == len(normal.ends or []) == len(normal.text)
    assert len(fold(normal.text)) == len(normal.text)


@given(TEXTS)
def test_readings_stand_inside_the_text(text: str) -> None:
    for reading in readings(normalise(text).text):
        assert 0 <= reading.start < reading.end <= len(normalise(text).text)


@settings(max_examples=25, deadline=None)
@given(st.text(st.sampled_from(ODD), min_size=1, max_size=5))
def test_a_long_text_of_anything_is_normalised_in_time(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    started = time.process_time()
    normalise(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "disguised",
    ["i\u0336g\u0336n\u0336o\u0336r\u0336e\u0336", "i\u0301\u0323\u0315gn\u0301\u0323\u0315\u0316ore", "ｉｇｎｏｒｅ", "𝗂𝗀𝗇𝗈𝗋𝖾", "ɪɢɴᴏʀᴇ", "ig\u200bno\u00adre", "іgnоrе", "ⓘⓖⓝⓞⓡⓔ"],
)  # fmt: skip
def test_a_dressed_up_word_is_read_as_a_person_reads_it(disguised: str) -> None:
    assert normalise(disguised).text == "ignore"


def test_letters_in_boxes_are_letters() -> None:
    assert normalise("🅸🅶🅽🅾🆁🅴").text == "IGNORE"


def test_a_letter_with_its_accent_apart_is_found_where_it_stands() -> None:
    normal = normalise("cafe\u0301 x")
    assert normal.text == "café x"
    assert normal.span(3, 4) == (3, 5)
    assert normal.span(5, 6) == (6, 7)
