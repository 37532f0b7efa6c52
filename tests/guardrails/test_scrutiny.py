"""What is suspicious is worked on with fewer tools and decided by a manager; what looks clean gains nothing."""

from triage.agents.toolbox import TOOLS_OF
from triage.briefs import Plan, TicketBrief
from triage.guardrails import policy as policies
from triage.guardrails.verdicts import Verdict
from triage.judging import Screening, tools_allowed
from triage.models import Priority, Sentiment

PLAN = Plan(
    action="answer", category="", priority=Priority.NORMAL, sentiment=Sentiment.NEUTRAL, language="en", summary="", questions=[], searches=[],
    missing=[], escalation_reason=None, requested_actions=[], risk="low", confidence=1,
)  # fmt: skip


def reach(*, suspicious: bool) -> set[str]:
    brief = TicketBrief(ticket_id=1, subject="", body="", suspicious=suspicious)
    allowed = tools_allowed(policies.current(""), PLAN, Screening(brief, [Verdict("input", "all", "allow")]))
    return {tool.name for role, tools in TOOLS_OF.items() for tool in tools if allowed(role, tool)}


def test_a_suspicious_ticket_has_no_tool_that_reads_the_customers_own_data() -> None:
    private = {tool.name for tools in TOOLS_OF.values() for tool in tools if tool.private}
    assert private <= reach(suspicious=False)
    assert not private & reach(suspicious=True)
    assert reach(suspicious=True) == reach(suspicious=False) - private
