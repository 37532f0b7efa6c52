"""`triage kb gaps` and `triage kb check` say what the screens say."""

import json

import pytest
from typer.testing import CliRunner

from knowledge_base import articles
from tests.knowledge import fill
from triage.cli.main import app
from triage.models import Episode, Message, Status, Ticket
from triage.office import open_desk, use
from triage.settings import Settings


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_gaps_and_findings_are_printed_as_json(settings: Settings) -> None:
    desk = open_desk(settings)
    fill(desk)
    with desk.database.transaction() as session:
        session.add(Ticket(id=1, subject="Norway", language="en", status=Status.ESCALATED))
        session.flush()
        session.add(Episode(id=1, ticket_id=1, escalation_reason="missing_knowledge"))
        session.flush()
        session.add(Message(ticket_id=1, episode_id=1, body="Do you ship the kettle to Norway?"))
        text = "You can return an order within 14 days of delivery when it is complete and clean."
        articles.save_version(session, "notes", title="Return notes", body=text, author="Ines")
        articles.publish(session, "notes", author="Ines", embed=desk.embedder)
    use(None)
    desk.close()
    home = ["--home", str(settings.home), "--json"]
    gap = json.loads(CliRunner().invoke(app, ["kb", "gaps", *home], catch_exceptions=False).stdout)
    assert gap["title"] == "Do you ship the kettle to Norway?" and gap["state"] == "open"
    lines = CliRunner().invoke(app, ["kb", "check", *home], catch_exceptions=False).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert {"notes", "return-an-order"} == {found[0]["article"], found[0]["beside"]} and found[0]["what"] == "contradiction"
    wrong = CliRunner().invoke(app, ["kb", "gaps", "--state", "lost", *home])
    assert wrong.exception and "use open, writing, closed, dismissed" in str(wrong.exception)
