"""What becomes of an edit: after sending, one key each makes it an article fix, a style rule, an evaluation case."""

import re

from playwright.sync_api import expect
from sqlmodel import select

from tests.browser.audit import barriers
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from triage.models import Edit, EvaluationCase, StyleSuggestion

QUESTION = "Hello,\n\nhow often should I descale my Lark Duo, and what do I use for it?\n\nThanks, Jo"
FACT = "Dry the tank with a soft cloth."
CLOSE = "We are happy to help."


def test_each_edit_of_a_sent_reply_becomes_what_a_key_says(desk: RunningDesk, visit: Visit) -> None:
    number = desk.drafted("jo@edits.example", "Descaling", QUESTION)
    staff = visit("staff")
    staff.open(number)
    staff.press("e", staff.editor)
    draft = staff.editor.input_value()
    greeting, rest = draft.split("\n", 1)
    body, signature = rest.rsplit("\n\n", 1)
    staff.editor.fill(f"Dear customer,\n{body}\n\n{FACT}\n\n{CLOSE}\n\n{signature}")
    staff.editor.press("Control+Enter")
    strip = staff.page.locator(".st-key-learn")
    expect(strip).to_contain_text("Dear customer,")
    expect(strip.get_by_role("button", name=re.compile("^Later"))).to_have_text("Later (2 more)")  # the greeting is one edit
    assert not barriers(staff.page)
    staff.press("y", strip.get_by_text(FACT))
    staff.press("f", strip.get_by_text(CLOSE))
    staff.press("v", staff.page.get_by_text("Taken as evaluation case."))
    expect(strip).to_be_hidden()
    with desk.database.read() as session:
        edits = session.exec(select(Edit).where(Edit.ticket_id == number).order_by(Edit.number)).all()  # type: ignore[arg-type]
        assert [(one.kind, one.before, one.after, one.taken_as) for one in edits] == [
            ("tone", greeting, "Dear customer,", "style"), ("fact", "", FACT, "article"), ("tone", "", CLOSE, "case"),
        ]  # fmt: skip
        assert session.exec(select(StyleSuggestion).where(StyleSuggestion.edit_id == edits[0].id)).one().status == "waiting"
        assert session.exec(select(EvaluationCase).where(EvaluationCase.edit_id == edits[2].id)).one().ticket_id == number
