"""What code decides along the flow: models propose, the functions here say where the ticket goes and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from triage import sureness, workspace
from triage.agents.tools import Tool
from triage.briefs import FACTUAL, CustomerCard, Evidence, Facts, Judgement, Plan, Reply, Review, TicketBrief
from triage.canary import canary
from triage.casefile import CaseFile
from triage.guardrails import injection, own_rules
from triage.guardrails import policy as policies
from triage.guardrails.escalation import always_escalate
from triage.guardrails.escalation import reason as escalation_of
from triage.guardrails.input import check_input
from triage.guardrails.output import OutputCheck, check_output, support_of
from triage.guardrails.own_rules import RawRule
from triage.guardrails.policy import Policy, PolicyFault, shipped, tool_allowed
from triage.guardrails.runtime import aside
from triage.guardrails.verdicts import Verdict
from triage.guardrails.weighing import weigh
from triage.models import EscalationReason, Priority, QuarantineReason, Status, Ticket
from triage.outcome import Blocked, Outcome
from triage.recording import Recorder
from triage.settings import Settings
from triage.sureness import Scale

ALWAYS = "always_escalate"
Answers = Mapping[str, Mapping[str, Any]]
"""By question: the judgement (knowledge_base.answerability) on the passages that were found for it."""
# From which chance on the analyst is not even asked: a draft that a person reads may be tried more boldly.
SURELY_OPEN, SURELY_UNCLEAR = 0.08, 0.6
_IN_WORDS = {
    EscalationReason.CUSTOMER_REQUEST: "the customer asks for a person",
    EscalationReason.MISSING_KNOWLEDGE: "the knowledge base does not answer this",
    EscalationReason.UNSUPPORTED_REQUEST: "the request is outside what the desk does",
    EscalationReason.POLICY_RESTRICTION: "policy asks for a person",
    EscalationReason.GUARDRAIL_BLOCK: "a guard blocked the draft",
    EscalationReason.LOW_CONFIDENCE: "the agents are not sure enough",
    EscalationReason.TOOL_FAILURE: "a tool or model failed",
    EscalationReason.BUDGET_EXCEEDED: "the budget of this ticket is used up",
    EscalationReason.PENDING_CLARIFICATION: "information from the customer is missing",
}


@dataclass(frozen=True)
class Rules:
    """The desk's switches as one run sees them."""

    every_draft_needs_manager: bool
    unsupported_needs_manager: bool
    minimum_confidence: float
    extra_escalation_phrases: list[str]
    allowed_link_hosts: list[str]
    policy: Policy | PolicyFault = field(default_factory=shipped)
    limits: Mapping[str, object] = field(default_factory=dict)
    injection_threshold: float = injection.FLAG
    own: list[RawRule] = field(default_factory=list)
    cover_personal_data: bool = False
    sureness: Scale = field(default_factory=Scale)
    signature: str = ""
    style: tuple[str, ...] = ()
    recording: str = "full"

    @classmethod
    def load(cls, session: Session, settings: Settings) -> "Rules":
        switches: dict[str, Any] = workspace.values(session)
        return cls(
            every_draft_needs_manager=bool(switches["every_draft_needs_manager"]),
            unsupported_needs_manager=bool(switches["unsupported_needs_manager"]),
            minimum_confidence=float(switches["minimum_confidence"]),
            extra_escalation_phrases=list(switches["extra_escalation_phrases"]),
            allowed_link_hosts=[*settings.allowed_link_hosts, *switches["allowed_link_hosts"]],
            policy=policies.current(switches["action_policy"]),
            limits=dict(switches["limits"]),
            injection_threshold=float(switches["injection_threshold"]),
            own=list(switches["own_rules"]),
            cover_personal_data=bool(switches["cover_personal_data"]),
            sureness=Scale.read(switches["confidence_scale"]),
            signature=str(switches["signature"]),
            style=tuple(str(rule["text"]) for rule in switches["style_rules"] if rule.get("on")),
            recording=str(switches["recording"]),
        )


@dataclass(frozen=True)
class Screening:
    """What the guards at the door say."""

    ticket: TicketBrief
    verdicts: list[Verdict]

    @property
    def signals(self) -> list[str]:
        """The matters found in the message that always go to a person."""
        return list(dict.fromkeys(f.kind for v in self.verdicts if v.rule == ALWAYS for f in v.findings))

    @property
    def quarantine(self) -> QuarantineReason | None:
        return next((v.quarantine for v in self.verdicts if v.blocked and v.quarantine), None)

    @property
    def flagged(self) -> list[str]:
        """What else is suspicious, a sentence each."""
        return [v.why or v.rule for v in self.verdicts if v.verdict != "allow" and v.rule != ALWAYS]

    @property
    def escalation(self) -> EscalationReason | None:
        return next((v.escalation for v in self.verdicts if v.verdict != "allow" and v.escalation), None)


@dataclass(frozen=True)
class Route:
    """What is written (reply, clarify, holding), where the ticket then stands, and why a manager decides."""

    kind: str
    status: Status
    reason: EscalationReason | None = None
    manager: list[str] = field(default_factory=list)


# ---- guard(in) --------------------------------------------------------------------------------------------


async def screen(case: CaseFile, recorder: Recorder, rules: Rules) -> Screening:
    """Guard the message itself, its hidden text and its attachments; recorded as one step."""
    brief = case.brief

    def look() -> list[Verdict]:
        verdicts = check_input(
            subject=brief.subject,
            body=brief.body,
            hidden=case.hidden,
            attachments_text=case.attachment_texts,
            channel=brief.channel,
            flag_at=rules.injection_threshold,
        )
        findings = always_escalate(f"{brief.subject}\n{brief.body}", rules.extra_escalation_phrases)
        for text in case.unanswered:  # a second message must not hide what the first one said
            verdicts = [
                *verdicts,
                *_telling(check_input(subject="", body=text, channel=brief.channel, flag_at=rules.injection_threshold)),
                *own_rules.verdicts(text, rules.own, "input"),
            ]
            findings = [*findings, *always_escalate(text, rules.extra_escalation_phrases)]
        verdicts += own_rules.verdicts(brief.body, rules.own, "input", subject=brief.subject)
        if findings:
            verdicts = [*verdicts, Verdict("input", ALWAYS, "flag", findings, escalation_of(findings))]
        return verdicts

    async def live() -> dict[str, Any]:
        return {"verdicts": [verdict.to_json() for verdict in await aside("input", look)]}

    request: dict[str, Any] = {
        "subject": brief.subject, "body": brief.body, "hidden": case.hidden, "attachments": case.attachment_texts,
        "phrases": rules.extra_escalation_phrases,
    }  # fmt: skip
    if case.unanswered:
        request["unanswered"] = list(case.unanswered)
    if rules.own or rules.injection_threshold != injection.FLAG:
        request |= {"own": rules.own, "threshold": rules.injection_threshold}
    step = await recorder.step("guard", name="input", request=request, live=live)
    verdicts = [Verdict.from_json(verdict) for verdict in step["verdicts"]]
    suspicious = any(verdict.rule != ALWAYS and not verdict.rule.startswith(own_rules.PREFIX) for verdict in _telling(verdicts))
    return Screening(brief.model_copy(update={"suspicious": suspicious}), verdicts)


def _telling(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.verdict != "allow"]


def tools_allowed(policy: Policy | PolicyFault, plan: Plan, screening: Screening) -> Callable[[str, Tool], bool]:
    """What agents may use in this ticket: what the policy lists for its matter. When the message is suspicious, nothing outside the
    desk and no tool that reads the customer's own data."""
    intents, suspicious = (plan.category, plan.action), screening.ticket.suspicious

    def allowed(role: str, tool: Tool) -> bool:
        withheld = suspicious and (tool.connected or tool.private)
        return not withheld and tool_allowed(policy, tool.name, role, intents, connected=tool.connected)

    return allowed


# ---- after the plan ---------------------------------------------------------------------------------------


def bind(plan: Plan, screening: Screening) -> Plan:
    """The plan under the rules that always hold: what must reach a person does, whatever the model planned."""
    if screening.signals:
        reason = screening.escalation or EscalationReason.POLICY_RESTRICTION
        urgent = {"safety_incident", "self_harm", "violence", "security_incident"} & set(screening.signals)
        usual = Priority.HIGH if plan.priority in (Priority.LOW, Priority.NORMAL) else plan.priority
        priority = Priority.URGENT if urgent else usual
        return plan.model_copy(
            update={"action": "escalate", "escalation_reason": reason, "risk": "high", "priority": priority, "missing": []}
        )
    if screening.escalation and plan.action != "escalate":
        return plan.model_copy(update={"action": "escalate", "escalation_reason": screening.escalation, "risk": "high"})
    return plan


def route(
    plan: Plan, screening: Screening, passages: list[Evidence], customer: CustomerCard | None, rules: Rules,
    answers: Answers,
) -> Route:  # fmt: skip
    """What to write, from the plan and from what was found; `answers` says how far passages answer each question."""
    manager = [f"found in the message: {signal.replace('_', ' ')}" for signal in screening.signals]
    manager += screening.flagged
    if plan.action == "escalate":
        return _holding(plan.escalation_reason or EscalationReason.POLICY_RESTRICTION, manager)
    if plan.action == "clarify":
        return _clarify(manager)
    thanks = not plan.questions and not plan.requested_actions
    if not passages and customer is None and not thanks:
        return _holding(EscalationReason.MISSING_KNOWLEDGE, manager)
    judged = [answers[question] for question in plan.questions if question in answers]
    if judged and len(judged) == len(plan.questions) and customer is None and not plan.requested_actions:
        if all(answer["decision"] == "clarify" and answer["unclear"] >= SURELY_UNCLEAR for answer in judged):
            return _clarify(manager)
        if all(answer["answered"] <= SURELY_OPEN for answer in judged):
            return _holding(EscalationReason.MISSING_KNOWLEDGE, manager)
    if plan.confidence < rules.minimum_confidence / 2:
        return _holding(EscalationReason.LOW_CONFIDENCE, manager)
    return Route("reply", Status.AWAITING_APPROVAL, None, manager)


def reroute(route: Route, plan: Plan, facts: Facts, answers: Answers) -> Route:
    """After the analyst: with nothing to stand on, a question back where it is unclear what is asked, else an honest holding reply."""
    if route.kind != "reply" or not (plan.questions or plan.requested_actions):
        return route  # who only says thanks is answered without facts
    sourced = [fact for fact in facts.facts if fact.source != "ticket"]
    if sourced:
        return route
    judged = [answers[question] for question in plan.questions if question in answers]
    if judged and all(answer["decision"] == "clarify" for answer in judged) and not plan.requested_actions:
        return _clarify(route.manager)
    return _holding(EscalationReason.MISSING_KNOWLEDGE, route.manager)


def no_facts(plan: Plan) -> Facts:
    """For replies that state nothing: no analyst is asked."""
    return Facts(facts=[], unanswered=plan.questions, requested_actions=[])


def _clarify(manager: list[str]) -> Route:
    return Route("clarify", Status.NEEDS_INFO, EscalationReason.PENDING_CLARIFICATION, manager)


def _holding(reason: EscalationReason, manager: list[str]) -> Route:
    return Route("holding", Status.ESCALATED, reason, [_IN_WORDS[reason], *manager])


# ---- grounding and guard(out) -----------------------------------------------------------------------------


def of_articles(passages: list[Evidence]) -> list[Evidence]:
    """The passages without what connected APIs answered."""
    return [passage for passage in passages if passage.article]


def support(reply: Reply, passages: list[Evidence], customer: CustomerCard | None, ticket: str) -> list[dict[str, object]]:
    """Each sentence with whether, and by which passage, it is supported; see triage.guardrails.grounding."""
    known = {passage.id for passage in passages}
    rows: list[dict[str, object]] = []
    for sentence in reply.sentences:
        cited = [passage for passage in passages if passage.id in sentence.passages]
        found = support_of(sentence, cited or passages, customer, ticket)
        sources = sentence.passages or ([found.passage] if found.passage in known and sentence.kind in FACTUAL else [])
        row = sentence.model_dump() | {
            "passages": sources,
            "supported": found.supported,
            "score": round(found.score, 3),
            "why": found.why,
            "firm": found.firm,
        }
        if not found.supported:
            row |= {"nearest": found.passage if found.passage in known else None, "quote": found.quote}
        rows.append(row)
    return rows


def weighed(
    rows: list[dict[str, object]], judged: Mapping[int, Judgement], passages: list[Evidence], customer: CustomerCard | None, model: str
) -> list[dict[str, object]]:  # fmt: skip
    """The rows of `support` with what the judge said of them; the rule is in triage.guardrails.weighing."""
    records = {"customer", *(f"order:{order.number}" for order in customer.orders)} if customer else set[str]()
    return weigh(rows, judged, {passage.id for passage in passages} | records, model)


def unsupported(sentences: list[dict[str, object]]) -> list[str]:
    return [str(sentence["text"]) for sentence in sentences if not sentence["supported"]]


def output_check(
    reply: Reply, ticket: Ticket, said: str, passages: list[Evidence], customer: CustomerCard | None, rules: Rules, settings: Settings,
    *, language: str, kind: str = "reply", found: Sequence[Mapping[str, object]] = (),
) -> OutputCheck:  # fmt: skip
    """What the output guards look at, for a draft of agents (`found`: its rows of `support`) and for the text a person is about to send."""
    return OutputCheck(
        reply=reply, ticket=said, evidence=passages, recipient=ticket.requester_email, allowed_hosts=rules.allowed_link_hosts,
        canary=canary(settings), language=language, customer=customer, requester=ticket.requester_email,
        own_addresses=[settings.mail_from], kind=kind, own=rules.own, found=found,
    )  # fmt: skip


async def check_reply(check: OutputCheck, recorder: Recorder) -> list[Verdict]:
    """Guard the drafted reply; recorded as one step. A ticket without an address has no envelope to guard yet."""

    async def live() -> dict[str, Any]:
        return {"verdicts": [verdict.to_json() for verdict in await aside("output", lambda: check_output(check))]}

    step = await recorder.step("guard", name="output", request={"reply": check.reply.body, "language": check.language}, live=live)
    verdicts = [Verdict.from_json(verdict) for verdict in step["verdicts"]]
    return [verdict for verdict in verdicts if check.recipient or verdict.rule != "envelope"]


# ---- the end ----------------------------------------------------------------------------------------------


def conclude(
    case: CaseFile, plan: Plan, facts: Facts, reply: Reply, review: Review, route: Route, passages: list[Evidence],
    sentences: list[dict[str, object]], blocked: list[Blocked], rules: Rules, verdicts: list[Verdict],
) -> Outcome:  # fmt: skip
    """Where the ticket goes, who decides, and how sure the desk is (0 to 1)."""
    confidence = rules.sureness(sureness.score(plan.confidence, review.confidence, sentences))
    status, reason, kind = route.status, route.reason, route.kind
    manager = list(route.manager)
    stopped = [verdict for verdict in verdicts if verdict.stage == "output" and verdict.blocked]
    if stopped:
        status, reason = Status.ESCALATED, EscalationReason.GUARDRAIL_BLOCK
        manager += [verdict.why or verdict.rule for verdict in stopped]
    elif kind == "reply" and confidence < rules.minimum_confidence and not case.instruction:
        status, reason = Status.ESCALATED, EscalationReason.LOW_CONFIDENCE
        manager.append(_IN_WORDS[EscalationReason.LOW_CONFIDENCE])
    manager += _manager_reasons(plan, review, sentences, blocked, verdicts, rules)
    return Outcome(
        status=status, reason=reason, plan=plan, facts=facts, reply=reply, review=review, kind=kind, evidence=passages,
        sentences=sentences, verdicts=verdicts, blocked=blocked, approver_reasons=list(dict.fromkeys(manager)), confidence=confidence,
        signature=rules.signature,
    )  # fmt: skip


def gave_up(error: str, reason: str) -> Outcome:
    """The agents ended without a draft: a person gets the ticket with the reason."""
    return Outcome(Status.ESCALATED, reason, error=error, approver_reasons=[error])


def broke(error: Exception) -> Outcome:
    """A stage broke in a way nobody foresaw: the ticket fails visibly."""
    said = f"The agents broke off: {type(error).__name__}. The log has the details; try again, or write the reply yourself."
    return Outcome(Status.FAILED, "tool_failure", error=said)


def _manager_reasons(
    plan: Plan, review: Review, sentences: list[dict[str, object]], blocked: list[Blocked], verdicts: list[Verdict], rules: Rules
) -> list[str]:
    reasons = [f"{b.action.replace('_', ' ')} is blocked by the rule “{b.rule}”" for b in blocked if b.rule != "identity"]
    if plan.risk == "high" and not reasons:
        reasons.append("the matter is of high risk")
    if rules.unsupported_needs_manager and (count := len(unsupported(sentences))):
        reasons.append("a sentence has no source" if count == 1 else f"{count} sentences have no source")
    if review.verdict == "revise":
        reasons += [f"the reviewer still asks: {note.text}" for note in review.notes[:3]]
    reasons += [
        v.why or v.rule
        for v in verdicts
        if v.stage == "output" and v.verdict == "flag" and v.rule not in ("grounding", "language")
    ]
    if rules.every_draft_needs_manager:
        reasons.append("every draft needs a manager")
    return reasons
