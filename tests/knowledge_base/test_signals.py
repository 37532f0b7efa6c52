"""What people do with passages and searches is counted, and summed up for ranking."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from knowledge_base import signals
from tests import desks
from triage.database import Database
from triage.models import Draft, PassageUse, SearchRecord, clock_at, now


@dataclass(frozen=True)
class Given:
    id: str
    article: str
    version: int = 1
    score: float = 0.7


DESCALE, RINSE, PAIR = Given("descale#0", "descale"), Given("descale#1", "descale"), Given("pair#0", "pair")
FIRST, SECOND = "Descale the kettle every three months.", "Rinse it twice with cold water afterwards."


def drafted(session: Session) -> Draft:
    """A draft whose first sentence rests on one passage, the second on another; a third passage was given and not used."""
    draft = desks.waiting_draft(
        session, desks.ticket(session), body=f"Hello Priya,\n\n{FIRST} {SECOND}",
        sentences=[
            {"text": FIRST, "kind": "fact", "supported": True, "passages": ["descale#0"]},
            {"text": SECOND, "kind": "step", "supported": True, "passages": ["descale#1"]},
        ],
        citations=[{"passage": p.id, "article": p.article, "version": 1, "score": p.score} for p in (DESCALE, RINSE)],
    )  # fmt: skip
    signals.given(session, draft, [DESCALE, PAIR, RINSE])
    session.flush()
    return draft


def uses(session: Session, draft: Draft) -> dict[str, PassageUse]:
    session.flush()
    return {use.passage: use for use in session.exec(select(PassageUse).where(PassageUse.draft_id == draft.id))}


def test_a_passage_is_kept_when_what_rests_on_it_was_sent_and_removed_when_it_was_cut(database: Database) -> None:
    with database.transaction() as session:
        draft = drafted(session)
        signals.decided(session, draft, "approve", body=f"Dear Priya,\n\nPlease {FIRST.lower()} Kind regards")
        kept = {passage: use.kept for passage, use in uses(session, draft).items()}
        assert kept == {"descale#0": True, "descale#1": False, "pair#0": None}
        signals.withdrawn(session, draft)
        assert {use.kept for use in uses(session, draft).values()} == {None}


@pytest.mark.parametrize(("kind", "reason", "kept"), [
    ("reject", "wrong facts", False), ("reject", "does not answer", False), ("reject", "wrong tone", None), ("request_changes", "", None),
])  # fmt: skip
def test_only_a_rejection_for_its_facts_speaks_against_a_passage(
    database: Database, kind: str, reason: str, kept: bool | None
) -> None:
    with database.transaction() as session:
        draft = drafted(session)
        signals.decided(session, draft, kind, reason=reason)
        assert {use.kept for passage, use in uses(session, draft).items() if passage != "pair#0"} == {kept}


def test_the_last_vote_counts_and_what_is_no_source_is_not_counted(database: Database) -> None:
    with database.transaction() as session:
        draft = drafted(session)
        signals.voted(session, draft, "descale#0", helpful=True)
        signals.voted(session, draft, "descale#0", helpful=False)
        signals.opened(session, draft, "descale#1")
        signals.opened(session, draft, "unknown#7")
        found = uses(session, draft)
    assert set(found) == {"descale#0", "descale#1", "pair#0"}
    assert found["descale#0"].vote == -1 and found["descale#1"].opened and not found["descale#0"].opened


def test_a_draft_renewed_by_a_person_gets_its_rows_with_the_decision(database: Database) -> None:
    with database.transaction() as session:
        first = drafted(session)
        from triage import replies

        renewed = replies.renew(session, first, cause="undone")
        signals.decided(session, renewed, "approve", body=renewed.body)
        assert {passage: (use.kept, use.cited) for passage, use in uses(session, renewed).items()} == {
            "descale#0": (True, True),
            "descale#1": (True, True),
        }


def test_rates_lean_on_the_article_and_the_whole_base_until_there_are_cases(database: Database) -> None:
    with database.transaction() as session:
        assert signals.kept_rate(session) == {"": pytest.approx(0.8)}
        for _ in range(10):
            draft = drafted(session)
            signals.decided(session, draft, "approve", body=FIRST)
        rates = signals.kept_rate(session)
        assert rates["descale#1"] < rates["descale"] < rates["descale#0"] < 1 and rates["descale#1"] > 0
        assert "pair#0" not in rates and "pair" not in rates
        signals.voted(session, draft, "descale#0", helpful=False)
        assert signals.kept_rate(session)["descale#0"] < rates["descale#0"]
    with database.read() as session, clock_at(now() + signals.COUNTED + timedelta(days=1)):
        assert signals.kept_rate(session) == {"": pytest.approx(0.8)}


def test_the_same_person_asking_for_much_the_same_repeats_the_search(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, name="Sam")

        def ask(query: str, user_id: int | None) -> SearchRecord:
            return signals.searched(session, query, source=signals.TRIAL, hits=3, top=0.4, user_id=user_id)

        first = ask("descale the kettle", nadia.id)
        assert first.repeats is None and ask("how do I descale a kettle?", nadia.id).repeats == first.id
        assert ask("return an order", nadia.id).repeats is None and ask("descale the kettle", sam.id).repeats is None
        with clock_at(now() + timedelta(hours=1)):
            assert ask("descale the kettle", nadia.id).repeats is None


def test_a_ticket_that_searches_again_in_another_run_repeats_it(database: Database) -> None:
    from triage.models import Run

    with database.transaction() as session:
        ticket = desks.ticket(session)
        runs = [Run(ticket_id=ticket.id or 0, episode_id=ticket.episode_id) for _ in range(2)]
        session.add_all(runs)
        session.flush()

        def ask(run: Run) -> SearchRecord:
            of = {"ticket_id": ticket.id, "episode_id": ticket.episode_id, "run_id": run.id}
            return signals.searched(session, "How do I descale it?", source=signals.AGENTS, hits=0, decision="abstain", **of)

        first = ask(runs[0])
        assert ask(runs[0]).repeats is None  # one run asks in several ways
        assert ask(runs[1]).repeats in (first.id, (first.id or 0) + 1)
