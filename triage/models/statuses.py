"""Where a ticket can stand, how it may move, and why it leaves the straight line."""

from enum import StrEnum


class Status(StrEnum):
    RECEIVED = "received"
    SCREENED = "screened"
    TRIAGING = "triaging"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    RESOLVED = "resolved"
    QUARANTINED = "quarantined"
    NEEDS_INFO = "needs_info"
    ESCALATED = "escalated"
    REJECTED = "rejected"
    FAILED = "failed"
    REOPENED = "reopened"
    EXERCISE = "exercise"


S = Status

# A ticket that escalated or needs information may still carry a draft (a holding reply or a
# question) which a person decides, so both lead to approved.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    S.RECEIVED: frozenset({S.SCREENED, S.QUARANTINED, S.FAILED}),
    S.SCREENED: frozenset({S.TRIAGING, S.QUARANTINED, S.ESCALATED, S.FAILED}),
    S.TRIAGING: frozenset({S.AWAITING_APPROVAL, S.NEEDS_INFO, S.ESCALATED, S.QUARANTINED, S.FAILED}),
    S.AWAITING_APPROVAL: frozenset({S.APPROVED, S.TRIAGING, S.REJECTED, S.ESCALATED, S.REOPENED, S.RESOLVED, S.QUARANTINED}),
    S.NEEDS_INFO: frozenset({S.APPROVED, S.TRIAGING, S.REJECTED, S.ESCALATED, S.REOPENED, S.RESOLVED, S.QUARANTINED}),
    S.ESCALATED: frozenset({S.APPROVED, S.TRIAGING, S.REJECTED, S.REOPENED, S.RESOLVED, S.QUARANTINED}),
    S.REJECTED: frozenset({S.AWAITING_APPROVAL, S.TRIAGING, S.APPROVED, S.ESCALATED, S.REOPENED, S.RESOLVED}),
    S.APPROVED: frozenset({S.DELIVERING, S.AWAITING_APPROVAL, S.NEEDS_INFO, S.ESCALATED, S.FAILED}),
    # A message that could not be handed over yet may still be taken back.
    S.DELIVERING: frozenset({S.DELIVERED, S.FAILED, S.AWAITING_APPROVAL, S.NEEDS_INFO, S.ESCALATED}),
    # A second message about an incident is decided like any reply.
    S.DELIVERED: frozenset({S.RESOLVED, S.REOPENED, S.NEEDS_INFO, S.ESCALATED, S.AWAITING_APPROVAL}),
    S.RESOLVED: frozenset({S.REOPENED}),
    S.QUARANTINED: frozenset({S.RECEIVED, S.RESOLVED}),
    S.FAILED: frozenset({S.TRIAGING, S.ESCALATED, S.REOPENED, S.DELIVERED, S.APPROVED, S.RESOLVED}),
    S.REOPENED: frozenset({S.SCREENED, S.QUARANTINED, S.ESCALATED, S.FAILED}),
    # The bare ticket that gives an exercise of triage.reviewing its number goes nowhere.
    S.EXERCISE: frozenset(),
}

WAITS_FOR_PERSON = frozenset({S.AWAITING_APPROVAL, S.NEEDS_INFO, S.ESCALATED, S.REJECTED, S.FAILED, S.QUARANTINED})
DECIDABLE = frozenset({S.AWAITING_APPROVAL, S.NEEDS_INFO, S.ESCALATED, S.REJECTED})
AT_WORK = frozenset({S.RECEIVED, S.SCREENED, S.TRIAGING, S.REOPENED})


class EscalationReason(StrEnum):
    CUSTOMER_REQUEST = "customer_request"
    MISSING_KNOWLEDGE = "missing_knowledge"
    UNSUPPORTED_REQUEST = "unsupported_request"
    POLICY_RESTRICTION = "policy_restriction"
    GUARDRAIL_BLOCK = "guardrail_block"
    LOW_CONFIDENCE = "low_confidence"
    TOOL_FAILURE = "tool_failure"
    BUDGET_EXCEEDED = "budget_exceeded"
    PENDING_CLARIFICATION = "pending_clarification"


class QuarantineReason(StrEnum):
    SPAM = "spam"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    WRONG_RECIPIENT = "wrong_recipient"
    INJECTION = "injection"
    FLOOD = "flood"


class Role(StrEnum):
    """What a signed-in person may do; see triage/accounts/access.py for the table."""

    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Sentiment(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class DecisionKind(StrEnum):
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
