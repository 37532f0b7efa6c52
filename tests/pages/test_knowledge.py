"""The knowledge screen: read and suggested by all, edited by administrators; what is published is what is found."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from knowledge_base.building import Build
from knowledge_base.writing import NEW, Written
from tests.pages.desk import html, keys_of, open_small_desk, opened, person, warnings
from triage.briefs import Grade, Reading, Relevance
from triage.errors import AccessError
from triage.learning import bad_answers
from triage.library import editing, exchange, imports, publishing, review, synonyms, trial
from triage.library.article import load
from triage.library.imports import ImportOptions
from triage.llm.scripted import ScriptedModel
from triage.models import Role, SearchRecord, User


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("knowledge"), knowledge=True) as opened_desk:
        yield opened_desk


def typing(desk: Any, article: str, body: str, *, base: int) -> None:
    """What the administrator's browser sends while they write; the fields themselves are tried in a real browser."""
    admin = person(desk, Role.ADMIN)
    text = editing.Text(desk.database.run_now(lambda s: load(s, article)).latest.title, body, "", {})
    desk.database.run_now(lambda s: editing.keep(s, admin, article, text, base=base, revision=0))


def test_staff_read_and_search_but_do_not_edit(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.STAFF)
    assert ">2 articles</a>" in html(page) and ">2 published</a>" in html(page) and "new_article" not in keys_of(page)
    for address in ({"article": "pause", "tab": "edit"}, {"article": "new"}, {"part": "import"}):
        keys = keys_of(opened(desk, "knowledge.py", Role.STAFF, **address))
        assert not {key for key in keys if key.startswith(("edit_", "import_", "publish"))}
    found = html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="how can I pause"))
    assert "Pause your plan" in found and "Why:" in found
    opened(desk, "knowledge.py", Role.STAFF, part="search", q="how can I pause")
    with desk.database.read() as session:
        asked = session.exec(select(SearchRecord).where(SearchRecord.query == "how can I pause")).one()
    assert asked.source == "trial" and asked.hits and asked.user_id and asked.repeats is None


def test_what_is_being_made_of_the_index_is_shown_with_how_far_it_is(desk: Any) -> None:
    assert not opened(desk, "knowledge.py", Role.STAFF).get("progress")
    with Build(desk.database, "index", desk.embedder.name, 4000) as build:
        build.at(1000)
        build._write()
        page = opened(desk, "knowledge.py", Role.STAFF)
        assert not page.exception
        (shown,) = page.get("progress")
        assert "1,000 of 4,000" in str(shown.proto) and "searches go on" in str(shown.proto)
    assert not opened(desk, "knowledge.py", Role.STAFF).get("progress")


def test_the_services_refuse_staff_too(desk: Any) -> None:
    staff = person(desk, Role.STAFF)
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: editing.save(s, staff, "pause", base=1, title="x", body="y"))
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: publishing.unpublish(s, staff, "pause"))
    with pytest.raises(AccessError):
        imports.start(desk, staff, files=[("a.md", b"# A\n\ntext")], options=ImportOptions(publish=True))


def test_a_suggestion_reaches_the_administrators(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.STAFF, article="pause", tab="suggest")
    page.text_area(key="suggest_pause").set_value("Say what happens to <i>open</i> boxes.")
    page.button(key="suggest_pause_send").click().run()
    assert not page.exception
    seen = html(opened(desk, "knowledge.py", Role.ADMIN))
    assert "Nadia Brandt on “Pause your plan”: Say what happens to &lt;i&gt;open&lt;/i&gt; boxes." in seen


def test_an_edit_is_saved_published_and_found(desk: Any) -> None:
    typing(desk, "pause", "A paused plan keeps its **zebra** roast, see [[nowhere]].\n\n<script>alert(1)</script>", base=1)
    page = opened(desk, "knowledge.py", Role.ADMIN, article="pause", tab="edit")
    assert "<strong>zebra</strong>" in html(page) and "<script>" not in html(page)
    page.button(key="edit_pause_save").click().run()
    assert not page.exception
    view = desk.database.run_now(lambda s: load(s, "pause"))
    assert (view.row.version, view.row.published) == (2, 1) and view.name(view.latest.author) == "Ines Okafor"
    assert "Before you publish: 1 link to look at" in html(page)
    assert "keeps its zebra" not in html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="zebra roast"))
    page.button(key="publish").click().run()
    assert not page.exception
    assert "keeps its zebra" in html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="zebra roast"))


def test_a_text_in_work_is_there_again_in_another_session_and_can_be_thrown_away(desk: Any) -> None:
    typing(desk, "policy", "Half a sentence", base=1)
    assert "You have not saved" in html(opened(desk, "knowledge.py", Role.ADMIN))
    assert "You have changes here" in html(opened(desk, "knowledge.py", Role.ADMIN, article="policy"))
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="edit")
    assert "Half a sentence" in html(page)
    page.button(key="edit_policy_reset").click().run()
    assert not page.exception and "Half a sentence" not in html(page)
    assert "You have not saved" not in html(opened(desk, "knowledge.py", Role.ADMIN))


def test_somebody_elses_newer_version_is_shown_beside_the_text_and_merged(desk: Any) -> None:
    typing(desk, "policy", "Only managers decide refunds of an order.", base=1)
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="edit")
    other = person(desk, Role.ADMIN)
    newer = "Only two managers decide refunds."
    desk.database.run_now(lambda s: editing.save(s, other, "policy", base=1, title="Refund policy", body=newer))
    page.button(key="edit_policy_save").click().run()
    assert "Somebody saved version 2" in warnings(page)
    assert "saved version 2 while you were writing in version 1" in html(page) and "td-sides" in html(page)
    page.button(key="merge").click().run()
    assert not page.exception and "Only two managers decide refunds of an order." in html(page)
    page.button(key="edit_policy_save").click().run()
    view = desk.database.run_now(lambda s: load(s, "policy"))
    assert (view.latest.number, view.latest.body) == (3, "Only two managers decide refunds of an order.")


@pytest.mark.parametrize(("button", "body"), [("take_mine", "Mine."), ("take_theirs", "Theirs.")])
def test_one_press_takes_either_text_and_the_other_is_not_lost(desk: Any, button: str, body: str) -> None:
    start = desk.database.run_now(lambda s: load(s, "policy")).latest.number
    typing(desk, "policy", "Mine.", base=start)
    other = person(desk, Role.ADMIN)
    desk.database.run_now(lambda s: editing.save(s, other, "policy", base=start, title="Refund policy", body="Theirs."))
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="edit")
    page.button(key=button).click().run()
    assert not page.exception and body in html(page)
    copy = desk.database.run_now(lambda s: editing.copy_of(s, other, "policy"))
    assert copy and (copy.body, copy.base) == (body, start + 1)
    assert ("bring_back" in keys_of(page)) == (button == "take_theirs")
    desk.database.run_now(lambda s: editing.discard(s, other, "policy"))


def test_two_tabs_of_one_person_are_told_apart(desk: Any) -> None:
    start = desk.database.run_now(lambda s: load(s, "policy")).latest.number
    typing(desk, "policy", "From the first tab", base=start)
    admin = person(desk, Role.ADMIN)
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="edit")
    other = editing.Text("Refund policy", "From the second tab", "", {})
    desk.database.run_now(lambda s: editing.keep(s, admin, "policy", other, base=start, revision=1))
    page.selectbox(key="edit_policy_language").set_value("de").run()
    assert "in another tab as well" in html(page)
    page.button(key="tab_theirs").click().run()
    assert not page.exception and "From the second tab" in html(page) and "in another tab as well" not in html(page)
    page.button(key="bring_back").click().run()
    copy = desk.database.run_now(lambda s: editing.copy_of(s, admin, "policy"))
    assert copy and copy.body == "From the first tab"
    desk.database.run_now(lambda s: editing.discard(s, admin, "policy"))


def test_versions_show_the_difference_and_bring_a_text_back(desk: Any) -> None:
    admin = person(desk, Role.ADMIN)
    start = desk.database.run_now(lambda s: load(s, "policy")).latest.number
    for n, body in enumerate(("Newer text.", "Newest text.")):
        desk.database.run_now(
            lambda s, n=n, body=body: editing.save(s, admin, "policy", base=start + n, title="Refund policy", body=body)
        )
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="versions", diff="inline")
    assert "<del>Newer </del><ins>Newest </ins>" in html(page)
    assert "td-sides" in html(opened(desk, "knowledge.py", Role.STAFF, article="policy", tab="versions", against="1"))
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="versions", v="1")
    page.button(key="roll_back").click().run()
    view = desk.database.run_now(lambda s: load(s, "policy"))
    assert view.latest.body == "Only managers decide refunds." and view.latest.note == "Back to version 1"


def test_a_second_administrator_is_asked_and_publishes(desk: Any) -> None:
    author = person(desk, Role.ADMIN)
    with desk.database.transaction() as session:
        session.add(User(email="ada@desk.example", name="Ada Second", role=Role.ADMIN))
    newest = desk.database.run_now(lambda s: load(s, "policy")).latest.number
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy")
    page.text_area(key="review_question").set_value("Is this still so?")
    page.button(key="review_ask").click().run()
    assert not page.exception and f"Version {newest} waits for another administrator" in html(page)
    assert "approve" not in keys_of(page)
    with desk.database.transaction() as session:
        desk_second = session.exec(select(User).where(User.name == "Ada Second")).one()
    second = opened(desk, "knowledge.py", Role.ADMIN, user=desk_second)
    assert "Ines Okafor asks you to review" in html(second)
    second = opened(desk, "knowledge.py", Role.ADMIN, user=desk_second, article="policy")
    second.text_area(key="return_comment").set_value("Say who signs.")
    second.button(key="return").click().run()
    assert "Ada Second returned version" in html(opened(desk, "knowledge.py", Role.ADMIN, article="policy"))
    assert "Ada Second returned " in html(opened(desk, "knowledge.py", Role.ADMIN))
    desk.database.run_now(lambda s: review.ask(s, author, "policy"))
    second = opened(desk, "knowledge.py", Role.ADMIN, user=desk_second, article="policy")
    second.button(key="approve").click().run()
    assert not second.exception
    assert desk.database.run_now(lambda s: load(s, "policy")).row.published == newest


def test_an_archived_article_is_found_under_its_state_and_restored(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, article="pause")
    page.button(key="archive").click().run()
    assert not page.exception and "archived" in html(page) and "edit" not in page.query_params.get("tab", [""])
    assert "1 archived" in html(opened(desk, "knowledge.py", Role.STAFF))
    assert "1 article of" in html(opened(desk, "knowledge.py", Role.STAFF, state="archived"))
    page = opened(desk, "knowledge.py", Role.ADMIN, article="pause")
    page.button(key="restore").click().run()
    page.button(key="publish").click().run()
    assert not page.exception and desk.database.run_now(lambda s: load(s, "pause")).row.published


def test_filters_that_fit_nothing_say_so_and_can_be_cleared(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.STAFF, find="no such words", owner="Sofia", sort="-used")
    assert "No article fits" in html(page)
    page.button(key="clear_filters").click().run()
    assert not page.exception and "No article fits" not in html(page)


def test_an_export_holds_every_article(desk: Any) -> None:
    admin = person(desk, Role.ADMIN)
    packed = desk.database.run_now(lambda s: exchange.export_zip(s, desk.settings, admin))
    assert "pause.md" in zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert "Export" in html(opened(desk, "knowledge.py", Role.ADMIN, part="import"))


def test_a_text_in_work_is_found_as_if_it_were_published(desk: Any) -> None:
    question = "how do I stop my plan for a while"
    before = trial.try_search(desk.searcher, question, internal=False)
    better = Written("Stop your plan for a while", "Stop your plan for a while under Plan, Stop for a while.")
    tried = trial.try_search(desk.searcher, question, internal=False, written=better)
    assert tried.place == 1 and tried.own and tried.own.article == NEW and tried.own.words > 0.5
    assert [hit.article for hit in tried.hits if hit.article != NEW] == [hit.article for hit in before.hits][
        : len(tried.hits) - 1
    ]
    off = trial.try_search(desk.searcher, question, internal=False, written=Written("", ""))
    assert off.place is None and [hit.id for hit in off.hits] == [hit.id for hit in before.hits]
    after = trial.try_search(desk.searcher, question, internal=False)
    assert after.hits == before.hits  # nothing of it stays


def test_a_text_in_work_replaces_its_article_and_keeps_its_audience(desk: Any) -> None:
    question = "how do I pause my plan"
    [first, *_] = trial.try_search(desk.searcher, question, internal=False).hits
    assert first.article == "pause"
    other = Written("Opening hours", "The telephone is answered from nine to five.", article="pause")
    hits = trial.try_search(desk.searcher, question, internal=False, written=other).hits
    assert not any("plan" in hit.text.lower() for hit in hits if hit.article == "pause")
    secret = replace(other, audience="internal")
    assert "pause" not in [hit.article for hit in trial.try_search(desk.searcher, question, internal=False, written=secret).hits]
    assert trial.try_search(desk.searcher, "opening hours", internal=True, written=secret).place == 1


def test_a_translation_begins_with_its_original_and_names_it(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, article="new", of="pause")
    assert "Translate “Pause your plan”" in html(page)
    assert page.selectbox(key="edit_new:pause_language").value != "en"
    page.selectbox(key="edit_new:pause_language").set_value("nl").run()
    page.button(key="edit_new:pause_save").click().run()
    assert not page.exception
    found = desk.database.run_now(lambda s: load(s, "pause")).translations
    assert [(other.language, other.title) for other in found] == [("nl", "Pause your plan")]
    assert "Also in " in html(opened(desk, "knowledge.py", Role.STAFF, article="pause"))


def test_synonyms_are_added_refused_and_removed(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, part="synonyms")
    page.text_input(key="synonyms_new").set_value("pause, halt, interrupt")
    page.button(key="synonyms_add").click().run()
    assert not page.exception and page.text_input(key="synonyms_new").value == ""
    assert ">halt<" in html(page) and "1 group" in html(page)
    page.text_input(key="synonyms_new").set_value("alone")
    page.button(key="synonyms_add").click().run()
    assert "two different terms" in warnings(page) and page.text_input(key="synonyms_new").value == "alone"
    group = desk.database.run_now(synonyms.listing)[0]
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: synonyms.remove(s, person(desk, Role.STAFF), group.id))
    page.button(key=f"synonyms_remove_{group.id}").click().run()
    assert not page.exception and ">halt<" not in html(page)
    assert "synonyms_add" not in keys_of(opened(desk, "knowledge.py", Role.STAFF, part="synonyms"))


def test_a_test_search_says_the_language_and_may_ask_the_model(desk: Any) -> None:
    shown = html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="Wie kann ich mein Abo unterbrechen?"))
    assert "This question is in German; the base is" in shown
    assert "search_model" not in keys_of(opened(desk, "knowledge.py", Role.STAFF, part="search", q="how can I pause"))
    grades = Relevance(grades=[Grade(passage="pause#0", grade=3)])
    desk.models = desk.models | {"ranker": [ScriptedModel([Reading(search="How do I pause my plan?"), grades], name="small")]}
    page = opened(desk, "knowledge.py", Role.STAFF, part="search", q="stop it for a bit")
    assert "judged" not in html(page)
    page.toggle(key="search_model").set_value(True).run()
    assert not page.exception and "Searched as “How do I pause my plan?”." in html(page)
    page.toggle(key="search_internal").set_value(True).run()  # one passage alone needs no judgement
    assert not page.exception and "judged 3 of 3" in html(page)


def test_reports_of_bad_answers_are_listed_and_settled(desk: Any) -> None:
    staff, listed = person(desk, Role.STAFF), {"part": "edits", "became": "reports"}
    made = desk.database.run_now(lambda s: bad_answers.report(s, staff, "tone", run_id="mine", comment="Too stiff"))
    mine = opened(desk, "knowledge.py", Role.STAFF, **listed)
    assert "Wrong tone or wording" in html(mine) and "“Too stiff”" in html(mine)
    assert not any(key.startswith("settle") for key in keys_of(mine))
    theirs = opened(desk, "knowledge.py", Role.MANAGER, **listed)
    theirs.button(key=f"settle_style_{made.id}").click().run()
    assert "No reports here" in html(theirs)
    assert "Too stiff" in html(opened(desk, "knowledge.py", Role.MANAGER, **listed, settled="style"))
