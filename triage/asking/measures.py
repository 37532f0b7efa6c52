"""What the desk can count without a model: each measure with its words, its SQL and examples of how people ask for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One thing that can be counted.

    A question asks for it when it holds all of `words` (regular expressions on folded text). `select` are its columns, the
    answer first; `where` what has to hold; `clock` the column prefix of its time, empty when it counts what stands now.
    `by` is what it is split by unless the question says otherwise, `metrics` those of the catalogue that say the same exactly.
    """

    name: str
    title: str
    view: str
    words: tuple[str, ...]
    select: str
    examples: tuple[str, ...]
    where: str = ""
    clock: str = "started"
    by: str = ""
    metrics: tuple[str, ...] = ()
    lists: str = ""
    """For lists of single rows: the ORDER BY. Such a measure is not grouped."""

    @property
    def special(self) -> int:
        """How much its words say: those of tickets and drafts stand in most questions about something else too."""
        return (
            0
            if self.name in ("tickets", "drafts", "runs")
            else 1
            if self.name in ("cost", "decisions", "resolved", "articles")
            else 2
        )


def _share(flag: str, name: str, cases: str) -> str:
    return f"ROUND(100.0 * SUM({flag}) / NULLIF(COUNT(*), 0), 1) AS percent_{name}, SUM({flag}) AS {name}, COUNT(*) AS {cases}"


_TICKET = r"ticket|case|request|enquir|inquir|demand|message|mail|volume|busiest|busy|\bwrote\b|customers? (write|contact)"
_LONG = r"how (long|fast|quick|slow|soon)|(?<!\bin )(?<!\bon )\btimes?\b|hours|speed|slow|fast|quick|duration"
_REPLY = r"repl|respon|answer"
_MOST = r"most|top|highest|biggest|largest|longest|slowest|oldest|worst|expensive|costl|best"
_DRAFT = r"draft|suggest|proposal"
_COST = r"cost|spen[dt]|money|dollars?|usd|price|expens"
_WHY = r"why|reason|cause"

MEASURES: tuple[Measure, ...] = (
    Measure("tickets", "Tickets", "ask_tickets", (_TICKET,), "COUNT(*) AS tickets", (
        "How many tickets came in last week?", "Tickets per category in the last 90 days", "At which hour do most tickets come?",
    ), metrics=("volume",)),
    Measure("open", "Open tickets", "ask_tickets", (r"\bopen\b|unresolved|backlog|unanswered|not (yet )?(resolved|answered)|pending",), "COUNT(*) AS open_tickets", (
        "How many tickets are open?", "Backlog by category",
    ), where="resolved = 0", clock="", metrics=("backlog",)),
    Measure("escalated", "Escalated tickets", "ask_tickets", (r"escalat",), _share("escalated", "escalated", "tickets"), (
        "What share of tickets was escalated by category?", "Escalation rate per week since October",
    ), where="worked_on = 1", metrics=("escalation_rate",)),
    Measure("escalation_reasons", "Why tickets were escalated", "ask_tickets", (r"escalat", _WHY), "COUNT(*) AS tickets", (
        "Why were tickets escalated last month?", "Escalation reasons for German tickets",
    ), where="escalated = 1", by="escalation_reason", metrics=("escalation_rate",)),
    Measure("resolved", "Resolved tickets", "ask_tickets", (r"resolv|solved|closed|resolution rate",), _share("resolved", "resolved", "tickets"), (
        "How many tickets were resolved this month?", "Share of resolved tickets by language",
    )),
    Measure("assisted", "Resolved with an approved draft", "ask_tickets", (r"(resolv|solved|resolution)", r"assist|by (an? |the )?(agents?|approved drafts?|ai)|with (an? |the )?(approved )?drafts?|without escalat"),
        _share("assisted", "assisted", "tickets"), ("What share was resolved with an approved draft, by week?",), where="worked_on = 1", metrics=("assisted_resolution",)),
    Measure("first_reply", "Hours to the first reply", "ask_tickets", (_LONG, rf"first {_REPLY}|{_REPLY}|wait for (a|an|the) (first )?(reply|answer)"),
        "ROUND(AVG(first_reply_hours), 1) AS hours_to_first_reply, COUNT(*) AS tickets", (
        "How long do customers wait for the first reply?", "Average response time by channel last month",
    ), where="answered = 1", metrics=("first_reply_time", "first_reply_business")),
    Measure("resolution_time", "Hours to the resolution", "ask_tickets", (_LONG, r"resolv|resolution|solve"),
        "ROUND(AVG(resolution_hours), 1) AS hours_to_resolution, COUNT(*) AS tickets", (
        "How long does it take to resolve a ticket, by category?", "Resolution time per month",
    ), where="resolved = 1", metrics=("resolution_time", "resolution_business")),
    Measure("rating", "Customer rating", "ask_tickets", (r"csat|rating|rated|satisf|happy with|score",),
        "ROUND(AVG(csat), 2) AS average_rating, COUNT(*) AS ratings", ("What is our customer rating by category?", "CSAT per week"), where="csat IS NOT NULL", metrics=("csat",)),
    Measure("reopened", "Reopened tickets", "ask_tickets", (r"re-?open|opened again|came? back|return(ed|ing)? customers?",),
        _share("reopened", "reopened", "tickets"), ("How many tickets were reopened last month?", "Reopen rate by category"), where="resolved = 1", metrics=("reopen_rate",)),
    Measure("in_time", "First replies in time", "ask_tickets", (r"\bsla|\bin time|\bon time|\btargets?\b|\blate\b|breach|promised",),
        "ROUND(100.0 * SUM(reply_in_time) / NULLIF(COUNT(*), 0), 1) AS percent_in_time, SUM(reply_in_time) AS in_time, COUNT(*) AS tickets", (
        "How many first replies were in time by priority?", "SLA per week",
    ), where="reply_in_time IS NOT NULL", metrics=("sla_first_reply", "sla_resolution")),
    Measure("customers", "Customers who write most", "ask_tickets", (r"customers?", _MOST), "COUNT(*) AS tickets", (
        "Which customers wrote most often last month?", "Top 10 customers",
    ), where="customer <> ''", by="customer"),
    Measure("slowest", "The slowest first replies", "ask_tickets", (_MOST, r"(slow|long|wait)", rf"{_REPLY}|wait"), "ticket_id, started_day, category, ROUND(first_reply_hours, 1) AS hours_to_first_reply", (
        "Which tickets waited longest for a reply?", "Top 5 slowest replies this month",
    ), where="answered = 1", lists="first_reply_hours DESC"),
    Measure("oldest", "The oldest open tickets", "ask_tickets", (r"oldest|longest|old", r"\bopen\b|unresolved|pending|backlog"), "ticket_id, started_day, category, status, priority", (
        "What are the oldest open tickets?",
    ), where="resolved = 0", clock="", lists="started_day, ticket_id"),
    Measure("cost", "Cost of models and tools", "ask_runs", (_COST,), "ROUND(SUM(cost_usd), 4) AS usd, COUNT(*) AS runs", (
        "What did the models cost last month?", "Cost per category", "What do we spend per model?",
    )),
    Measure("agent_cost", "Cost of agents", "ask_steps", (_COST, r"\bagents?\b"), "ROUND(SUM(cost_usd), 4) AS usd, COUNT(*) AS model_calls", (
        "What did each agent cost last month?", "Cost by agent",
    ), where="kind = 'model'", clock="done", by="agent"),
    Measure("tool_cost", "Cost of tools", "ask_tools", (_COST, r"\btools?\b|\bapis?\b"), "ROUND(SUM(cost_usd), 4) AS usd, COUNT(*) AS calls", (
        "What did the tools cost last month?", "Cost by tool per week",
    ), clock="made", by="tool"),
    Measure("cost_per_ticket", "Cost per ticket", "ask_tickets", (r"cost|spen[dt]|price|expens", r"(per|a|each|every|average|one) (ticket|case|request)|average"),
        "ROUND(AVG(cost_usd), 4) AS usd_per_ticket, COUNT(*) AS tickets", ("What does a ticket cost on average, by category?",), where="worked_on = 1", metrics=("cost_per_ticket",)),
    Measure("dearest", "The tickets that cost most", "ask_tickets", (_MOST, r"cost|expens|spen[dt]", r"ticket|case"), "ticket_id, category, runs, cost_usd", (
        "Which tickets cost most?", "The 10 most expensive tickets of this month",
    ), where="cost_usd > 0", lists="cost_usd DESC"),
    Measure("tokens", "Tokens", "ask_runs", (r"token",), "SUM(input_tokens) AS tokens_sent, SUM(output_tokens) AS tokens_written, COUNT(*) AS runs", (
        "How many tokens did we use per day?", "Tokens by model last week",
    )),
    Measure("runs", "Runs of the agents", "ask_runs", (r"\bruns?\b|agents? (work|ran|run)",), "COUNT(*) AS runs, SUM(failed) AS failed", (
        "How many runs were there per day?", "Runs by outcome",
    )),
    Measure("failed_steps", "What failed", "ask_steps", (r"fail|error|broke|went wrong|crash",), "COUNT(*) AS errors", (
        "Which tools failed last week?", "Errors by agent in the last 30 days",
    ), where="failed = 1", clock="done", by="name"),
    Measure("speed", "Seconds of a step", "ask_steps", (_LONG + r"|latency|seconds", r"agent|model|tool|step|call|search|latency"), "ROUND(AVG(seconds), 3) AS average_seconds, COUNT(*) AS steps", (
        "How long do the agents take?", "Average latency by tool",
    ), clock="done", by="agent"),
    Measure("drafts", "Drafts", "ask_drafts", (_DRAFT,), "COUNT(*) AS drafts", ("How many drafts did the agents write per week?", "Drafts by approver"), clock="created"),
    Measure("as_is", "Drafts sent without a change", "ask_drafts", (r"as (it )?(is|was|are|were|they are)\b|as written|unchanged|without (a |any )?(change|edit)s?|accepted",),
        _share("sent_as_is", "sent_as_is", "drafts"), ("How many drafts were sent as is, by category?", "Share of drafts sent unchanged per week"), where="decided = 1", clock="created", metrics=("accepted_as_is",)),
    Measure("rejected", "Rejected drafts", "ask_drafts", (r"reject|turned down|refused drafts?|discard",),
        _share("CASE WHEN decision = 'reject' THEN 1 ELSE 0 END", "rejected", "drafts"), ("What share of drafts was rejected by category?", "Rejection rate per week"), where="decided = 1", clock="created", metrics=("rejection_rate",)),
    Measure("rejection_reasons", "Why drafts were rejected", "ask_drafts", (r"reject|turned down|discard", _WHY), "COUNT(*) AS drafts", (
        "Why were drafts rejected last month?",
    ), where="decision = 'reject'", clock="created", by="reason", metrics=("rejection_rate",)),
    Measure("edited", "How much of drafts is changed", "ask_drafts", (r"edit distance|how much .*(chang|edit|rewr)|(heavily|much|strongly) (edited|changed)|share of words",),
        "ROUND(AVG(edit_distance), 3) AS average_edit_distance, COUNT(*) AS drafts", ("How much of the drafts is changed before sending, by category?", "Edit distance by model"), where="decision = 'approve'", clock="created", metrics=("edit_distance", "edit_distance_p90")),
    Measure("decisions", "Decisions of people", "ask_drafts", (r"decid|decision|approv(?!er)|review(ed|s)?\b",), "COUNT(*) AS decisions", (
        "Who decided most drafts last week?", "Approvals by person",
    ), where="decided = 1", clock="decided", by="person"),
    Measure("approval_wait", "Hours a draft waits for its decision", "ask_drafts", (_LONG, r"draft|decision|approv|review"), "ROUND(AVG(wait_hours), 1) AS hours_waited, COUNT(*) AS drafts", (
        "How long do drafts wait for a decision?", "Approval time by approver",
    ), where="decided = 1", clock="created", metrics=("approval_latency",)),
    Measure("articles", "Articles that drafts rest on", "ask_sources", (r"article|source|passage|help cent", ), "SUM(cited) AS times_cited, COUNT(*) AS times_shown", (
        "Which articles are cited most?", "Most used articles for billing",
    ), clock="used", by="article"),
    Measure("wrong_articles", "Articles called wrong", "ask_sources", (r"article|source|passage", r"wrong|bad|incorrect|outdated"), "SUM(wrong) AS called_wrong, SUM(helpful) AS called_helpful", (
        "Which articles were called wrong?",
    ), where="wrong = 1", clock="used", by="article"),
    Measure("searches", "Searches that found nothing", "ask_searches", (r"search|lookup|look-up|found nothing|nothing (was )?found|zero results?",),
        _share("nothing_found", "nothing_found", "searches"), ("How many searches found nothing per week?", "Searches by language"), clock="asked", metrics=("zero_results",)),
    Measure("edits", "Edits by kind", "ask_edits", (r"\bedits?\b|correct(ion|ed)s?|chang(e|es|ed)\b",), "COUNT(*) AS edits", (
        "Which kinds of edits do people make?", "Edits per article last month",
    ), clock="made", by="kind"),
    Measure("blocks", "What the guards stopped", "ask_guards", (r"guard|block|stopped|injection|rule",), "COUNT(*) AS verdicts, SUM(overruled) AS overruled", (
        "What did the guards block last month?", "Blocks by rule",
    ), where="verdict = 'block'", clock="said", by="rule"),
)  # fmt: skip


@dataclass(frozen=True)
class Dimension:
    """What a measure can be split by: the words for it and the column in each view that has one."""

    words: str
    columns: dict[str, str]


def _in(column: str, *views: str) -> dict[str, str]:
    return dict.fromkeys((f"ask_{view}" for view in views), column)


NOUNS = rf"{_TICKET}|{_DRAFT}|{_REPLY}|customers?|agents?|share|rate|percent(age)?|number|average|mean|median|{_MOST}|{_LONG}"
"""What stands in questions of every kind and says little by itself."""

DIMENSIONS: tuple[Dimension, ...] = (
    Dimension(r"categor(y|ies)|matters?|topics?|subjects?|kinds? of tickets?", _in("category", "tickets", "drafts", "runs", "steps", "tools", "sources", "searches", "edits")),
    Dimension(r"languages?|countr(y|ies)", _in("language", "tickets", "drafts", "runs", "searches")),
    Dimension(r"channels?", _in("channel", "tickets")),
    Dimension(r"priorit(y|ies)|urgency", _in("priority", "tickets")),
    Dimension(r"sentiments?|moods?", _in("sentiment", "tickets")),
    Dimension(r"teams?|groups?", _in("team", "tickets")),
    Dimension(r"status(es)?|states?", _in("status", "tickets", "runs")),
    Dimension(r"persons?|people|colleagues?|reviewers?|staff|employees?|agent who|who", _in("person", "tickets", "drafts", "edits")),
    Dimension(r"customers?", _in("customer", "tickets")),
    Dimension(r"models?", _in("model", "drafts", "runs") | {"ask_steps": "name"}),
    Dimension(r"agents?|roles?", _in("agent", "steps")),
    Dimension(r"tools?|steps?|services?", _in("name", "steps") | _in("tool", "tools")),
    Dimension(r"articles?|sources?", _in("article", "sources", "edits") | {"ask_searches": "best_article"}),
    Dimension(r"rules?|guards?", _in("rule", "guards")),
    Dimension(r"stages?", _in("stage", "guards")),
    Dimension(r"outcomes?", _in("outcome", "runs")),
    Dimension(r"approvers?", _in("approver", "drafts")),
    Dimension(r"decisions?", _in("decision", "drafts", "searches")),
    Dimension(r"reasons?", {"ask_tickets": "escalation_reason", "ask_drafts": "reason"}),
    Dimension(r"kinds?|types?|class(es)?", _in("kind", "drafts", "steps", "edits")),
)  # fmt: skip
