"""The base as it would be: found like the one that serves, but for the one article; and the one that serves stays as it is."""

import pytest

from knowledge_base import articles, overlay
from triage.errors import InputError
from triage.models import SynonymGroup
from triage.office import Desk

QUERIES = ["How do I descale the kettle?", "error code K4", "Where is my parcel?", "return an order", "zebra", "pair the brewer"]


def test_with_the_published_version_the_same_is_found_with_the_same_scores(desk: Desk) -> None:
    """Fails when searches read a table that the overlay does not copy."""
    with desk.database.transaction() as session:
        session.add(SynonymGroup(terms=["brewer", "kettle"], author="Ines"))
    desk.searcher.refresh()
    live = desk.searcher.search_many(QUERIES, audience="internal")
    with overlay.with_version(desk.searcher, desk.settings, "descale-your-kettle", 1) as searcher:
        over = searcher.search_many(QUERIES, audience="internal")
    assert [[(hit.id, hit.score, hit.text) for hit in hits] for hits in over] == [
        [(hit.id, hit.score, hit.text) for hit in hits] for hits in live
    ]


def test_new_passages_replace_the_old_and_only_in_the_overlay(desk: Desk) -> None:
    with desk.database.transaction() as session:
        text = "Descale the kettle with the zebra powder once a year."
        number = articles.save_version(
            session, "descale-your-kettle", title="Descale your kettle", body=text, author="Ines"
        ).number
    with overlay.with_version(desk.searcher, desk.settings, "descale-your-kettle", number) as searcher:
        over = searcher.search("zebra powder")[0]
        texts = " ".join(hit.text for hit in searcher.search("descale the kettle", k=20))
    assert (over.article, over.version) == ("descale-your-kettle", number) and "Kalkweg" not in texts
    desk.searcher.refresh()
    assert all("zebra" not in hit.text for hit in desk.searcher.search("zebra powder", k=20))


def test_a_version_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError), overlay.with_version(desk.searcher, desk.settings, "descale-your-kettle", 9):
        pass
