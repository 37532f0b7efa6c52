"""What happens to each matter of the year: drawn from a seed, in plain numbers, before anything is written.

The rhythm is that of a shop: two seasons (before Christmas, and spring cleaning), busy Mondays, quiet weekends, mornings
and afternoons. 4% is spam; of the rest the agents draft for 85%, people alone answer the others, and the more so the
earlier in the year. Customers come back with 7%: on the same ticket, or with another one. All times are whole seconds.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")  # the desk's own, whose days the cohorts are
CATEGORIES = ("orders", "returns", "billing", "repair", "advice", "account", "press", "other")
LANGUAGES = ("en", "de", "fr", "es", "nl")
CHANNELS = ("email", "form", "chat", "api")
PEOPLE = 8
REASONS = ("customer_request", "missing_knowledge", "policy_restriction", "low_confidence", "tool_failure")
REJECTED = ("wrong facts", "wrong tone", "does not answer", "against policy")
TOOLS = (("retrieval", "knowledge"), ("tool", "customer"), ("tool", "orders"), ("guard", "input"))
PRICED, PRICES = "orders", (0.002, 0.003)  # the connected tool, and a call of it in the first and the second half of the year
CALLED = {"change_address": 0.05, "book_pickup": 0.0}  # tools whose calls people approve
CALLS = ("waiting", "refused", "done", "done", "done", "failed", "uncertain")
ROLES = ("manager", "analyst", "writer", "reviewer")
ERRORS = {"ModelDown: the service does not answer": "model down", "ToolFailed: orders": "tool failed"}
EDITS = ("fact", "tone", "policy", "format")
TEAMS = ("", "Repairs", "Billing")
PRIORITIES = ("low", "normal", "high", "urgent")
DAYS = 365
_WEEKDAYS = (1.35, 1.15, 1.0, 1.0, 0.9, 0.35, 0.3)
_HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 10, 13, 13, 11, 6, 9, 12, 12, 10, 8, 6, 5, 5, 4, 3, 2)


@dataclass
class Step:
    kind: str
    role: str
    name: str
    seconds: float
    cost: float = 0.0
    error: str = ""
    cached: int = 0


@dataclass
class Sentence:
    fact: bool
    supported: bool
    sent: bool = True


@dataclass
class Draft:
    """`decision` is "" while it waits; `distance` is of an approved one, in steps of a hundredth."""

    at: datetime
    agents: bool
    decision: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    distance: float = 0.0
    review: float | None = None
    characters: int = 600
    confidence: float = 0.0
    sentences: list[Sentence] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    passages: list[tuple[bool, bool, bool | None, int]] = field(default_factory=list)  # cited, opened, kept, vote
    due: datetime | None = None


@dataclass
class Call:
    """A call that the agents proposed; `status` is what became of it."""

    tool: str
    status: str
    cost: float = 0.0


@dataclass
class Run:
    """`cost` is that of its steps and of its calls that were carried out."""

    steps: list[Step]
    cost: float
    degraded: bool
    error: str
    fork: bool = False
    calls: list[Call] = field(default_factory=list)


@dataclass
class Episode:
    """One matter. `returned` says how its customer came back: "", ticket (within a week), later (the same ticket after
    more than a week), other (another ticket, same matter, within a week) or elsewhere (another matter)."""

    number: int
    started: datetime
    ticket: int
    customer: int
    category: str
    language: str
    channel: str
    eligible: bool = True
    training: bool = False
    person: int | None = None
    runs: list[Run] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    searches: list[tuple[int, str, bool]] = field(default_factory=list)  # hits, decision, repeated
    replied: datetime | None = None
    resolved: datetime | None = None
    resolution: str = ""
    escalated: datetime | None = None
    reason: str = ""
    label: str = ""
    replies: int = 0
    next_replies: int = 0
    next_late: int = 0
    transfers: int = 0
    reply_due: datetime | None = None
    resolve_due: datetime | None = None
    said: tuple[str, str, str] = ("", "", "")
    final: tuple[str, str, str] = ("", "", "")
    csat: int | None = None
    asked: bool = False
    returned: str = ""
    ordinal: int = 1


@dataclass
class Year:
    episodes: list[Episode]
    openings: list[tuple[datetime, str]]


def tell(tickets: int, until: datetime, seed: int = 2026) -> Year:
    """A year of so many matters that ends at `until` (aware); the same for the same arguments."""
    dice = random.Random(seed)
    episodes: list[Episode] = []
    customers = max(50, tickets // 3)
    for number, moment in enumerate(_moments(dice, tickets, until)):
        episode = Episode(
            number=len(episodes) + 1, started=moment, ticket=number + 1, customer=number * 7919 % customers + 1,
            category=dice.choices(CATEGORIES, (26, 18, 14, 14, 12, 8, 2, 6))[0],
            language=dice.choices(LANGUAGES, (50, 20, 12, 8, 10))[0], channel=dice.choices(CHANNELS, (60, 20, 15, 5))[0],
        )  # fmt: skip
        progress = 1 - (until - moment) / timedelta(days=DAYS)
        _Teller(dice, until, progress).matter(episode)
        episodes.append(episode)
    episodes += _returns(dice, episodes, until, tickets, customers)
    openings = [
        (until - timedelta(seconds=dice.randrange(60, DAYS * 86400)), dice.choice(("gpt-5", "gpt-5-mini"))) for _ in range(40)
    ]
    return Year(episodes, openings)


def _moments(dice: random.Random, tickets: int, until: datetime) -> Iterator[datetime]:
    last = until.astimezone(ZONE).date()
    days = [last - timedelta(days=n) for n in range(DAYS, 0, -1)]
    weights = [_WEEKDAYS[day.weekday()] * (1.7 if day.month in (11, 12) else 1.25 if day.month == 4 else 1.0) for day in days]
    found = []
    for day in dice.choices(days, weights, k=tickets):
        seconds = dice.choices(range(24), _HOURS)[0] * 3600 + dice.randrange(3600)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
        found.append(midnight.astimezone(until.tzinfo) + timedelta(seconds=seconds))
    return iter(sorted(moment for moment in found))


def _returns(dice: random.Random, firsts: list[Episode], until: datetime, tickets: int, customers: int) -> list[Episode]:
    """The matters with which customers come back; each comes back once."""
    found: list[Episode] = []
    ticket = tickets
    for before in firsts:
        if not before.resolved or not before.eligible or before.training or dice.random() >= 0.07:
            continue
        how = dice.choice(("ticket", "later", "other", "elsewhere"))
        gap = dice.randrange(9 * 86400, 20 * 86400) if how == "later" else dice.randrange(3600, 7 * 86400 - 3600)
        started = before.resolved + timedelta(seconds=gap)
        if started >= until - timedelta(days=1):
            continue
        category = (
            before.category if how != "elsewhere" else CATEGORIES[(CATEGORIES.index(before.category) + 1) % len(CATEGORIES)]
        )
        before.returned = how
        if how in ("other", "elsewhere"):
            ticket += 1
        episode = Episode(
            number=len(firsts) + len(found) + 1, started=started, ticket=before.ticket if how in ("ticket", "later") else ticket,
            customer=before.customer, category=category, language=before.language, channel=before.channel,
            ordinal=2 if how in ("ticket", "later") else 1,
        )  # fmt: skip
        _Teller(dice, until, 0.5).matter(episode, plain=True)
        found.append(episode)
    return found


class _Teller:
    """Draws what becomes of one matter; nothing happens after the year's end."""

    def __init__(self, dice: random.Random, until: datetime, progress: float) -> None:
        self.dice, self.until, self.progress = dice, until, progress

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def later(self, moment: datetime, minutes: float) -> datetime:
        return moment + timedelta(seconds=max(1, int(self.dice.lognormvariate(0, 0.9) * minutes * 60)))

    def matter(self, episode: Episode, *, plain: bool = False) -> None:
        if not plain and self.chance(0.04):
            episode.eligible, episode.resolved, episode.resolution = False, self.later(episode.started, 30), "dismissed"
            return
        episode.training = not plain and self.chance(0.005)
        episode.reply_due = episode.started + timedelta(hours=8) if self.chance(0.95) else None
        episode.resolve_due = episode.started + timedelta(hours=72) if self.chance(0.9) else None
        with_agents = self.chance(0.7 + 0.25 * self.progress)
        if with_agents:
            self._run(episode)
            self._triage(episode)
            if self.chance(0.13):
                episode.escalated = self.later(episode.started, 2)
                episode.reason = self.dice.choice(REASONS)
            if self.chance(0.08):
                episode.label = self.dice.choice(("right", "false" if episode.escalated else "missed"))
        self._decide(episode, with_agents and self.chance(0.94))
        self._end(episode)

    def _run(self, episode: Episode) -> None:
        dice = self.dice
        for fork in (False, *((True,) if self.chance(0.02) else ())):
            steps = [Step("model", role, dice.choice(("gpt-5", "gpt-5-mini")), self._seconds(0.8), self._cost(),
                          cached=dice.choice((0, 0, 512))) for role in ROLES]  # fmt: skip
            steps += [Step(kind, "", name, self._seconds(0.05)) for kind, name in TOOLS[: dice.randint(2, 4)]]
            for step in steps:
                step.cost = step.cost if step.name != PRICED else PRICES[self.progress >= 0.5]
                if self.chance(0.01):
                    step.error, step.cached = dice.choice(list(ERRORS)), 0
            if self.chance(0.01):
                steps.append(Step("model", "writer", "gpt-5", 0.001, error="BreakerOpen: gpt-5"))
            error = dice.choice(list(ERRORS)) if self.chance(0.01) else ""
            calls = [] if fork else self._calls(episode)
            steps += [Step("tool", "analyst", call.tool, 0.001) for call in calls]  # proposed, which asks nobody
            cost = sum(step.cost for step in steps) + sum(call.cost for call in calls)
            episode.runs.append(Run(steps, cost, self.chance(0.05), error, fork, calls))
        episode.searches = [
            (dice.choice((0, 3, 6, 6, 6)), dice.choice(("answer", "answer", "abstain", "")), self.chance(0.1))
            for _ in range(dice.randint(1, 2))
        ]

    def _calls(self, episode: Episode) -> list[Call]:
        """What one run in ten proposes, by dice of its own: who draws it changes nothing else of the year."""
        dice = random.Random(f"calls of {episode.number}")
        if dice.random() >= 0.1:
            return []
        calls = [Call(dice.choice(list(CALLED)), dice.choice(CALLS)) for _ in range(dice.randint(1, 2))]
        for call in calls:
            if call.status in ("done", "uncertain") or (call.status == "failed" and dice.random() < 0.5):  # else it never left
                call.cost = CALLED[call.tool]
        return calls

    def _seconds(self, typical: float) -> float:
        return round(self.dice.lognormvariate(0, 0.7) * typical, 4)

    def _cost(self) -> float:
        return self.dice.randrange(200, 6000) / 1_000_000

    def _triage(self, episode: Episode) -> None:
        dice = self.dice
        episode.said = (episode.category, dice.choice(PRIORITIES), dice.choice(TEAMS))
        final = ["", "", ""]
        if self.chance(0.06):
            final[1] = dice.choice(PRIORITIES)
        if self.chance(0.05):
            final[2] = dice.choice(TEAMS[1:])
        if self.chance(0.05):  # refiled: what the agents said was another category
            final[0], episode.said = episode.category, (dice.choice(CATEGORIES), *episode.said[1:])
        episode.final = (final[0], final[1], final[2])

    def _draft(self, at: datetime, agents: bool) -> Draft:
        dice = self.dice
        draft = Draft(at, agents, confidence=dice.randrange(20, 100) / 100, characters=dice.choice((300, 600, 900)))
        draft.due = at + timedelta(hours=4) if self.chance(0.9) else None
        draft.sentences = [Sentence(self.chance(0.8), self.chance(0.93)) for _ in range(dice.randint(2, 5))]
        if agents:
            draft.passages = [
                (self.chance(0.5), self.chance(0.3), None, dice.choice((0, 0, 0, 1, -1))) for _ in range(dice.randint(0, 3))
            ]
        return draft

    def _decide(self, episode: Episode, drafted: bool) -> None:
        dice = self.dice
        at = self.later(episode.started, 1)
        person = dice.randint(1, PEOPLE)
        if drafted:
            draft = self._draft(at, agents=True)
            episode.drafts.append(draft)
            what = dice.choices(("approve", "reject", "request_changes", ""), (80, 9, 8, 3))[0]
            if not self._judge(episode, draft, what, person):
                return
            if what == "approve":
                return
            at = (draft.decided_at or at) + timedelta(seconds=20)
        if not drafted or self.chance(0.9):
            last = self._draft(self.later(at, 20), agents=drafted and episode.drafts[0].decision == "request_changes")
            episode.drafts.append(last)
            self._judge(episode, last, "approve", person)

    def _judge(self, episode: Episode, draft: Draft, what: str, person: int) -> bool:
        """Whether the draft was decided before the year ended."""
        decided = self.later(draft.at, 40)
        if not what or draft.at >= self.until or decided >= self.until:
            if draft.at >= self.until:
                episode.drafts.remove(draft)
            return False
        draft.decision, draft.decided_at, episode.person = what, decided, person
        draft.review = float(self.dice.randrange(2, 200)) if self.chance(0.9) else None
        if what == "reject":
            draft.reason = self.dice.choice(REJECTED)
        if what == "approve":
            draft.distance = self.dice.choices((0.0, self.dice.randrange(1, 41) / 100, self.dice.randrange(41, 61) / 100, self.dice.randrange(61, 101) / 100),
                                               (62, 25, 8, 5))[0]  # fmt: skip
            if draft.distance:
                draft.edits = self.dice.choices(EDITS, k=self.dice.randint(1, 3)) if draft.agents else []
                for sentence in draft.sentences:
                    sentence.sent = self.chance(0.8)
            sent = decided + timedelta(seconds=20)
            episode.replied, episode.replies = sent, 1
        draft.passages = [
            (cited, opened, (self.chance(0.9) if cited and what != "request_changes" else None), vote)
            for cited, opened, _, vote in draft.passages
        ]
        return True

    def _end(self, episode: Episode) -> None:
        if episode.replied and episode.replied >= self.until:
            episode.replied = None
        if episode.replied and self.chance(0.1):
            episode.replies, episode.next_replies = 2, 1
            episode.next_late = int(self.chance(0.2))
        episode.transfers = int(self.chance(0.1))
        if episode.replied and self.chance(0.93):
            resolved = self.later(episode.replied, 600)
            if resolved < self.until:
                episode.resolved = resolved
                episode.resolution = self.dice.choices(("assumed", "verified", "closed"), (45, 35, 20))[0]
        elif not episode.replied and self.chance(0.3):
            resolved = self.later(episode.started, 2000)
            if resolved < self.until:
                episode.resolved, episode.resolution = resolved, "closed"
        if episode.resolved and self.chance(0.6):
            episode.asked = True
            if self.chance(0.35):
                episode.csat = self.dice.choices((1, 2, 3, 4, 5), (4, 6, 12, 38, 40))[0]
