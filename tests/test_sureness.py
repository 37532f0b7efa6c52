"""The desk's confidence is brought to what people made of its drafts; little data moves it little, and order never turns."""

import random

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests import desks
from tests.desks import person, waiting_draft
from triage import audit, judging, sureness, workspace
from triage.database import Database
from triage.models import AuditEvent, Decision, DecisionKind
from triage.settings import Settings
from triage.sureness import FEWEST, Scale, fit, score

shares = st.floats(0, 1, allow_nan=False)


def judged(chance_of: float, count: int = 400) -> tuple[list[float], list[bool]]:
    """Drafts of every score, of which people keep `chance_of` times as many as the score says."""
    dice = random.Random(4)
    scores = [dice.uniform(0.3, 0.95) for _ in range(count)]
    return scores, [dice.random() < chance_of * one for one in scores]


def test_a_desk_that_is_too_sure_becomes_more_modest() -> None:
    scores, kept = judged(0.6)
    scale = fit(scores, kept)
    assert scale.decisions == len(scores)
    assert scale(0.9) < 0.7 and scale(0.5) < 0.45
    read = [scale(one) for one in scores]
    before, after = (abs(sum(said) - sum(kept)) / len(kept) for said in (scores, read))
    assert after < 0.05 < before


def test_scores_that_hold_stay_nearly_as_they_are() -> None:
    scale = fit(*judged(1.0, 2_000))
    assert all(abs(scale(one) - one) < 0.08 for one in (0.4, 0.6, 0.8, 0.9))


def test_too_few_decisions_change_nothing() -> None:
    scores, kept = judged(0.5, FEWEST - 1)
    assert fit(scores, kept) == Scale() == fit([0.8] * 500, [True] * 500)
    assert Scale()(0.37) == 0.37


@given(st.lists(st.tuples(shares, st.booleans()), min_size=FEWEST, max_size=FEWEST + 50), shares, shares)
def test_the_surer_of_two_drafts_stays_the_surer(decided: list[tuple[float, bool]], one: float, other: float) -> None:
    scale = fit([share for share, _ in decided], [kept for _, kept in decided])
    low, high = sorted((scale(max(one, 0.001)), scale(max(other, 0.001))))
    assert 0 <= low <= high <= 1
    assert (scale(max(one, 0.001)) <= scale(max(other, 0.001))) == (one <= other) or low == high


def test_the_scale_is_learnt_from_decisions_told_once_and_used(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user = person(session)
        for number in range(FEWEST + 20):
            _decided(session, user.id or 0, kept=number % 3 == 0)
        assert sureness.learn(session).startswith(f"{FEWEST + 20} decisions")
        assert sureness.learn(session)  # nothing new: not told again
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "learnt")).all()) == 1
        assert audit.verify(session) is None
        rules = judging.Rules.load(session, settings)
    assert rules.sureness.decisions == FEWEST + 20
    assert rules.sureness(score(0.9, 0.9, [])) < 0.6  # a third was kept, whatever the agents say
    with database.read() as session:
        assert workspace.get(session, "confidence_scale") != {}


def _decided(session: Session, user_id: int, *, kept: bool) -> None:
    ticket = desks.ticket(session)
    draft = waiting_draft(session, ticket, plan={"confidence": 0.9}, review={"confidence": 0.9})
    kind = DecisionKind.APPROVE if kept else DecisionKind.REJECT
    session.add(
        Decision(
            draft_id=draft.id or 0, ticket_id=ticket.id or 0, episode_id=draft.episode_id, user_id=user_id, kind=kind,
            seal=draft.seal, edit_distance=0.0 if kept else None,
        )
    )  # fmt: skip
    session.flush()
