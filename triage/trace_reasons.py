"""Why a run cost more than usual and why it escalated, in sentences made from figures and records, not by a model.

Usual is the median of what runs of the same category did lately. A model's price may be 0; then tokens are compared.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select as columns
from sqlmodel import Session, col, func, or_, select

from triage.guardrails.breakers import TOOL
from triage.models import Draft, Proposal, Run, RunStep, Ticket

LATELY, FEWEST = 200, 5  # runs that the median is of
MUCH = 1.5  # times the usual from which it is worth a sentence
_ROLES = {"manager": "the manager", "analyst": "the analyst", "writer": "the writer", "reviewer": "the reviewer",
          "ranker": "the judge of passages", "judge": "the judge of sentences"}  # fmt: skip


@dataclass(frozen=True)
class Share:
    """What one agent, or one tool that costs, used: calls, tokens, USD."""

    calls: float = 0.0
    tokens: float = 0.0
    usd: float = 0.0

    def plus(self, calls: float, tokens: float, usd: float) -> "Share":
        return Share(self.calls + calls, self.tokens + tokens, self.usd + usd)


@dataclass(frozen=True)
class Usual:
    """Medians over `runs` runs of a category, in whole, by agent and by tool ("tool:NAME")."""

    runs: int
    usd: float
    tokens: float
    seconds: float
    shares: Mapping[str, Share]


def reasons(session: Session, run: Run, ticket: Ticket, steps: Sequence[RunStep]) -> list[str]:
    """Sentences on cost, time and escalation; empty for a run like others."""
    said, approved = why_escalated(session, run, ticket), approved_of(session, run)
    if run.ended_at is not None and (usual := usual_of(session, run, ticket)):
        said += why_dear(run, ticket, shares_of(steps) | approved, usual) + why_slow(run, steps, usual)
    if approved:
        called = _listed([_role(tool).removeprefix("the tool ") for tool in approved])
        said.append(f"Calls that people approved are ${sum(share.usd for share in approved.values()):.4f} of its cost: {called}.")
    return said


def usual_of(session: Session, run: Run, ticket: Ticket) -> Usual | None:
    """What runs of the ticket's category do, this run and forks left out; None while there are too few.

    A run that used tokens is held against such alone: those of the offline engine use none.
    """
    tokens = col(Run.input_tokens) + col(Run.output_tokens)
    counted = [tokens > 0] if run.input_tokens + run.output_tokens else []
    rows = session.execute(
        columns(col(Run.id), col(Run.cost_usd), tokens, col(Run.started_at), col(Run.ended_at))
        .join(Ticket, col(Ticket.id) == Run.ticket_id)
        .where(col(Ticket.category) == ticket.category, col(Run.id) != run.id, col(Run.forked_at).is_(None))
        .where(col(Run.status) == "ended", col(Run.ended_at).is_not(None), col(Run.model_calls) > 0, *counted)
        .order_by(col(Run.started_at).desc())
        .limit(LATELY)
    ).all()
    if len(rows) < FEWEST:
        return None
    ids = [row[0] for row in rows]
    took = [(ended - started).total_seconds() for _, _, _, started, ended in rows if ended]
    return Usual(len(rows), median(row[1] for row in rows), median(row[2] for row in rows), median(took), _shares(session, ids))


def why_dear(run: Run, ticket: Ticket, own: Mapping[str, Share], usual: Usual) -> list[str]:
    """How many times the usual it cost, and which agents and tools that comes from, the largest first; `own` are its shares."""
    tokens = run.input_tokens + run.output_tokens
    priced = usual.usd > 0
    mine, theirs = (run.cost_usd, usual.usd) if priced else (float(tokens), usual.tokens)
    if theirs <= 0 or mine < MUCH * theirs:
        return []
    where = f" for {ticket.category.replace('_', ' ')}" if ticket.category else ""
    head = f"It cost {mine / theirs:.1f} times the usual{where}: {_amount(mine, priced)} instead of {_amount(theirs, priced)} (median of {usual.runs} runs)."
    more = {role: _worth(own[role], priced) - _worth(usual.shares.get(role, Share()), priced) for role in own}
    largest = sorted((role for role in more if more[role] > 0.1 * (mine - theirs)), key=lambda role: -more[role])[:3]
    parts = [
        f"{_role(role)} {_how(own[role], usual.shares.get(role, Share()))} (+{_amount(more[role], priced)})" for role in largest
    ]
    return [head, *([f"Most of it: {'; '.join(parts)}."] if parts else [])]


def why_slow(run: Run, steps: Sequence[RunStep], usual: Usual) -> list[str]:
    """How much longer than usual it took, and the step that took most of it."""
    took = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
    if usual.seconds < 0.5 or took < MUCH * usual.seconds or not steps:
        return []
    longest = max(steps, key=lambda step: step.seconds)
    what = f"{_role(longest.role)}’s {longest.kind} step" if longest.role else f"a {longest.kind} step"
    return [
        f"It took {took:.1f} s instead of {usual.seconds:.1f} s; the longest was {what} {longest.ordinal + 1} with {longest.seconds:.1f} s."
    ]


def why_escalated(session: Session, run: Run, ticket: Ticket) -> list[str]:
    """The reasons for which a manager decides, as they were given with the run's draft."""
    if run.outcome != "escalated":
        return []
    first = (
        select(Draft.approver_reasons).where(Draft.run_id == run.id, Draft.created_by == "agents").order_by(col(Draft.version))
    )
    given = session.exec(first).first() or ([run.error] if run.error else [])
    return [f"It was escalated because {_listed([reason.rstrip('.') for reason in given])}."] if given else []


def shares_of(steps: Sequence[RunStep]) -> dict[str, Share]:
    """What each agent, and each tool that cost something, used in these steps."""
    found: dict[str, Share] = defaultdict(Share)
    for step in steps:
        if step.kind == "model" or step.cost_usd:
            who = _who(step.kind, step.role, step.name)
            found[who] = found[who].plus(1, step.input_tokens + step.output_tokens, step.cost_usd)
    return dict(found)


def approved_of(session: Session, run: Run) -> dict[str, Share]:
    """What the calls that this run proposed cost, once they were approved and made."""
    paid = (Proposal.run_id == run.id, col(Proposal.cost_usd) > 0)
    rows = session.exec(
        select(Proposal.tool, func.count(), func.sum(Proposal.cost_usd)).where(*paid).group_by(col(Proposal.tool))
    )
    return {TOOL + tool: Share(float(calls), 0.0, float(usd)) for tool, calls, usd in rows}


def _shares(session: Session, run_ids: Sequence[str]) -> dict[str, Share]:
    """The median share of each agent and tool over runs; a run that did not ask it counts with nothing."""
    step = (col(RunStep.run_id), col(RunStep.kind), col(RunStep.role), col(RunStep.name))
    rows = session.execute(
        columns(*step, func.count(), func.sum(RunStep.input_tokens + RunStep.output_tokens), func.sum(RunStep.cost_usd))
        .where(col(RunStep.run_id).in_(run_ids), or_(col(RunStep.kind) == "model", col(RunStep.cost_usd) > 0))
        .group_by(*step)
    ).all()
    of_runs: dict[str, dict[str, Share]] = defaultdict(lambda: defaultdict(Share))
    for run_id, kind, role, name, calls, tokens, usd in rows:
        of_run = of_runs[_who(kind, role, name)]
        of_run[run_id] = of_run[run_id].plus(float(calls), float(tokens or 0), float(usd or 0))
    return {who: _median(list(of_run.values()), len(run_ids)) for who, of_run in of_runs.items()}


def _median(shares: Sequence[Share], runs: int) -> Share:
    """Of so many runs, those without a share having nothing."""
    figures = [(share.calls, share.tokens, share.usd) for share in shares] + [(0.0, 0.0, 0.0)] * (runs - len(shares))
    return Share(*(median(figure[n] for figure in figures) for n in range(3)))


def _who(kind: str, role: str, name: str) -> str:
    """Under whom a step counts: an agent's calls of models, or a tool."""
    return role if kind == "model" else TOOL + name


def _how(mine: Share, usual: Share) -> str:
    if mine.calls > usual.calls:
        return (
            f"was asked {mine.calls:.0f} times instead of {usual.calls:.0f}" if usual.calls else "was asked, which is not usual"
        )
    if not mine.tokens:
        return "costs more a call than before"
    if mine.tokens >= MUCH * usual.tokens:
        return f"read and wrote {mine.tokens:,.0f} tokens instead of {usual.tokens:,.0f}"
    return "was answered by a dearer model"


def _amount(value: float, priced: bool) -> str:
    return f"${value:.4f}" if priced else f"{value:,.0f} tokens"


def _worth(share: Share, priced: bool) -> float:
    return share.usd if priced else share.tokens


def _role(role: str) -> str:
    if role.startswith(TOOL):
        return f"the tool {role.removeprefix(TOOL).replace('_', ' ')}"
    return _ROLES.get(role, role or "the desk")


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
