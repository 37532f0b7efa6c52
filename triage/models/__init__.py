"""The tables, the statuses and how a ticket may move between them."""

from .base import clock_at, new_id, now
from .batches import Batch, BatchMember
from .connections import ConnectedTool, Connection, Proposal
from .csat import CsatOptOut, CsatRequest
from .drafts import BlockedAction, Decision, Draft, GuardVerdict, Outbox, SignOff
from .fields import CustomField, FieldValue, TicketTag
from .figures import MetricChange, MetricDay, MetricWord
from .gaps import CheckedArticle, Finding, Gap, GapQuestion, Rehearsal, RehearsedTicket
from .imports import ImportedItem, ImportLine, ImportRun
from .incidents import TO_MANY, Incident, IncidentMember, IncidentReply, MasterDraft, TicketVector
from .knowledge import (
    Article,
    ArticleAlias,
    ArticleFile,
    ArticleReview,
    ArticleUse,
    ArticleVersion,
    Category,
    CategoryExample,
    IndexBuild,
    IndexState,
    Passage,
    PassageVector,
    WorkingCopy,
)
from .learning import BadAnswer, Edit, EvaluationCase, StyleSuggestion
from .limits import Alert, BreakerOpening, RateCount
from .merges import TicketMerge
from .notices import Notice, NoticeItem, NoticeSettings, Notification, NotificationRead, Webhook
from .people import (
    ApiKey,
    AuditEvent,
    IdempotencyRecord,
    LoginAttempt,
    LoginSession,
    SetupLink,
    User,
    WorkspaceSetting,
)
from .questions import SavedQuestion
from .reviewing import Exercise, ReviewerConsent
from .rulebook import RuleTrial, RuleTrialTicket, RuleVersion
from .runs import BreakerState, CommonPremise, KeptAnswer, Run, RunPremise, RunStep, SpanRecord, Spend
from .signals import PassageUse, SearchRecord
from .solved import PrecedentUse, SolvedCase
from .statuses import (
    AT_WORK,
    DECIDABLE,
    TRANSITIONS,
    WAITS_FOR_PERSON,
    DecisionKind,
    EscalationReason,
    Priority,
    QuarantineReason,
    Role,
    Sentiment,
    Status,
)
from .synonyms import SynonymGroup
from .targets import TargetPlan
from .teams import CategoryModel, MatterRoute, Team, TeamMember
from .tickets import Attachment, Customer, Episode, Message, Order, Quarantine, Ticket
from .translations import Translation
from .views import EditClaim, SavedView
from .writing import Macro, TypedText

__all__ = [
    "AT_WORK",
    "DECIDABLE",
    "TO_MANY",
    "TRANSITIONS",
    "WAITS_FOR_PERSON",
    "Alert",
    "ApiKey",
    "Article",
    "ArticleAlias",
    "ArticleFile",
    "ArticleReview",
    "ArticleUse",
    "ArticleVersion",
    "Attachment",
    "AuditEvent",
    "BadAnswer",
    "Batch",
    "BatchMember",
    "BlockedAction",
    "BreakerOpening",
    "BreakerState",
    "Category",
    "CategoryExample",
    "CategoryModel",
    "CheckedArticle",
    "CommonPremise",
    "ConnectedTool",
    "Connection",
    "CsatOptOut",
    "CsatRequest",
    "CustomField",
    "Customer",
    "Decision",
    "DecisionKind",
    "Draft",
    "Edit",
    "EditClaim",
    "Episode",
    "EscalationReason",
    "EvaluationCase",
    "Exercise",
    "FieldValue",
    "Finding",
    "Gap",
    "GapQuestion",
    "GuardVerdict",
    "IdempotencyRecord",
    "ImportLine",
    "ImportRun",
    "ImportedItem",
    "Incident",
    "IncidentMember",
    "IncidentReply",
    "IndexBuild",
    "IndexState",
    "KeptAnswer",
    "LoginAttempt",
    "LoginSession",
    "Macro",
    "MasterDraft",
    "MatterRoute",
    "Message",
    "MetricChange",
    "MetricDay",
    "MetricWord",
    "Notice",
    "NoticeItem",
    "NoticeSettings",
    "Notification",
    "NotificationRead",
    "Order",
    "Outbox",
    "Passage",
    "PassageUse",
    "PassageVector",
    "PrecedentUse",
    "Priority",
    "Proposal",
    "Quarantine",
    "QuarantineReason",
    "RateCount",
    "Rehearsal",
    "RehearsedTicket",
    "ReviewerConsent",
    "Role",
    "RuleTrial",
    "RuleTrialTicket",
    "RuleVersion",
    "Run",
    "RunPremise",
    "RunStep",
    "SavedQuestion",
    "SavedView",
    "SearchRecord",
    "Sentiment",
    "SetupLink",
    "SignOff",
    "SolvedCase",
    "SpanRecord",
    "Spend",
    "Status",
    "StyleSuggestion",
    "SynonymGroup",
    "TargetPlan",
    "Team",
    "TeamMember",
    "Ticket",
    "TicketMerge",
    "TicketTag",
    "TicketVector",
    "Translation",
    "TypedText",
    "User",
    "Webhook",
    "WorkingCopy",
    "WorkspaceSetting",
    "clock_at",
    "new_id",
    "now",
]
