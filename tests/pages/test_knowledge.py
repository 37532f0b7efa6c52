"""The knowledge screen: read and suggested by all, edited by administrators; what is published is what is found."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from tests.pages.desk import html, keys_of, open_small_desk, opened, person, warnings
from triage.errors import AccessError
from triage.library import editing, exchange, publishing, trial
from triage.library.article import load
from triage.models import Role, SearchRecord


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("knowledge"), knowledge=True) as opened_desk:
        yield opened_desk


def test_staff_read_and_search_but_do_not_edit(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.STAFF)
    assert "2 articles · 2 published" in html(page) and "new_article" not in keys_of(page)
    for address in ({"article": "pause", "tab": "edit"}, {"article": "new"}, {"part": "import"}):
        keys = keys_of(opened(desk, "knowledge.py", Role.STAFF, **address))
        assert not {key for key in keys if key.startswith(("edit_", "import_", "publish"))}
    found = html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="how can I pause"))
    assert "Pause your plan" in found and "Why:" in found
    opened(desk, "knowledge.py", Role.STAFF, part="search", q="how can I pause")
    with desk.database.read() as session:
        asked = session.exec(select(SearchRecord).where(SearchRecord.query == "how can I pause")).one()
    assert asked.source == "trial" and asked.hits and asked.user_id and asked.repeats is None


def test_the_services_refuse_staff_too(desk: Any) -> None:
    staff = person(desk, Role.STAFF)
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: editing.save(s, staff, "pause", base=1, title="x", body="y"))
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: publishing.unpublish(s, staff, "pause"))
    with pytest.raises(AccessError):
        exchange.import_files(desk.database, staff, [("a.md", b"# A\n\ntext")], embed=desk.embedder, published=True)


def test_a_suggestion_reaches_the_administrators(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.STAFF, article="pause", tab="suggest")
    page.text_area(key="suggest_pause").set_value("Say what happens to <i>open</i> boxes.")
    page.button(key="suggest_pause_send").click().run()
    assert not page.exception
    seen = html(opened(desk, "knowledge.py", Role.ADMIN))
    assert "Nadia Brandt on “Pause your plan”: Say what happens to &lt;i&gt;open&lt;/i&gt; boxes." in seen


def test_an_edit_is_saved_published_and_found(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, article="pause", tab="edit")
    page.text_area(key="edit_pause_body").set_value("A paused plan keeps its **zebra** roast.\n\n<script>alert(1)</script>")
    page.button(key="edit_pause_save").click().run()
    assert not page.exception
    view = desk.database.run_now(lambda s: load(s, "pause"))
    assert (view.row.version, view.row.published) == (2, 1) and view.authors[view.latest.author] == "Ines Okafor"
    assert "<strong>zebra</strong>" in html(page) and "<script>" not in html(page)
    assert "keeps its zebra" not in html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="zebra roast"))
    page.button(key="publish").click().run()
    assert not page.exception
    assert "keeps its zebra" in html(opened(desk, "knowledge.py", Role.STAFF, part="search", q="zebra roast"))


def test_somebody_elses_newer_version_is_not_overwritten_and_the_text_stays(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="edit")
    admin = person(desk, Role.ADMIN)
    desk.database.run_now(lambda s: editing.save(s, admin, "policy", base=1, title="Refund policy", body="Newer text."))
    page.text_area(key="edit_policy_body").set_value("My text")
    page.button(key="edit_policy_save").click().run()
    assert "Somebody saved version 2" in warnings(page)
    assert page.text_area(key="edit_policy_body").value == "My text"


def test_versions_show_the_difference_and_bring_a_text_back(desk: Any) -> None:
    admin = person(desk, Role.ADMIN)
    desk.database.run_now(lambda s: editing.save(s, admin, "policy", base=2, title="Refund policy", body="Newest text."))
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="versions")
    assert "<del>Newer</del><ins>Newest</ins>" in html(page)
    page = opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="versions", v="1")
    page.button(key="roll_back").click().run()
    view = desk.database.run_now(lambda s: load(s, "policy"))
    assert view.latest.body == "Only managers decide refunds." and view.latest.note == "Back to version 1"


def test_import_reports_each_file_and_export_gives_it_back(desk: Any) -> None:
    admin = person(desk, Role.ADMIN)
    files = [("fees.md", b"# Fees\n\nShipping is free from 40 euros."), ("broken.pdf", b"no pdf"), ("tool.exe", b"MZ")]
    report = exchange.import_files(desk.database, admin, files, embed=desk.embedder, published=False)
    assert sorted(line.outcome for line in report.lines) == ["refused", "refused", "taken"]
    packed = desk.database.run_now(lambda s: exchange.export_zip(s, admin))
    assert "fees.md" in zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert "Export" in html(opened(desk, "knowledge.py", Role.ADMIN, part="import"))


def test_a_text_in_work_is_held_against_what_is_found(desk: Any) -> None:
    tried = trial.try_search(
        desk.searcher,
        "how do I stop my plan for a while",
        internal=False,
        draft=("Pause", "Stop your plan for a while under Plan."),
    )
    assert tried.own and tried.own > 0.4 and tried.own_place == 1
