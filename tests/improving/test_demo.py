"""The demo has something to see under each part of what the knowledge base lacks, found by the product itself."""

from pathlib import Path

from sqlmodel import Session, func, select

from tests.homes import lay
from triage.demo.history_signals import seed_signals
from triage.demo.seed import seed_company
from triage.improving import stale
from triage.models import Finding, Gap, GapQuestion, PassageUse, Role, SavedView, SearchRecord, User
from triage.office import open_desk, use
from triage.settings import load_settings


def test_the_demo_shows_gaps_a_contradiction_a_duplicate_and_what_grew_stale(home: Path) -> None:
    lay(home)
    desk = open_desk(load_settings(home=home))
    try:
        seed_company(desk)

        def look(session: Session) -> None:
            found = {finding.kind: {finding.left_article, finding.right_article} for finding in session.exec(select(Finding))}
            assert found == {
                "contradiction": {"return-an-order", "returns-desk-notes"},
                "duplicate": {"repair-line-notes", "send-in-for-repair"},
            }
            assert len(session.exec(select(Gap).where(Gap.state == "open", Gap.size > 1)).all()) > 3
            signs = {sign for question in session.exec(select(GapQuestion)) for sign in question.signals}
            assert signs >= {"escalated", "nothing_found", "rejected", "rewritten"}
            view = session.exec(select(SavedView)).one()
            assert view.shared and view.name == "Bills and payments"
            admin = session.exec(select(User).where(User.role == Role.ADMIN)).first()
            assert admin and stale.listing(session, admin)
            decisions = dict(session.exec(select(SearchRecord.decision, func.count()).group_by(SearchRecord.decision)).all())
            assert min(decisions[decision] for decision in ("answer", "clarify", "abstain")) > 5
            kept = dict(session.exec(select(PassageUse.kept, func.count()).group_by(PassageUse.kept)).all())
            assert kept[True] > 50 and kept[False] > 0
            assert session.exec(select(func.count()).where(PassageUse.opened)).one() > 20

        desk.database.run_now(look)
        assert seed_signals(desk) == 0
        hits = desk.searcher.search("How do I pack my machine when I send it in for repair?")
        assert hits[0].article == "send-in-for-repair" and all(hit.audience == "public" for hit in hits)
    finally:
        use(None)
        desk.close()
