"""Who does not read a draft's language gets it back-translated and compared by code; without a model it is compared all the same."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import person, ticket, waiting_draft
from tests.loopback import serve
from triage import audit, workspace
from triage.accounts import reading
from triage.briefs import Evidence
from triage.drafts import proof, translating
from triage.drafts.proof import Sources
from triage.errors import ConflictError, InputError
from triage.guardrails.parity import denies, differences
from triage.llm import models_for
from triage.models import AuditEvent, Draft, Role, Ticket, Translation, User
from triage.office import Desk

BODY = "Hallo Frau Weber,\n\nSie haben 30 Tage für die Rückgabe. Der Versand kostet nicht mehr als 4,90 €.\n\nSchreiben Sie an anna.weber@post.example."


@pytest.mark.parametrize(
    ("one", "other", "languages", "found"),
    [
        ("Sie haben 30 Tage bis zum 5. März 2026.", "You have 30 days until 5 March 2026.", ("de", "en"), []),
        ("Das kostet 4,90 €.", "That costs EUR 4.90.", ("de", "en"), []),
        ("Das kostet 4,90 €.", "That costs EUR 49.0.", ("de", "en"), [("amount", 0), ("amount", 1)]),
        ("Am 5. März.", "On 6 March.", ("de", "en"), [("date", 0), ("date", 1)]),
        ("Die Garantie gilt nicht.", "The warranty applies.", ("de", "en"), [("negation", 0)]),
        ("O prazo é de 5 dias no total.", "The period is 5 days in total.", ("pt", "en"), []),
        ("Im Mai öffnen wir.", "We open in May.", ("de", "it"), []),
        ("Bestellung LF-10346", "Order LF-10347", ("de", "en"), [("figure", 0), ("figure", 1)]),
    ],
)
def test_two_languages_are_compared(one: str, other: str, languages: tuple[str, str], found: list[tuple[str, int]]) -> None:
    assert [(one.kind, one.where) for one in differences(one, other, languages)] == found


@given(st.text(max_size=80))
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert differences(text, text, ("de", "de")) == [] and isinstance(denies(text, "xx"), bool)


def scene(session: Session) -> tuple[Ticket, Draft, User]:
    row = ticket(session, email="anna.weber@post.example", body="Wie lange, und was kosten die 12 Kapseln für 19,90 €?")
    row.language, row.requester_name = "de", "Anna Weber"
    return row, waiting_draft(session, row, body=BODY, sentences=[]), person(session)


def test_people_say_which_languages_they_read(desk: Desk) -> None:
    with desk.database.transaction() as session:
        nadia = person(session)
        assert reading.languages(nadia) == ("en",)
        translating.set_reads(session, nadia, ["en", "fr", "en"])
        assert reading.languages(nadia) == ("en", "fr") and not reading.reads(nadia, "de")
        with pytest.raises(InputError, match="tlh"):
            translating.set_reads(session, nadia, ["tlh"])


def test_a_translation_is_asked_once_covered_recorded_and_compared(desk: Desk) -> None:
    with serve() as service:
        desk.settings = desk.settings.model_copy(update={"openai_base_url": service.base_url, "model_retries": 0})
        desk.models = models_for(desk.settings)
        with desk.database.transaction() as session:
            _, draft, nadia = scene(session)
            workspace.put(session, "cover_personal_data", True, user_id=person(session, Role.ADMIN, "Ada").id or 0)
        row = desk.database.run_now(lambda session: translating.ask(session, desk, nadia, draft.id or 0, "en"))
        again = desk.database.run_now(lambda session: translating.ask(session, desk, nadia, draft.id or 0, "en"))
        assert again.id == row.id and asyncio.run(translating.translate(desk, row.id or 0)) == "done"
        assert asyncio.run(translating.translate(desk, row.id or 0)) == "nothing to do"
    [request] = service.requests
    assert "anna.weber@post.example" not in json.dumps(request) and "Weber" not in json.dumps(request)
    with desk.database.read() as session:
        done = translating.of_draft(session, draft.id or 0)
        assert done and done.status == "done" and done.input_tokens > 0 and done.model
        assert "".join(pair["text"] for pair in done.sentences).startswith("Hallo Frau Weber,Sie haben 30 Tage")
        assert "anna.weber@post.example" in done.sentences[-1]["translated"]
        marked = {pair["text"]: [one.kind for one in found] for pair, found in translating.checked(done, "de")}
        assert marked["Sie haben 30 Tage für die Rückgabe."] == ["figure", "figure"]
        assert marked["Der Versand kostet nicht mehr als 4,90 €."] == ["negation"]
        told = session.exec(select(AuditEvent).where(AuditEvent.kind == "translated")).one()
        assert told.data["tokens"] == done.input_tokens + done.output_tokens and audit.verify(session) is None


def test_a_service_that_fails_says_so_and_can_be_asked_again(desk: Desk) -> None:
    with serve(script=["401"]) as service:
        desk.settings = desk.settings.model_copy(update={"openai_base_url": service.base_url, "model_retries": 0})
        desk.models = models_for(desk.settings)
        with desk.database.transaction() as session:
            _, draft, nadia = scene(session)
        row = desk.database.run_now(lambda session: translating.ask(session, desk, nadia, draft.id or 0, "en"))
        assert asyncio.run(translating.translate(desk, row.id or 0)) == "failed"
        desk.database.run_now(lambda session: translating.ask(session, desk, nadia, draft.id or 0, "en"))
        assert asyncio.run(translating.translate(desk, row.id or 0)) == "done"


def test_without_a_model_figures_and_negations_are_compared_and_it_says_why_there_is_no_translation(desk: Desk) -> None:
    with desk.database.transaction() as session:
        row, draft, nadia = scene(session)
        with pytest.raises(ConflictError, match="No model is set"):
            translating.ask(session, desk, nadia, draft.id or 0, "en")
        assert session.exec(select(Translation)).first() is None
        passage = Evidence(id="p", article="p", version=1, title="Returns", text="You have 30 days. Shipping is never free.")
        draft.sentences = [
            {"text": "Der Versand kostet nicht mehr als 4,90 €.", "kind": "fact", "supported": True, "passages": ["p"]}
        ]
        found = translating.compared(draft, Sources([passage], None, proof.sources_of(session, draft, row).said), "de")
    stands = {one.said: (one.kind, one.customer, one.sources) for one in found.figures}
    assert stands["30 Tage"] == ("figure", False, True) and stands["4,90 €"] == ("amount", False, False)
    assert found.unnamed == ["19,90 €"] and translating.language_of(draft, row) == "de"
