"""The metrics screen in a real browser: a question in words to its chart and table, and a chart as a table, a file and its tickets."""

import csv
import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_a_question_in_words_becomes_a_query_a_chart_and_a_table(visit: Visit) -> None:
    manager = visit("manager")
    manager.settled()
    manager.goto("Metrics")
    page = manager.page
    manager.settled()
    page.get_by_role("textbox", name="Question").fill("Tickets per category in the last 90 days")
    manager.button("Write the query").click()
    query = page.get_by_role("textbox", name="Query", exact=True)
    expect(query).to_have_value(re.compile(r"SELECT[\s\S]*FROM ask_tickets[\s\S]*GROUP BY"))
    manager.settled()
    manager.button("Run").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_role("row")).not_to_have_count(1)
    expect(page.locator(".st-key-box_answer").get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    named = answer.get_by_role("row").nth(1).get_by_role("cell")
    with page.expect_download() as download:
        page.locator(".st-key-ask_csv").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert rows[0][0] == "category" and len(rows) == answer.get_by_role("row").count()
    assert named.nth(1).inner_text().replace(",", "") == rows[1][1]


def test_a_chart_is_a_table_a_file_and_its_tickets(visit: Visit) -> None:
    manager = visit("manager")
    manager.settled()
    manager.goto("Metrics")
    page = manager.page
    manager.settled()
    page.get_by_role("radiogroup", name="A closer look").get_by_role("radio", name="Reasons by week").click()
    box = page.locator(".st-key-half_escalation_rate")
    expect(box.get_by_text("Escalated, by reason")).to_be_visible()
    manager.settled()
    box.get_by_role("button", name="Table", exact=True).click()
    rows = box.get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    with page.expect_download() as picture:
        box.get_by_role("button", name="PNG").click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    reason, cases = (rows.nth(1).get_by_role("cell").nth(n).inner_text() for n in (1, 2))
    manager.settled()
    rows.nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Escalated: {reason}, week of")
    expect(dialog.locator("tbody tr")).to_have_count(int(cases))
