"""What is typed is kept, two people do not overwrite each other, and merging loses no word of either."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.library.desk import done, embed, people, write
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.library import compare, editing, merge, publishing
from triage.library.article import load
from triage.library.editing import OtherTab, Text
from triage.models import Article, User

TEXTS = st.lists(st.sampled_from(["one ", "two ", "three\n", "four\n\n", "five. "]), max_size=14).map("".join)


def test_what_is_typed_is_kept_per_person_until_it_is_saved(database: Database) -> None:
    ines, ada, _ = people(database)
    done(database, write, "pause")
    revision = done(database, editing.keep, ines, "pause", Text("Pause", "Mine", meta={"owner": "Ines"}), base=1, revision=0)
    assert revision == 1
    assert done(database, editing.copy_of, ada, "pause") is None
    assert [name for name, _ in done(database, editing.at_it, ada, "pause")] == ["Ines"]
    kept = done(database, editing.copy_of, ines, "pause")
    assert kept and (kept.body, kept.meta, kept.base) == ("Mine", {"owner": "Ines"}, 1)
    assert done(database, editing.keep, ines, "pause", Text("Pause", "Mine too"), base=1, revision=1) == 2
    with pytest.raises(OtherTab):
        done(database, editing.keep, ines, "pause", Text("Pause", "From another tab"), base=1, revision=1)
    assert done(database, editing.keep, ines, "pause", Text("Pause", "Mine too"), base=1, revision=1) == 2  # nothing else
    assert [copy.body for copy in done(database, editing.copies, ines)] == ["Mine too"]
    done(database, editing.discard, ines, "pause")
    assert done(database, editing.copy_of, ines, "pause") is None


def test_staff_neither_keep_nor_save(database: Database) -> None:
    _, _, sam = people(database)
    done(database, write, "pause")
    with pytest.raises(AccessError):
        done(database, editing.keep, sam, "pause", Text("x", "y"), base=1, revision=0)
    with pytest.raises(AccessError):
        done(database, editing.save, sam, "pause", base=1, title="x", body="y")


def test_the_second_to_save_is_told_and_overwrites_nothing(database: Database) -> None:
    ines, ada, _ = people(database)
    done(database, write, "pause")
    assert done(database, editing.save, ines, "pause", base=1, title="Pause", body="Ines' text").number == 2
    with pytest.raises(ConflictError, match="version 2 while you were editing version 1"):
        done(database, editing.save, ada, "pause", base=1, title="Pause", body="Ada's text")
    assert done(database, load, "pause").latest.body == "Ines' text"


def test_of_many_who_save_at_once_one_succeeds_and_publishing_goes_on_beside(database: Database) -> None:
    ines, ada, _ = people(database)
    done(database, write, "pause", published=True)
    done(database, write, "fees", published=True)

    def save(user: User, n: int) -> str:
        try:
            done(database, editing.save, user, "pause", base=1, title="Pause", body=f"Text {n} of {user.name}", category=f"c{n}")
        except ConflictError:
            return "told"
        return "saved"

    def publish(n: int) -> str:
        done(database, editing.save, ines, "fees", base=n + 1, title="Fees", body=f"{n} euros")
        done(database, publishing.publish, ines, "fees", embed=embed)
        return "published"

    with ThreadPoolExecutor(8) as pool:
        saves = [pool.submit(save, user, n) for n in range(6) for user in (ines, ada)]
        series = pool.submit(lambda: [publish(n) for n in range(6)])
        assert Counter(future.result(60) for future in saves) == {"saved": 1, "told": 11}
        assert series.result(60) == ["published"] * 6
    assert done(database, load, "pause").row.version == 2 and done(database, load, "fees").row.published == 7


def test_a_text_with_marks_of_a_merge_is_not_saved(database: Database) -> None:
    ines, _, _ = people(database)
    done(database, write, "pause", "You can wait three months.")
    merged = merge.merge("You can wait three months.", "You can wait four months.", "You can wait six months.")
    assert merged.conflicts == 1
    with pytest.raises(InputError, match="hold both texts"):
        done(database, editing.save, ines, "pause", base=1, title="Pause", body=merged.text)


def test_an_old_text_comes_back_as_a_new_version(database: Database) -> None:
    ines, _, _ = people(database)
    done(database, write, "pause", "First.")
    done(database, editing.save, ines, "pause", base=1, title="Pause", body="Second.")
    version = done(database, editing.roll_back, ines, "pause", 1)
    assert (version.number, version.body, version.note) == (3, "First.", "Back to version 1")
    with pytest.raises(InputError):
        done(database, editing.roll_back, ines, "pause", 9)


def test_a_property_that_is_saved_counts_at_once_and_a_text_when_published(database: Database) -> None:
    ines, _, _ = people(database)
    done(database, write, "pause", published=True, category="plans")
    before = done(database, _passages, "pause")
    done(database, editing.save, ines, "pause", base=1, title="Pause", body="New text.", category="orders")
    after = done(database, _passages, "pause")
    assert [(text, category) for text, category, _ in before] == [("Text.", "plans")]
    assert [(text, category) for text, category, _ in after] == [("Text.", "orders")]
    assert after[0][2] > before[0][2]


def test_changes_of_different_words_are_merged_without_a_conflict() -> None:
    base = "Open **Plan**.\n\nChoose **Pause** and wait three months.\n"
    merged = merge.merge(base, base.replace("Open", "First open"), base.replace("three", "four"))
    assert merged == merge.Merged("First open **Plan**.\n\nChoose **Pause** and wait four months.\n", 0)


@given(TEXTS, TEXTS)
def test_a_change_of_one_person_alone_is_taken_as_it_is(base: str, changed: str) -> None:
    assert merge.merge(base, changed, base) == merge.merge(base, base, changed) == merge.merge(base, changed, changed)
    assert merge.merge(base, changed, base) == merge.Merged(changed, 0)


@given(TEXTS, TEXTS, TEXTS)
def test_no_word_that_somebody_added_is_lost_in_a_merge(base: str, mine: str, theirs: str) -> None:
    merged = merge.merge(base, mine, theirs).text.split()
    for word in {"one", "two", "three", "four", "five."}:
        for text in (mine, theirs):
            if base.split().count(word) == 0:
                assert merged.count(word) >= text.split().count(word)


@given(TEXTS, TEXTS)
def test_a_difference_holds_both_texts_whole(old: str, new: str) -> None:
    for pieces in (compare.inline(old, new), compare.words(old, new)):
        assert "".join(piece.text for piece in pieces if piece.kind != "in") == old
        assert "".join(piece.text for piece in pieces if piece.kind != "out") == new
    lines = compare.side_by_side(old, new)
    assert [_text(line.before) for line in lines if line.before_number] == old.splitlines()
    assert [_text(line.after) for line in lines if line.after_number] == new.splitlines()
    assert all(line.same for line in compare.side_by_side(old, old))


def _text(pieces: list[compare.Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _passages(session, article_id):  # type: ignore[no-untyped-def]
    from sqlmodel import select

    from triage.models import Passage

    assert session.get(Article, article_id)
    rows = session.exec(select(Passage).where(Passage.article_id == article_id).order_by(Passage.ordinal))
    return [(row.text, row.category, row.generation) for row in rows]
