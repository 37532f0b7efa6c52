"""Reviews, publishing, links, files, names, use: the services behind the Knowledge screen, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from knowledge_base import articles
from tests.desks import ticket, waiting_draft
from tests.library.desk import done, embed, people, write
from triage import seal, workspace
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.intake.storage import attachment_path
from triage.library import editing, files, links, listing, naming, publishing, review, use
from triage.library.article import load, waiting_drafts
from triage.library.listing import Filter
from triage.models import Article, ArticleUse, Decision, Draft, Passage, User, now
from triage.settings import Settings

# ---- the list


def test_the_list_is_filtered_sorted_and_cut_into_pages_by_the_database(database: Database) -> None:
    def fill(session: Session) -> None:
        for n in range(listing.PAGE + 3):
            write(session, f"a{n:03}", f"Number {n}.", published=n < 5, owner="Sofia" if n % 2 else "", category="plans")
        write(session, "b-internal", "About 100% _things_", audience="internal", language="de", labels=["Größe"])
        old = session.get_one(Article, "a001")
        old.verified_on = now().date() - timedelta(days=200)
        session.add(ArticleUse(article_id="a003", replies=7, sentences=9, edited=2))

    done(database, fill)

    def ids(**wanted: Any) -> list[str]:
        return [row.id for row in done(database, listing.listing, Filter(**wanted)).rows]

    page = done(database, listing.listing, Filter(page=2))
    assert (page.total, page.pages, page.page, len(page.rows)) == (listing.PAGE + 4, 2, 2, 4)
    assert done(database, listing.listing, Filter(page=99)).page == 2
    assert ids(sort="-used")[0] == "a003" and ids(sort="-title")[0] == "b-internal"
    assert ids(state="published") == [f"a{n:03}" for n in range(5)]
    assert ids(attention="stale") == ["a001"] and ids(attention="edited") == ["a003"]
    assert ids(attention="unused") == ["a000", "a001", "a002", "a004"]
    assert ids(find="100% _th") == ids(audience="internal") == ids(language="de") == ["b-internal"]
    assert ids(find="number 7.") == ["a007", *[f"a{n:03}" for n in (17, 27, 37, 47)]]
    overview = done(database, listing.overview)
    assert (overview.total, overview.published, overview.stale) == (listing.PAGE + 4, 5, 1)
    assert overview.owners == ["Sofia"] and overview.languages == ["de", "en"]


def test_use_counts_replies_and_sentences_that_people_changed(database: Database) -> None:
    def reply(session: Session, user: User, sent: str, kind: str = "approve") -> None:
        row = ticket(session)
        draft = waiting_draft(session, row, body="Wait a week. Then open it.")
        draft.article_versions = {"pause": 1, "gone": 1}
        draft.sentences = [
            {"text": "Wait a week.", "passages": ["pause#0", "pause#1"]},
            {"text": "Then open it.", "passages": ["pause#0"]},
            {"text": "Hello", "passages": []},
        ]
        session.add(draft)
        session.add(Decision(
            draft_id=draft.id, ticket_id=row.id, episode_id=row.episode_id, user_id=user.id, kind=kind, seal="", body=sent
        ))  # fmt: skip

    ines, _, _ = people(database)
    done(database, write, "pause", published=True)
    for sent in ("Wait a week. Then open it.", "Wait a\nweek. Then close it.", "Wait two days."):
        done(database, reply, ines, sent)
    done(database, reply, ines, "Nothing of it", "reject")
    assert use.count(database) == 1
    row = done(database, listing.one, "pause")
    assert (row.used, row.sentences, row.edited) == (3, 6, 3)
    assert use.count(database) == 1


# ---- review and publishing


def test_where_articles_need_a_review_only_another_administrator_lets_them_out(database: Database) -> None:
    ines, ada, sam = people(database)
    done(database, workspace.put, "articles_need_review", True, user_id=ines.id)
    version = done(database, editing.save, ines, None, base=0, title="Pause", body="You can pause.")
    key = version.article_id
    with pytest.raises(ConflictError, match="second administrator"):
        done(database, publishing.publish, ines, key, embed=embed)
    with pytest.raises(InputError, match="only administrators"):
        done(database, review.ask, ines, key, reviewer_id=sam.id)
    done(database, review.ask, ines, key, reviewer_id=ada.id, question="Is the date right?")
    with pytest.raises(ConflictError, match="waits for a review already"):
        done(database, review.ask, ines, key)
    assert [w.question for w in done(database, review.waiting_for, ada)] == ["Is the date right?"]
    assert done(database, review.waiting_for, ines) == []
    assert done(database, listing.one, key).in_review
    with pytest.raises(ConflictError, match="another administrator has to"):
        done(database, review.approve, ines, key, number=1)
    with pytest.raises(InputError):
        done(database, review.give_back, ada, key, number=1, comment=" ")
    done(database, review.give_back, ada, key, number=1, comment="Say how long.")
    assert done(database, load, key).review.comment == "Say how long."

    done(database, editing.save, ines, key, base=1, title="Pause", body="You can pause for a month.")
    done(database, review.ask, ines, key)
    with pytest.raises(ConflictError, match="does not wait"):
        done(database, publishing.approve_and_publish, ada, key, number=1, comment="", embed=embed)
    done(database, publishing.approve_and_publish, ada, key, number=2, comment="Fine", embed=embed)
    assert done(database, load, key).row.published == 2
    with pytest.raises(ConflictError, match="needs a review"):
        done(database, publishing.set_audience, ines, key, "internal")
        done(database, publishing.set_audience, ines, key, "public")


def test_a_newer_version_takes_the_question_back(database: Database) -> None:
    ines, ada, _ = people(database)
    done(database, write, "pause")
    done(database, review.ask, ines, "pause")
    done(database, editing.save, ines, "pause", base=1, title="Pause", body="Better.")
    assert done(database, review.waiting_for, ada) == []
    done(database, publishing.publish, ines, "pause", embed=embed)
    assert done(database, load, "pause").row.published == 2


def test_archived_articles_are_out_of_search_and_list_and_can_come_back(database: Database) -> None:
    ines, _, sam = people(database)
    done(database, write, "pause", published=True)
    with pytest.raises(AccessError):
        done(database, publishing.archive, sam, "pause")
    done(database, publishing.archive, ines, "pause")
    assert done(database, listing.listing).total == 0
    assert done(database, listing.listing, Filter(state="archived")).total == 1
    assert done(database, _passages, "pause") == []
    for refused in (
        lambda session: publishing.publish(session, ines, "pause", embed=embed),
        lambda session: editing.save(session, ines, "pause", base=1, title="Pause", body="New"),
    ):
        with pytest.raises(ConflictError, match="archived"):
            database.run_now(refused)
    done(database, publishing.restore, ines, "pause")
    assert done(database, load, "pause").row.status == "draft"


def test_what_becomes_internal_is_so_at_once_and_voids_the_drafts_that_cite_it(database: Database) -> None:
    def cite(session: Session) -> int:
        row = ticket(session)
        waiting_draft(session, row, citations=[{"article": "pause.v2", "passage": "pause.v2#0"}])
        return row.id or 0

    ines, _, _ = people(database)
    done(database, write, "pause.v2", published=True)
    done(database, write, "other", published=True)
    number = done(database, cite)
    assert done(database, waiting_drafts, "pause.v2") == [number] and done(database, waiting_drafts, "other") == []
    assert done(database, publishing.set_audience, ines, "pause.v2", "internal") == [number]
    assert [row.audience for row in done(database, _passages, "pause.v2")] == ["internal"]
    draft = database.run_now(lambda session: session.exec(select(Draft)).one())
    assert done(database, seal.what_changed, draft) == ["the article pause.v2 is for the team only now"]


# ---- links, names, files


def test_links_are_written_out_and_checked(database: Database) -> None:
    ines, _, _ = people(database)
    done(database, write, "fees", title="Fees [all]", published=True)
    done(database, write, "rules", audience="internal", published=True)
    done(database, write, "later")
    body = "See [[fees]], [[fees|what it costs]], `[[fees]]`, [[nowhere]].\n\n[r](rules) [l](later) [w](https://x.example) [f](/article-files/9)"
    version = done(database, editing.save, ines, "pause", base=0, title="Pause", body=body)
    assert version.body.startswith("See [Fees \\[all\\]](fees), [what it costs](fees), `[[fees]]`, [[nowhere]].")
    found = done(database, links.check, version.body, audience="public", article_id="pause")
    assert {(problem.target, problem.kind) for problem in found} == {
        ("nowhere", "missing"),
        ("rules", "internal"),
        ("later", "unpublished"),
        ("/article-files/9", "file"),
    }
    internal = done(database, links.check, "[r](rules)", audience="internal")
    assert internal == []
    assert done(database, links.pointing_to, "fees") == [("pause", "Pause")]


def test_a_renamed_article_takes_everything_along_and_old_links_are_followed(database: Database) -> None:
    ines, ada, _ = people(database)
    done(database, write, "fees", "It costs 4 euros.", published=True)
    done(database, write, "fees-de", language="de", translation_of="fees")
    done(database, write, "pause", "[fees](fees)")
    done(database, editing.keep, ada, "fees", editing.Text("Fees", "Mine"), base=1, revision=0)
    done(database, naming.rename, ines, "fees", "costs")
    view = done(database, load, "fees")
    assert view.row.id == "costs" and view.latest.body == "It costs 4 euros."
    assert [t.id for t in view.translations] == ["fees-de"]
    assert [row.id for row in done(database, _passages, "costs")] == ["costs#0"]
    assert done(database, editing.copy_of, ada, "costs").body == "Mine"
    assert [p.kind for p in done(database, links.check, "[fees](fees)", audience="public")] == ["renamed"]
    assert done(database, links.pointing_to, "costs") == [("pause", "Pause")]
    for taken in ("pause", "no good"):
        with pytest.raises((ConflictError, InputError)):
            done(database, naming.rename, ines, "costs", taken)
    done(database, naming.rename, ines, "costs", "fees")
    assert done(database, load, "costs").row.id == "fees"


def test_files_are_checked_kept_and_linked(database: Database, settings: Settings) -> None:
    ines, _, sam = people(database)
    done(database, write, "pause")
    kept = done(database, files.add, settings, ines, "pause", "form.pdf", "application/pdf", b"%PDF-1.4 form")
    assert attachment_path(settings, kept.sha256).read_bytes() == b"%PDF-1.4 form"
    assert files.link(kept) == f"[form.pdf](/article-files/{kept.id})"
    for name, data in (("tool.exe", b"MZ"), ("empty.txt", b""), ("huge.txt", b"x" * (settings.attachment_limit + 1))):
        with pytest.raises(InputError):
            done(database, files.add, settings, ines, "pause", name, "text/plain", data)
    with pytest.raises(AccessError):
        done(database, files.add, settings, sam, "pause", "a.txt", "text/plain", b"a")
    assert done(database, links.check, files.link(kept), audience="public", article_id="pause") == []
    done(database, files.remove, ines, kept.id)
    assert done(database, load, "pause").files == []
    assert [p.kind for p in done(database, links.check, files.link(kept), audience="public")] == ["file"]


def test_a_translation_is_behind_once_its_original_is_published_anew(database: Database) -> None:
    ines, _, _ = people(database)
    done(database, write, "fees", published=True)
    done(database, write, "fees-de", language="de", translation_of="fees")
    assert not done(database, load, "fees-de").behind
    done(database, editing.save, ines, "fees", base=1, title="Fees", body="Five euros.")
    assert not done(database, load, "fees-de").behind
    done(database, publishing.publish, ines, "fees", embed=embed)
    assert done(database, load, "fees-de").behind and not done(database, load, "fees").behind


def _passages(session: Session, article_id: str) -> list[Passage]:
    assert articles.generation_of(session) >= 0
    return list(session.exec(select(Passage).where(Passage.article_id == article_id)))
