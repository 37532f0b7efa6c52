import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.following import Entry, Snapshot
from knowledge_base.postings import Postings, Segment, Terms, Vocabulary


def together(vocabulary: Vocabulary, passages: list[Terms], language: str = "en") -> Postings:
    return Postings(vocabulary, [Segment.of(passages)], [language], np.ones(len(passages), np.bool_))


def postings(*texts: str, language: str = "en") -> Postings:
    vocabulary = Vocabulary()
    return together(vocabulary, [vocabulary.read("", "", text, language) for text in texts], language)


def test_compounds_match_however_they_are_written() -> None:
    found = postings("Connect to Wi-Fi.", "Descale it.").match("wifi lost")
    assert found.scores[0] > 0 == found.scores[1]


def test_other_languages_have_their_own_stems() -> None:
    found = postings("Die Maschinen werden entkalkt.", "Ein Paket ist unterwegs.", language="de").match("Maschine entkalken")
    assert found.scores[0] > 0 == found.scores[1]


def test_coverage_is_the_share_of_the_question() -> None:
    found = postings("grinder jam", "grinder").match("grinder jam")
    assert 0 < found.coverage[1] < found.coverage[0] <= 1


def test_a_title_counts_for_more_than_the_text() -> None:
    vocabulary = Vocabulary()
    filler = "many other words that stand in the text of every passage " * 6
    passages = [vocabulary.read("Refund", "", filler, "en"), vocabulary.read("Other", "", f"{filler} refund", "en")]
    scores = together(vocabulary, passages).match("refund").scores
    assert scores[0] > scores[1]


def test_an_empty_base_and_an_empty_question() -> None:
    assert postings().match("anything").scores.size == 0
    assert not np.any(postings("some words").match("").scores)


WORDS = st.lists(
    st.sampled_from(["hopper", "grinder", "steam", "valve", "boiler", "pump", "E6", "E7", "leak", "tray"]), min_size=1, max_size=6
)
IDS = st.sampled_from([f"p{n}" for n in range(8)])
CHANGES = st.lists(st.tuples(st.dictionaries(IDS, WORDS, max_size=4), st.sets(IDS, max_size=2)), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(CHANGES, WORDS, st.sampled_from([0, 3, 1000]))
def test_after_any_publications_it_finds_what_a_fresh_index_finds(
    changes: list[tuple[dict[str, list[str]], set[str]]], query: list[str], loose: int
) -> None:
    vocabulary, snapshot, texts = Vocabulary(), Snapshot(), dict[str, str]()

    def entry(id: str) -> Entry:
        return Entry(id, vocabulary.read("", "", texts[id], "en"), "internal" if id == "p7" else "public", "en")

    for generation, (written, gone) in enumerate(changes):
        texts = {id: text for id, text in texts.items() if id not in gone - written.keys()}
        gone = {id for id in snapshot.rows if id in gone and id not in written}
        texts |= {id: " ".join(words) for id, words in written.items()}
        snapshot = snapshot.after(vocabulary, generation, [entry(id) for id in written], gone, loose=loose)
        assert snapshot.rows.keys() == texts.keys()
        assert [snapshot.ids[row] for row in snapshot.rows.values()] == list(snapshot.rows)
    fresh = Snapshot().after(vocabulary, 0, [entry(id) for id in texts])
    for audience in ("public", "internal"):
        found, expected = (s.match(" ".join(query), audience) for s in (snapshot, fresh))
        assert found and expected
        held = {id for id, row in snapshot.rows.items() if found.scores[row] > 0}
        assert held == {id for id, row in fresh.rows.items() if expected.scores[row] > 0}
        assert np.count_nonzero(found.scores) == len(held)
    merged = snapshot.after(vocabulary, 9, [])
    found, expected = merged.match(" ".join(query), "internal"), fresh.match(" ".join(query), "internal")
    assert found and expected
    for id, row in fresh.rows.items():
        assert np.isclose(found.scores[merged.rows[id]], expected.scores[row], rtol=1e-5)
