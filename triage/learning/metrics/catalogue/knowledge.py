"""How well the knowledge base serves: what searches find, and what becomes of the passages that agents are given."""

from sqlmodel import col

from triage.learning.metrics.grains import PASSAGES, SEARCHES
from triage.learning.metrics.metric import Metric
from triage.models import PassageUse, SearchRecord

_CITED, _KEPT = col(PassageUse.cited).is_(True), col(PassageUse.kept)

METRICS = (
    Metric(
        "zero_results",
        "Searches that found nothing",
        "Questions for which the knowledge base held no passage ÷ questions searched for.",
        "share",
        "down",
        SEARCHES,
        hit=col(SearchRecord.hits) == 0,
    ),
    Metric(
        "searches_unanswered",
        "Questions nothing answers",
        "Questions that no article or record answered ÷ questions of which that is known.",
        "share",
        "down",
        SEARCHES,
        hit=col(SearchRecord.decision) == "abstain",
        where=(col(SearchRecord.decision) != "",),
    ),
    Metric(
        "searches_retried",
        "Searches retried",
        "Searches for much the same as an earlier run over the ticket searched for ÷ searches.",
        "share",
        "down",
        SEARCHES,
        hit=col(SearchRecord.repeats).is_not(None),
    ),
    Metric(
        "passages_cited",
        "Passages cited",
        "Passages that the draft cites ÷ passages that its agents were given.",
        "share",
        "up",
        PASSAGES,
        hit=_CITED,
    ),
    Metric(
        "evidence_opened",
        "Evidence opened",
        "Cited passages that somebody opened to read ÷ cited passages.",
        "share",
        "none",
        PASSAGES,
        hit=col(PassageUse.opened).is_(True),
        where=(_CITED,),
    ),
    Metric(
        "passages_kept",
        "Passages kept",
        "Cited passages of which at least one sentence was sent ÷ cited passages on which a decision says something.",
        "share",
        "up",
        PASSAGES,
        hit=_KEPT.is_(True),
        where=(_CITED, _KEPT.is_not(None)),
        breakdowns={"article": col(PassageUse.article)},
    ),
    Metric(
        "passages_wrong",
        "Passages voted wrong",
        "Cited passages that a reviewer called wrong ÷ cited passages that a reviewer judged.",
        "share",
        "down",
        PASSAGES,
        hit=col(PassageUse.vote) < 0,
        where=(_CITED, col(PassageUse.vote) != 0),
        breakdowns={"article": col(PassageUse.article)},
    ),
)
