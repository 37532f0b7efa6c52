import pytest

from knowledge_base import synonyms
from knowledge_base.search import Searcher
from triage.database import Database
from triage.errors import InputError


def test_a_group_is_kept_and_removed_on_both_databases(database: Database) -> None:
    with database.transaction() as session:
        group = synonyms.add(session, [" VAT ", "value  added tax", "vat"], author="user:1")
        assert group.terms == ["vat", "value added tax"] and synonyms.lists(session) == [group.terms]
        with pytest.raises(InputError, match="stands in the group"):
            synonyms.add(session, ["VAT", "sales tax"], author="user:1")
        synonyms.remove(session, group.id or 0, author="user:1")
        with pytest.raises(InputError, match="gone already"):
            synonyms.remove(session, group.id or 0, author="user:1")
        assert synonyms.listing(session) == []


@pytest.mark.parametrize("terms", [["alone"], ["Same", "same"], [], ["x" * 61, "y"], [str(n) for n in range(13)]])
def test_groups_that_cannot_be_used_are_refused(database: Database, terms: list[str]) -> None:
    with database.transaction() as session, pytest.raises(InputError):
        synonyms.add(session, terms, author="user:1")


def test_searches_go_by_the_list_at_once(searcher: Searcher, desk_database: Database) -> None:
    [before] = searcher.ask(["Mahlwerk klemmt"], audience="public")
    assert before.hits[0].article != "e5"
    with desk_database.transaction() as session:
        synonyms.add(session, ["Mahlwerk klemmt", "grinder is blocked"], author="user:1")
    searcher.refresh()
    [after] = searcher.ask(["Mahlwerk klemmt"], audience="public")
    assert after.hits[0].article == "e5" and after.rewritten == ["Mahlwerk klemmt (grinder is blocked)"]
