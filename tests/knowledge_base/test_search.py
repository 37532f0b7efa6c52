import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest

from knowledge_base import articles
from knowledge_base.embedding import Embedder
from knowledge_base.index import Index
from knowledge_base.ranking import Pool, Wanted
from knowledge_base.search import Searcher, ranked
from knowledge_base.steps import Steps
from tests.knowledge import published
from triage.briefs import Evidence
from triage.database import Database
from triage.errors import InputError
from triage.models import Article
from triage.settings import Settings

Fill = Callable[[Database], None]


def found(searcher: Searcher, query: str, **options: object) -> list[str]:
    return [hit.article for hit in searcher.search(query, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("I'd like a break from my coffee deliveries", "pause"),
        ("it shows E6", "e6"),
        ("e5?", "e5"),
        ("tax receipt for my accountant", "vat"),
        ("cannot get it on my wifi network", "wifi"),
        ("Wie entkalke ich die Maschine?", "entkalken"),
    ],
)
def test_the_right_article_comes_first(searcher: Searcher, query: str, article: str) -> None:
    assert found(searcher, query)[0] == article


def test_a_hit_tells_where_it_stands_and_why(searcher: Searcher) -> None:
    hit = searcher.search("What does E6 mean?")[0]
    assert (hit.id, hit.version, hit.title, hit.audience) == ("e6#0", 1, "Error E6", "public")
    assert hit.why.startswith("matches 'E6'") and "meaning 0." in hit.why and 0 < hit.score <= 1
    assert Evidence(**hit.evidence()).text == hit.text


def test_internal_passages_are_for_staff_only(searcher: Searcher, desk_database: Database) -> None:
    query = "courtesy voucher for a late parcel"
    assert found(searcher, query, audience="internal")[0] == "goodwill"
    assert "goodwill" not in found(searcher, query, k=50)
    assert "e6" in found(searcher, "E6", k=50)
    with desk_database.transaction() as session:  # the index still holds it among the public ones
        article = session.get_one(Article, "e6")
        article.audience = "internal"
        articles.refile(session, article)
    assert "e6" not in found(searcher, "E6", k=50)


def test_an_unknown_audience_is_refused(searcher: Searcher) -> None:
    with pytest.raises(InputError, match="public or internal"):
        searcher.search("anything", audience="everyone")


def test_what_is_unpublished_is_not_found_and_what_is_published_is(
    searcher: Searcher, desk_database: Database, real_embedder: Embedder
) -> None:
    assert found(searcher, "VAT invoice")[0] == "vat"
    with desk_database.transaction() as session:
        articles.unpublish(session, "vat", author="user:1")
        articles.save_version(session, "gift", title="Gift cards", body="A gift card is valid for 3 years.", author="user:1")
    assert "vat" not in found(searcher, "VAT invoice", k=50) and "gift" not in found(searcher, "gift card", k=50)
    with desk_database.transaction() as session:
        articles.publish(session, "gift", author="user:1", embed=real_embedder)
    deadline = time.monotonic() + 2
    while found(searcher, "gift card")[0] != "gift":
        assert time.monotonic() < deadline


def test_language_and_category_are_preferences(searcher: Searcher) -> None:
    plain = {hit.id: hit.score for hit in searcher.search("clean the machine", k=50)}
    german = {hit.id: hit.score for hit in searcher.search("clean the machine", k=50, language="de")}
    assert german["entkalken#0"] > plain["entkalken#0"] and german.keys() == plain.keys()


def test_a_slip_of_the_pen_is_understood_and_told(searcher: Searcher) -> None:
    [answer] = searcher.ask(["grindre blocked"])
    assert answer.hits[0].article == "e5" and answer.rewritten == []  # a word that stands once may be a slip itself
    [answer] = searcher.ask(["machien too hot"])
    assert answer.hits[0].article == "e6" and answer.rewritten == ["machine too hot"]


def test_every_question_of_a_mail_is_answered(searcher: Searcher) -> None:
    mail = (
        "Good morning, I have been a happy customer for many years and two matters are on my mind today before the holidays. "
        "Where do I find the invoice with VAT for my last orders? What does it mean when the display of the machine shows E5?"
    )
    [answer] = searcher.ask([mail], k=2)
    assert {hit.article for hit in answer.hits} == {"vat", "e5"}
    assert "What does it mean when the display of the machine shows E5?" in answer.rewritten


@pytest.mark.parametrize("name", [field.name for field in fields(Steps)])
def test_every_step_can_be_switched_off(searcher: Searcher, name: str) -> None:
    searcher.steps = Steps.without(name)
    assert found(searcher, "What does E6 mean?")[0] == "e6"


def test_candidates_can_be_ranked_with_those_of_another_pool(searcher: Searcher) -> None:
    [(question, articles)] = searcher.candidates(["tax receipt for my accountant"])
    hits = ranked(question, Pool.of(articles, articles), Wanted(), Steps(), k=3)
    assert hits[0].article == "vat" and hits[0].same == (("vat#0", "vat"),)


def test_equal_texts_are_shown_once(searcher: Searcher, desk_database: Database, real_embedder: Embedder) -> None:
    with desk_database.transaction() as session:
        articles.save_version(session, "copy", title="Error E6 again", body=_body(desk_database, "e6"), author="user:1")
        articles.publish(session, "copy", author="user:1", embed=real_embedder)
    searcher.refresh()
    assert len({"e6", "copy"} & set(found(searcher, "E6", k=50))) == 1


def _body(database: Database, id: str) -> str:
    with database.read() as session:
        found = published(session, id)
        assert found
        return found.body


async def test_many_searches_at_once_give_what_each_alone_gives(searcher: Searcher) -> None:
    queries = ["pause the beans", "E5", "invoice", ""]
    assert await searcher.asearch_many(queries, k=3) == [searcher.search(query, k=3) for query in queries]
    assert await searcher.asearch_many([]) == []


def test_threads_may_search_while_articles_are_published(
    searcher: Searcher, desk_database: Database, real_embedder: Embedder
) -> None:
    def publish(n: int) -> None:
        with desk_database.transaction() as session:
            articles.save_version(session, f"new-{n}", title=f"New {n}", body=f"Something new about topic {n}.", author="user:1")
            articles.publish(session, f"new-{n}", author="user:1", embed=real_embedder)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(publish, n) for n in range(6)]
        assert all(found(searcher, "E6")[0] == "e6" for _ in range(30))
        assert [job.result() for job in writing]
    searcher.refresh()
    assert found(searcher, "topic 3")[0] == "new-3"


def test_search_goes_on_when_the_index_is_gone(
    searcher: Searcher, index: Index, local: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    searcher.refresh()
    for collection in index._collections.values():
        index._client.delete_collection(collection.name)
    assert found(searcher, "invoice with VAT")[0] == "vat"
    assert "by words only" in caplog.text
    searcher.search("anything")
    searcher.refresh()
    assert found(searcher, "tax receipt for my accountant")[0] == "vat" and index.check() is None
    shutil.rmtree(local.home / "index")


def test_an_empty_base_finds_nothing(desk_database: Database, index: Index, real_embedder: Embedder) -> None:
    searcher = Searcher(desk_database, index, real_embedder)
    assert searcher.search("anything") == []
    searcher.close()


def test_it_works_on_both_databases(database: Database, settings: Settings, real_embedder: Embedder, fill: Fill) -> None:
    fill(database)
    index = Index.open(settings.home, settings)
    searcher = Searcher(database, index, real_embedder)
    assert found(searcher, "it shows E6")[0] == "e6"
    searcher.close()
    index.close()
