"""An article from a gap: of what people approved, without anybody in it, and never published by itself."""

import json

import pytest
from sqlmodel import select

from tests.improving.conftest import ANSWER, QUESTIONS, Ask
from triage import workspace
from triage.errors import AccessError, ConflictError
from triage.improving import drafting, gaps, grouping
from triage.llm.scripted import ScriptedModel
from triage.models import Article, ArticleReview, ArticleVersion, Gap, GapQuestion, Passage, Role, User
from triage.office import Desk


def the_gap(desk: Desk, admin: User) -> int:
    grouping.refresh(desk)
    with desk.database.read() as session:
        return gaps.listing(session, admin)[0].id or 0


def the_text(desk: Desk, article: str) -> ArticleVersion:
    with desk.database.read() as session:
        return session.exec(select(ArticleVersion).where(ArticleVersion.article_id == article)).one()


def test_the_draft_says_what_the_replies_say_once_and_names_its_sources(desk: Desk, admin: User, ask: Ask) -> None:
    numbers = [ask(question, answer=ANSWER, name=name) for question, name in zip(QUESTIONS, ("Priya Raman", "Tom Lee", "Eve Mo", "Al Roy"), strict=True)]  # fmt: skip
    article = drafting.draft(desk, admin, the_gap(desk, admin))
    version = the_text(desk, article)
    assert version.title in QUESTIONS
    assert version.body.count("We do not ship to Norway yet.") == 1
    assert "1. Choose Sweden at the checkout.\n2. Enter the address of the forwarder." in version.body
    assert not any(word in version.body for word in ("Priya", "Tom", "KT-10001", "Hello", "Thank", "regards"))
    assert all(f"#{number}" in version.note for number in numbers) and "Marco" in version.note


def test_it_waits_for_a_review_and_nothing_is_published(desk: Desk, admin: User, ask: Ask) -> None:
    ask(QUESTIONS[0], answer=ANSWER)
    number = the_gap(desk, admin)
    article = drafting.draft(desk, admin, number)
    with desk.database.read() as session:
        stored = session.get_one(Article, article)
        assert (stored.status, stored.published_version, stored.source) == ("draft", None, f"gap:{number}")
        assert session.exec(select(ArticleReview.status).where(ArticleReview.article_id == article)).one() == "waiting"
        assert session.exec(select(Passage).where(Passage.article_id == article)).first() is None
        assert session.get_one(Gap, number).state == "writing"
    with pytest.raises(ConflictError):
        drafting.draft(desk, admin, number)


def test_without_a_usable_reply_the_draft_is_only_the_questions(desk: Desk, admin: User, ask: Ask) -> None:
    ask(QUESTIONS[0])
    version = the_text(desk, drafting.draft(desk, admin, the_gap(desk, admin)))
    assert QUESTIONS[0] in version.body and "Write the answer here" in version.body


def test_only_administrators_draft(desk: Desk, admin: User, manager: User, ask: Ask) -> None:
    ask(QUESTIONS[0], answer=ANSWER)
    number = the_gap(desk, admin)
    with pytest.raises(AccessError):
        drafting.draft(desk, manager, number)
    remembered = User(**admin.model_dump())
    with desk.database.transaction() as session:
        session.get_one(User, admin.id).role = Role.MANAGER
    with pytest.raises(AccessError):
        drafting.draft(desk, remembered, number)


def test_with_a_model_what_no_reply_says_is_left_out(desk: Desk, admin: User, ask: Ask) -> None:
    ask(QUESTIONS[0], answer=ANSWER)
    sentences = [
        {"text": "We do not ship to Norway yet.", "kind": "fact", "passages": ["reply-1"]},
        {"text": "From 2027 we will ship to Norway for 12 euros.", "kind": "fact", "passages": ["reply-1"]},
        {"text": "Write to priya@customer.example for more.", "kind": "courtesy", "passages": []},
    ]
    answer = {"title": "Shipping to Norway", "sections": [{"heading": "", "style": "text", "sentences": sentences}]}
    model = ScriptedModel([json.dumps(answer)])
    desk.models["writer"] = [model, *desk.models["writer"]]
    version = the_text(desk, drafting.draft(desk, admin, the_gap(desk, admin)))
    model.assert_consumed()
    assert (version.title, version.body) == ("Shipping to Norway", "We do not ship to Norway yet.")
    assert "2 sentences without a source were left out" in version.note


def test_with_the_switch_on_the_service_sees_no_personal_data_of_the_replies(desk: Desk, admin: User, ask: Ask) -> None:
    ask("Do you ship to Norway? I am at +47 22 86 44 00.", answer=ANSWER)
    desk.database.run_now(lambda session: workspace.put(session, "cover_personal_data", True, user_id=admin.id or 0))
    sentences = [{"text": "We do not ship to Norway yet.", "kind": "fact", "passages": ["reply-1"]}]
    model = ScriptedModel(
        [json.dumps({"title": "Norway", "sections": [{"heading": "", "style": "text", "sentences": sentences}]})]
    )
    desk.models["writer"] = [model, *desk.models["writer"]]
    gap = the_gap(desk, admin)
    with desk.database.transaction() as session:
        question = session.exec(select(GapQuestion).where(GapQuestion.gap_id == gap)).first()
        assert question
        question.text = "Do you ship to Norway? Write to ole.nordmann@fjord.example."
        session.add(question)
    drafting.draft(desk, admin, gap)
    sent = " ".join(str(message["content"]) for message in model.requests[0].messages)
    assert "ole.nordmann" not in sent and "[EMAIL_1]" in sent
