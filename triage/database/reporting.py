"""The views that questions in words are answered from: plain columns, each with what it means, the same on both databases.

They hold no text of a message, no name or address of a customer and nothing of sessions, keys or settings; colleagues are
named as on the metrics screen, whose definitions the columns follow. What must never count stands in `REAL_TICKET`, `REAL_RUN`
and `REAL_DRAFT`, as in triage.learning.metrics.real. Times are those of the team: whoever reads sets its zone first, by `ZONE` on PostgreSQL and by the function
`LOCAL` on SQLite.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection

LOCAL = "desk_time"
ZONE = "triage.zone"
ROLE = "triage_ask"
"""The PostgreSQL role that questions run as when it exists; it may read these views and nothing else."""

REAL_TICKET = "NOT ticket.training"
REAL_RUN = "run.forked_at IS NULL"
REAL_DRAFT = "draft.created_by = 'agents' AND NOT EXISTS (SELECT 1 FROM run AS maker WHERE maker.id = draft.run_id AND maker.forked_at IS NOT NULL)"


SHARED = (
    "EXISTS (SELECT 1 FROM reviewerconsent AS word WHERE word.user_id = decision.user_id AND word.shared "
    "AND word.since <= decision.created_at)"
)
"""Whether the colleague who decided lets managers see signals of their own reviewing."""


@dataclass(frozen=True)
class Spelling:
    """The few expressions that SQLite and PostgreSQL spell differently."""

    dialect: str

    def local(self, moment: str) -> str:
        """The moment on the team's wall, as text: 2026-11-20 15:04:05."""
        if self.dialect == "sqlite":
            return f"{LOCAL}({moment})"
        zone = f"coalesce(nullif(current_setting('{ZONE}', true), ''), 'UTC')"
        return f"to_char({moment} AT TIME ZONE {zone}, 'YYYY-MM-DD HH24:MI:SS')"

    def day(self, moment: str) -> str:
        return f"substr({self.local(moment)}, 1, 10)"

    def month(self, moment: str) -> str:
        return f"substr({self.local(moment)}, 1, 7)"

    def week(self, moment: str) -> str:
        """The Monday of the week."""
        if self.dialect == "sqlite":
            return f"date({self.day(moment)}, 'weekday 0', '-6 days')"
        return f"to_char(date_trunc('week', CAST({self.local(moment)} AS timestamp)), 'YYYY-MM-DD')"

    def weekday(self, moment: str) -> str:
        if self.dialect == "sqlite":
            number = f"strftime('%w', {self.day(moment)})"
        else:
            number = f"to_char(extract(dow FROM CAST({self.local(moment)} AS timestamp)), 'FM9')"
        names = ("1 Monday", "2 Tuesday", "3 Wednesday", "4 Thursday", "5 Friday", "6 Saturday")
        cases = " ".join(f"WHEN '{name[0]}' THEN '{name}'" for name in names)
        return f"CASE {number} {cases} ELSE '7 Sunday' END"

    def hour(self, moment: str) -> str:
        return f"CAST(substr({self.local(moment)}, 12, 2) AS integer)"

    def seconds(self, start: str, end: str) -> str:
        if self.dialect == "sqlite":
            return f"((julianday({end}) - julianday({start})) * 86400.0)"
        return f"CAST(extract(epoch FROM {end} - {start}) AS double precision)"

    def hours(self, start: str, end: str) -> str:
        return f"({self.seconds(start, end)} / 3600.0)"


Expression = Callable[[Spelling], str]


@dataclass(frozen=True)
class Column:
    """One column: its name, what it means in a sentence, and how it is read."""

    name: str
    meaning: str
    sql: str | Expression

    def spelled(self, spelling: Spelling) -> str:
        return self.sql if isinstance(self.sql, str) else self.sql(spelling)


@dataclass(frozen=True)
class View:
    """One view: what a row is, its columns, and where the rows come from."""

    name: str
    rows: str
    columns: tuple[Column, ...]
    source: str

    def select(self, spelling: Spelling) -> str:
        listed = ", ".join(f"{column.spelled(spelling)} AS {column.name}" for column in self.columns)
        return f"SELECT {listed} {self.source}"


def _flag(name: str, meaning: str, condition: str) -> Column:
    return Column(name, f"1 when {meaning}, else 0.", f"CASE WHEN {condition} THEN 1 ELSE 0 END")


def _times(moment: str, prefix: str, what: str, *, short: bool = False) -> tuple[Column, ...]:
    """Day, week and month of a moment, and unless `short` its day of the week and hour, all on the team's wall."""
    found = (
        Column(f"{prefix}_day", f"The day {what}, such as 2026-11-20.", lambda s: s.day(moment)),
        Column(f"{prefix}_week", f"The Monday of the week {what}.", lambda s: s.week(moment)),
        Column(f"{prefix}_month", f"The month {what}, such as 2026-11.", lambda s: s.month(moment)),
    )
    if short:
        return found
    return (
        *found,
        Column(f"{prefix}_weekday", f"The day of the week {what}, from 1 Monday to 7 Sunday.", lambda s: s.weekday(moment)),
        Column(f"{prefix}_hour", f"The hour {what}, 0 to 23.", lambda s: s.hour(moment)),
    )


_CATEGORY = Column(
    "category", "What the ticket is about, as the categories' short names.",
    "CASE WHEN episode.category <> '' THEN episode.category ELSE ticket.category END",
)  # fmt: skip
_LANGUAGE = Column(
    "language", "The customer's language as an ISO code, such as en.",
    "CASE WHEN episode.language <> '' THEN episode.language ELSE ticket.language END",
)  # fmt: skip
_TICKET = Column("ticket_id", "The ticket's number.", "ticket.id")
_OWN_RUNS = f"FROM run WHERE run.ticket_id = episode.ticket_id AND run.episode_id = episode.id AND {REAL_RUN}"
_LAST_DECISION = (
    '(SELECT "user".name FROM decision JOIN "user" ON "user".id = decision.user_id WHERE decision.episode_id = episode.id '
    "AND decision.undone_at IS NULL ORDER BY decision.created_at DESC, decision.id DESC LIMIT 1)"
)
_APPROVED = (
    "EXISTS (SELECT 1 FROM decision JOIN draft ON draft.id = decision.draft_id WHERE decision.episode_id = episode.id "
    f"AND decision.kind = 'approve' AND decision.undone_at IS NULL AND {REAL_DRAFT} AND draft.kind = 'reply')"
)
_DRAFTED = (
    f"EXISTS (SELECT 1 FROM draft WHERE draft.episode_id = episode.id AND {REAL_DRAFT} AND draft.kind IN ('reply', 'clarify'))"
)
_AGAIN = "EXISTS (SELECT 1 FROM episode AS later WHERE later.ticket_id = episode.ticket_id AND later.number > episode.number)"


def _in_time(reached: str, due: str) -> str:
    return f"CASE WHEN {due} IS NULL THEN NULL WHEN {reached} <= {due} THEN 1 WHEN {reached} IS NOT NULL THEN 0 END"


_TICKETS = View(
    "ask_tickets",
    "One demand of a customer, from its first message to its resolution. Spam and automatic replies are left out.",
    (
        _TICKET,
        Column("episode", "Which demand of this ticket it is: 1 the first, 2 after it was opened again.", "episode.number"),
        *_times("episode.started_at", "started", "it began"),
        _CATEGORY, _LANGUAGE,
        Column("channel", "How it came: email, api, form or file.", "episode.channel"),
        Column("priority", "low, normal, high or urgent.", "ticket.priority"),
        Column("sentiment", "How the customer sounds: negative, neutral or positive.", "ticket.sentiment"),
        Column("team", "The group it is routed to; empty when none.", "ticket.team"),
        Column("status", "Where the ticket stands now, such as awaiting_approval, delivered, resolved or escalated.", "ticket.status"),
        Column("customer", "The customer as a number, without a name; empty when not known.",
               "CASE WHEN ticket.customer_id IS NULL THEN '' ELSE 'customer ' || CAST(ticket.customer_id AS varchar) END"),
        Column("person", "The colleague who decided last; empty when nobody did.", _LAST_DECISION),
        Column("confidence", "How sure the agents were, 0 to 1.", "ticket.confidence"),
        _flag("worked_on", "the agents worked on it", f"EXISTS (SELECT 1 {_OWN_RUNS})"),
        _flag("drafted", "the agents made a draft that could be sent", _DRAFTED),
        _flag("answered", "a reply was sent", "episode.first_reply_at IS NOT NULL"),
        _flag("resolved", "it is resolved", "episode.resolved_at IS NOT NULL"),
        _flag("assisted", "it was resolved by an approved draft of the agents without being escalated",
              f"episode.resolved_at IS NOT NULL AND {_APPROVED} AND episode.escalated_at IS NULL"),
        Column("resolution", "assumed (the customer stayed silent), verified (the customer or a second model confirmed it) or closed (by a person).", "episode.resolution"),
        _flag("escalated", "it was escalated to people", "episode.escalated_at IS NOT NULL"),
        Column("escalation_reason", "Why it was escalated.", "episode.escalation_reason"),
        _flag("reopened", "the customer opened the ticket again afterwards", _AGAIN),
        Column("replies", "How many replies were sent.", "episode.replies"),
        Column("transfers", "How often it was given to somebody else.", "episode.transfers"),
        Column("first_reply_hours", "Hours from the first message to the first reply, on the calendar.",
               lambda s: s.hours("episode.started_at", "episode.first_reply_at")),
        Column("resolution_hours", "Hours from the first message to the resolution, on the calendar.",
               lambda s: s.hours("episode.started_at", "episode.resolved_at")),
        Column("reply_in_time", "1 when the first reply met its target, 0 when it came late; empty without a target or reply.",
               _in_time("episode.first_reply_at", "episode.first_reply_due")),
        Column("resolved_in_time", "1 when it was resolved by its target, 0 when later; empty without a target or resolution.",
               _in_time("episode.resolved_at", "episode.resolve_due")),
        Column("csat", "The customer's rating, 1 to 5; empty when not rated.", "episode.csat"),
        Column("runs", "How often the agents worked on it.", f"(SELECT count(*) {_OWN_RUNS})"),
        Column("cost_usd", "What its calls of models and of connected tools cost, in US dollars.", f"(SELECT coalesce(sum(run.cost_usd), 0.0) {_OWN_RUNS})"),
    ),
    f"FROM episode JOIN ticket ON ticket.id = episode.ticket_id WHERE episode.eligible AND {REAL_TICKET}",
)  # fmt: skip

_OF_EPISODE = "JOIN episode ON episode.id = {0}.episode_id JOIN ticket ON ticket.id = episode.ticket_id"

_DRAFTS = View(
    "ask_drafts",
    "One draft of the agents, with what a person decided on it.",
    (
        Column("draft_id", "The draft's number.", "draft.id"),
        _TICKET,
        *_times("draft.created_at", "created", "it was written"),
        _CATEGORY, _LANGUAGE,
        Column("version", "1 for the first draft of the ticket.", "draft.version"),
        Column("kind", "reply, clarify (a question back) or holding.", "draft.kind"),
        Column("approver", "Who may decide it: staff or manager.", "draft.approver"),
        Column("model", "The model that wrote it.", "draft.model"),
        Column("confidence", "How sure the desk was of it, 0 to 1.", "draft.confidence"),
        _flag("decided", "a person decided on it", "decision.id IS NOT NULL"),
        Column("decision", "approve, request_changes, reject, escalate or resolve; empty while it waits.", "decision.kind"),
        *_times("decision.created_at", "decided", "it was decided", short=True),
        Column("person", "The colleague who decided.", '"user".name'),
        Column("reason", "The reason given for a rejection.", "decision.reason"),
        _flag("sent_as_is", "it was sent without a change", "decision.kind = 'approve' AND decision.edit_distance = 0"),
        Column("edit_distance", "The share of words changed before sending, 0 to 1.", "decision.edit_distance"),
        Column("edit_class", "What was changed most: fact, tone, policy or format.", "decision.edit_class"),
        Column("wait_hours", "Hours from the draft to the decision.", lambda s: s.hours("draft.created_at", "decision.created_at")),
        Column("review_seconds", "Seconds of active review before the decision, of colleagues who share their reviewer signals; else empty.", f"CASE WHEN {SHARED} THEN decision.active_seconds END"),
    ),
    f"FROM draft {_OF_EPISODE.format('draft')} LEFT JOIN decision ON decision.draft_id = draft.id AND decision.undone_at IS NULL "
    f'LEFT JOIN "user" ON "user".id = decision.user_id WHERE {REAL_DRAFT} AND {REAL_TICKET}',
)  # fmt: skip

_RUNS = View(
    "ask_runs",
    "One run of the agents over a ticket.",
    (
        Column("run_id", "The run, as on the screen Traces.", "run.id"),
        _TICKET,
        *_times("run.started_at", "started", "it began"),
        _CATEGORY, _LANGUAGE,
        Column("cause", "Why it ran: message, reply, changes, redraft, retry or release.", "run.cause"),
        Column("status", "running, ended or failed.", "run.status"),
        Column("outcome", "Where it left the ticket.", "run.outcome"),
        Column("model", "The model that wrote.", "run.model"),
        _flag("failed", "it failed", "run.status = 'failed'"),
        Column("model_calls", "Calls of models.", "run.model_calls"),
        Column("input_tokens", "Tokens sent to models.", "run.input_tokens"),
        Column("output_tokens", "Tokens written by models.", "run.output_tokens"),
        Column("cost_usd", "What it cost, in US dollars: models, tools, and the approved calls that it proposed.", "run.cost_usd"),
        Column("seconds", "How long it took.", lambda s: s.seconds("run.started_at", "run.ended_at")),
    ),
    f"FROM run {_OF_EPISODE.format('run')} WHERE {REAL_RUN} AND {REAL_TICKET}",
)  # fmt: skip

_STEPS = View(
    "ask_steps",
    "One step of a run: a call of a model or a tool, a search or a guard.",
    (
        Column("run_id", "The run it belongs to.", "run.id"),
        _TICKET,
        *_times("runstep.created_at", "done", "it was done"),
        _CATEGORY,
        Column("kind", "model, tool, retrieval or guard.", "runstep.kind"),
        Column("agent", "The agent that did it: manager, analyst, writer, reviewer and others.", "runstep.role"),
        Column("name", "The model, tool or guard.", "runstep.name"),
        _flag("failed", "it ended with an error", "runstep.error IS NOT NULL"),
        Column("input_tokens", "Tokens sent.", "runstep.input_tokens"),
        Column("output_tokens", "Tokens written.", "runstep.output_tokens"),
        Column("cost_usd", "What it cost, in US dollars.", "runstep.cost_usd"),
        Column("seconds", "How long it took.", "runstep.seconds"),
    ),
    f"FROM runstep JOIN run ON run.id = runstep.run_id {_OF_EPISODE.format('run')} WHERE {REAL_RUN} AND {REAL_TICKET}",
)  # fmt: skip

_TOOLS = View(
    "ask_tools",
    "One call of a tool: by an agent in a run, or proposed by one, approved by a person and carried out.",
    (
        Column("run_id", "The run that made or proposed it.", "run.id"),
        _TICKET,
        *_times("call.at", "made", "it was made"),
        _CATEGORY,
        Column("tool", "The tool.", "call.tool"),
        _flag("approved", "a person approved it", "call.approved = 1"),
        _flag("failed", "it ended with an error, or nobody knows how", "call.error IS NOT NULL"),
        Column("cost_usd", "What it cost when it was made, in US dollars; the desk's own tools cost nothing.", "call.cost_usd"),
    ),
    "FROM (SELECT run_id, created_at AS at, name AS tool, 0 AS approved, error, cost_usd FROM runstep WHERE kind = 'tool' UNION ALL "
    "SELECT run_id, ended_at, tool, 1, error, cost_usd FROM proposal WHERE status IN ('done', 'failed', 'uncertain')) AS call "
    f"JOIN run ON run.id = call.run_id {_OF_EPISODE.format('run')} WHERE {REAL_RUN} AND {REAL_TICKET}",
)  # fmt: skip

_SOURCES = View(
    "ask_sources",
    "One passage of an article that the agents were given for a draft.",
    (
        Column("article", "The article's id.", "passageuse.article"),
        _TICKET,
        *_times("passageuse.at", "used", "it was used", short=True),
        _CATEGORY,
        Column("place", "Its place among what was found, from 1.", "passageuse.rank"),
        Column("score", "How well it fitted, 0 to 1.", "passageuse.score"),
        _flag("cited", "the draft cites it", "passageuse.cited"),
        _flag("opened", "a reviewer opened it", "passageuse.opened"),
        _flag("helpful", "a reviewer called it helpful", "passageuse.vote = 1"),
        _flag("wrong", "a reviewer called it wrong", "passageuse.vote = -1"),
    ),
    f"FROM passageuse JOIN draft ON draft.id = passageuse.draft_id {_OF_EPISODE.format('draft')} WHERE {REAL_DRAFT} AND {REAL_TICKET}",
)  # fmt: skip

_SEARCHES = View(
    "ask_searches",
    "One search in the knowledge base, by the agents or by a person; what was searched for is left out.",
    (
        *_times("searchrecord.at", "asked", "it was asked"),
        Column("source", "Who searched, such as agents or screen.", "searchrecord.source"),
        Column("category", "What it was about, when known.", "searchrecord.category"),
        Column("language", "Its language.", "searchrecord.language"),
        Column("hits", "Passages found.", "searchrecord.hits"),
        Column("best_score", "The best passage's score, 0 to 1.", "searchrecord.top"),
        Column("best_article", "The best passage's article.", "searchrecord.article"),
        Column("decision", "Whether it was answered: answer, clarify or abstain; empty when nobody judged.", "searchrecord.decision"),
        _flag("nothing_found", "nothing was found", "searchrecord.hits = 0"),
        _flag("repeated", "much the same had been searched for before", "searchrecord.repeats IS NOT NULL"),
    ),
    "FROM searchrecord WHERE NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.id = searchrecord.ticket_id AND ticket.training)",
)  # fmt: skip

_EDITS = View(
    "ask_edits",
    "One place where a person changed a draft before sending it; the words are left out.",
    (
        _TICKET,
        *_times("edit.created_at", "made", "it was made", short=True),
        _CATEGORY,
        Column("kind", "fact, tone, policy or format.", "edit.kind"),
        Column("article", "The article that the changed sentence cites; empty when none.", "edit.article"),
        Column("person", "The colleague who made it.", '"user".name'),
        Column("taken_as", "What it was made into: article, style, case or dismissed; empty when nothing yet.", "edit.taken_as"),
    ),
    f"FROM edit JOIN decision ON decision.id = edit.decision_id {_OF_EPISODE.format('decision')} "
    'JOIN "user" ON "user".id = decision.user_id WHERE decision.undone_at IS NULL AND ' + REAL_TICKET,
)  # fmt: skip

_GUARDS = View(
    "ask_guards",
    "One word of a guard on a message, an action or a draft.",
    (
        Column("ticket_id", "The ticket's number.", "guardverdict.ticket_id"),
        *_times("guardverdict.created_at", "said", "it was said", short=True),
        Column("stage", "input, action or output.", "guardverdict.stage"),
        Column("rule", "The rule that spoke.", "guardverdict.rule"),
        Column("verdict", "allow, flag or block.", "guardverdict.verdict"),
        _flag("overruled", "a person overruled it", "guardverdict.overruled"),
    ),
    f"FROM guardverdict JOIN ticket ON ticket.id = guardverdict.ticket_id WHERE {REAL_TICKET}",
)  # fmt: skip

VIEWS: dict[str, View] = {
    view.name: view for view in (_TICKETS, _DRAFTS, _RUNS, _STEPS, _TOOLS, _SOURCES, _SEARCHES, _EDITS, _GUARDS)
}


@cache
def statements(dialect: str) -> dict[str, str]:
    """The statement that makes each view."""
    spelling = Spelling(dialect)
    return {name: f"CREATE VIEW {name} AS {view.select(spelling)}" for name, view in VIEWS.items()}


@cache
def digest(dialect: str) -> str:
    """Names the definition of all views at once."""
    return hashlib.sha256("\n".join(statements(dialect).values()).encode()).hexdigest()[:16]


def take_away(connection: Connection) -> None:
    """Before tables change: a view forbids changing the columns it reads."""
    for name in _there(connection):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def put_back(connection: Connection) -> None:
    """Make the views anew, unless they are there just as the code says; the role of questions may read them."""
    dialect = connection.dialect.name
    if not is_current(connection):
        take_away(connection)
        for statement in statements(dialect).values():
            connection.exec_driver_sql(statement.replace("%", "%%") if dialect == "postgresql" else statement)
        if dialect == "postgresql":
            connection.exec_driver_sql(f"COMMENT ON VIEW {next(iter(VIEWS))} IS '{digest(dialect)}'")
    if dialect == "postgresql" and connection.exec_driver_sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'").first():
        connection.exec_driver_sql(f"GRANT SELECT ON {', '.join(VIEWS)} TO {ROLE}")


def is_current(connection: Connection) -> bool:
    """Whether every view is there as the code defines it."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'view' AND name LIKE 'ask\\_%' ESCAPE '\\'"
        )
        return {str(name): str(sql) for name, sql in rows} == statements(dialect)
    if set(_there(connection)) != set(VIEWS):
        return False
    said = connection.exec_driver_sql(f"SELECT obj_description('{next(iter(VIEWS))}'::regclass, 'pg_class')").scalar()
    return said == digest(dialect)


def _there(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'ask\\_%' ESCAPE '\\'"
        )
    else:
        rows = connection.exec_driver_sql(
            "SELECT viewname FROM pg_views WHERE schemaname = current_schema() AND starts_with(viewname, 'ask_')"
        )
    return [str(row[0]) for row in rows]
