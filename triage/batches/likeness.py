"""Which drafts answer the same: a mark that drafts share when category, language and cited passages are the same."""

import hashlib
import json

from triage.models import Draft, Ticket

LEAST_SURE = 0.5  # below it a draft is called unsure in the queue


def mark(draft: Draft, ticket: Ticket) -> str:
    """The mark, or "" for what may never be part of a batch by its looks: questions back, holding replies, what people wrote,
    what a manager decides, what has no source or an unsupported sentence, and whatever the desk is unsure of.

    Cheap: called for every draft. The whole rule is `triage.batches.risk.why_not`.
    """
    passages = {str(citation.get("passage")) for citation in draft.citations}
    plain = draft.kind == "reply" and draft.created_by == "agents" and draft.approver == "staff" and ticket.approver == "staff"
    supported = all(sentence.get("supported", True) for sentence in draft.sentences)
    if not plain or not supported or not passages or ticket.risk != "low" or draft.confidence < LEAST_SURE:
        return ""
    content = [ticket.category, ticket.language, sorted(passages), sorted(draft.article_versions.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]
