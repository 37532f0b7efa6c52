"""The plan of what customers are promised: targets by customer and priority, business hours, what happens by the clock.

A plan is one value, kept whole in numbered versions; the newest counts. Everything that asks for a due time asks here,
the metrics' business hours too, so that a promise and its figure mean the same hours.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from triage.database import direct
from triage.errors import InputError, SettingsError
from triage.models import Priority, TargetPlan
from triage.sla.hours import ALWAYS, BusinessHours, public_holidays, week_of, words_of, zone_of

KINDS = ("first_reply", "next_reply", "resolve", "approval")
Kind = Literal["first_reply", "next_reply", "resolve", "approval"]
DESK = ""
"""The hours of whoever has none of their own."""
_MOST = 60 * 24 * 365  # minutes of a target
_MANY = 40


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hours(_Strict):
    """When a group works: `week` as people write it, the country of its holidays, further days off, holidays worked."""

    week: str = "Mon-Fri 08:00-18:00"
    zone: str = "Europe/Amsterdam"
    country: str = ""
    region: str = ""
    closed: list[date] = Field(default=[], max_length=400)
    worked: list[date] = Field(default=[], max_length=400)

    @model_validator(mode="after")
    def _can_be_used(self) -> "Hours":
        try:
            week_of(self.week), zone_of(self.zone)
            if self.country:
                public_holidays(self.country, self.region)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return self

    def compiled(self) -> BusinessHours:
        return BusinessHours(
            zone_of(self.zone), week_of(self.week), self.country, self.region, frozenset(self.closed), frozenset(self.worked)
        )

    def __str__(self) -> str:
        holidays = f", holidays of {self.country}{f'-{self.region}' if self.region else ''}" if self.country else ""
        return f"{words_of(week_of(self.week))} {self.zone}{holidays}"


class Targets(_Strict):
    """Minutes that each step may take; None: no target. `approval` is how long a finished draft may wait."""

    first_reply: int | None = Field(default=None, ge=1, le=_MOST)
    next_reply: int | None = Field(default=None, ge=1, le=_MOST)
    resolve: int | None = Field(default=None, ge=1, le=_MOST)
    approval: int | None = Field(default=None, ge=1, le=_MOST)

    def of(self, kind: str) -> int | None:
        minutes: int | None = getattr(self, kind)
        return minutes


class Policy(_Strict):
    """Targets for the tickets of some customers or groups; empty lists mean all of them. The first that fits counts."""

    name: str = Field(min_length=1, max_length=60)
    tiers: list[str] = []
    groups: list[str] = []
    clock: Literal["business", "always"] = "business"
    targets: dict[Priority, Targets] = {}

    def minutes(self, priority: str, kind: str) -> int | None:
        """What a step of a ticket of this priority may take; None: no target."""
        targets = self.targets.get(Priority(priority))
        return targets.of(kind) if targets else None

    def fits(self, tier: str, group: str) -> bool:
        return (not self.tiers or tier in self.tiers) and (not self.groups or group in self.groups)


class Step(_Strict):
    """What happens by the clock: `raise_priority`, `tell` or `hand` to managers (`to` empty) or to a group."""

    clock: Literal["any", "first_reply", "next_reply", "resolve", "approval"] = "any"
    at: Literal["warning", "breach"] = "breach"
    do: Literal["raise_priority", "tell", "hand"] = "tell"
    to: str = ""


class Plan(_Strict):
    """All of it. `warn` is the share of a target, in percent, at which people are warned."""

    hours: dict[str, Hours] = {DESK: Hours()}
    policies: list[Policy] = Field(min_length=1, max_length=_MANY)
    warn: int = Field(default=75, ge=10, le=95)
    pause_waiting: bool = True
    pause_incident: bool = False
    steps: list[Step] = Field(default=[], max_length=_MANY)

    @field_validator("hours")
    @classmethod
    def _the_desk_has_hours(cls, hours: dict[str, Hours]) -> dict[str, Hours]:
        if DESK not in hours:
            raise ValueError("The desk itself needs business hours.")
        return hours

    @model_validator(mode="after")
    def _somebody_catches_the_rest(self) -> "Plan":
        names = [policy.name.lower() for policy in self.policies]
        if len(set(names)) < len(names):
            raise ValueError("Two policies have the same name.")
        last = self.policies[-1]
        if last.tiers or last.groups:
            raise ValueError("The last policy is for everybody else; it names no customers and no groups.")
        return self

    def policy_for(self, tier: str, group: str) -> Policy:
        """The first policy that fits a customer's tier and the ticket's group."""
        return next((policy for policy in self.policies if policy.fits(tier, group)), self.policies[-1])

    def hours_for(self, policy: Policy, group: str) -> BusinessHours:
        """The hours that a policy's targets are counted in for a group."""
        return ALWAYS if policy.clock == "always" else self.compiled(group)

    def compiled(self, group: str = DESK) -> BusinessHours:
        """The hours of a group, or of the desk when it has none of its own."""
        return _compiled(self.hours.get(group) or self.hours[DESK])


def default() -> Plan:
    """The plan of a desk that has not made its own."""
    minutes = {
        Priority.URGENT: (60, 60, 480, 15),
        Priority.HIGH: (240, 240, 1200, 30),
        Priority.NORMAL: (480, 480, 1800, 60),
        Priority.LOW: (1200, 1200, 3000, 240),
    }
    targets = {priority: Targets(**dict(zip(KINDS, each, strict=True))) for priority, each in minutes.items()}
    return Plan(policies=[Policy(name="Everybody", targets=targets)], steps=[Step(at="warning"), Step(at="breach")])


def read(value: object) -> Plan:
    """A plan from JSON values or from what a person typed. Raises InputError with what cannot be used, a line each."""
    try:
        return Plan.model_validate(value)
    except ValidationError as error:
        raise InputError("; ".join(dict.fromkeys(_line(one) for one in error.errors()))) from error


def current(session: Session) -> tuple[int, Plan]:
    """The number of the plan that counts, 0 for the default, and the plan. One indexed read a transaction.

    The plan is shared by everybody who reads it: to change one, make another by `model_copy(update=...)`.
    """
    known: tuple[int, Plan] | None = session.info.get("target_plan")
    if known is None:
        known = _newest(session)
        session.info["target_plan"] = known
    return known


def desk_hours(session: Session) -> BusinessHours:
    """The business hours of the desk, which every figure in business time counts in."""
    return current(session)[1].compiled()


def kept(session: Session, plan: Plan, *, user_id: int | None, note: str = "") -> TargetPlan:
    """Store a plan as the newest version; it counts at once, also in this transaction."""
    number = (session.exec(select(func.max(TargetPlan.number))).one() or 0) + 1
    row = TargetPlan(number=number, plan=plan.model_dump(mode="json"), note=note.strip()[:500], made_by=user_id)
    session.add(row)
    session.flush()
    session.info["target_plan"] = (number, plan)
    return row


def differences(before: Plan, after: Plan) -> list[str]:
    """What another plan changes, a sentence each."""
    said = [*_differ("Hours of ", _hour_names(before), _hour_names(after))]
    was, now = ({policy.name: policy for policy in plan.policies} for plan in (before, after))
    said += [f"New policy “{name}”." for name in now if name not in was]
    said += [f"Policy “{name}” is gone." for name in was if name not in now]
    for name in [name for name in now if name in was and now[name] != was[name]]:
        said += _policy_differences(was[name], now[name])
    if [*was] != [*now] and sorted(was) == sorted(now):
        said.append("Policies are tried in another order.")
    said += _differ("", _options(before), _options(after))
    return said


# ---- inside ---------------------------------------------------------------------------------------------------

_known: dict[tuple[str, int, str], Plan] = {}


_NEWEST = columns(col(TargetPlan.number), col(TargetPlan.made_at)).order_by(col(TargetPlan.number).desc()).limit(1)


def _newest(session: Session) -> tuple[int, Plan]:
    row = direct.first(session, _NEWEST)
    if row is None:
        return 0, _DEFAULT
    key = (str(session.get_bind().engine.url), row[0], row[1].isoformat())
    if key not in _known:
        if len(_known) > 50:
            _known.clear()
        _known[key] = Plan.model_validate(session.exec(select(TargetPlan.plan).where(TargetPlan.number == row[0])).one())
    return row[0], _known[key]


_compiled_hours: dict[str, BusinessHours] = {}


def _compiled(hours: Hours) -> BusinessHours:
    key = hours.model_dump_json()
    if key not in _compiled_hours:
        if len(_compiled_hours) > 500:
            _compiled_hours.clear()
        _compiled_hours[key] = hours.compiled()
    return _compiled_hours[key]


def _line(error: Any) -> str:
    where = [str(part) for part in error["loc"] if not isinstance(part, int)]
    said = str(error["msg"]).removeprefix("Value error, ")
    return said if error["type"] == "value_error" or not where else f"{' '.join(where).replace('_', ' ')}: {said}"


def _hour_names(plan: Plan) -> dict[str, str]:
    return {name or "the desk": _hours_said(hours) for name, hours in plan.hours.items()}


def _hours_said(hours: Hours) -> str:
    days = [f"{len(each)} {word}" for each, word in ((hours.closed, "days off"), (hours.worked, "holidays worked")) if each]
    return ", ".join([str(hours), *days, *map(str, hours.closed)])


def _options(plan: Plan) -> dict[str, str]:
    steps = "; ".join(step_words(step) for step in plan.steps) or "nothing"
    return {
        "Warning": f"at {plan.warn} %",
        "Waiting for the customer": "stops the clocks" if plan.pause_waiting else "counts",
        "Being held by an incident": "stops the clocks" if plan.pause_incident else "counts",
        "By the clock": steps,
    }


def step_words(step: Step) -> str:
    """A step in words: "at a breach of any target, tell the managers"."""
    what = {"any": "any target"}.get(step.clock, CLOCK_NAMES.get(step.clock, step.clock))
    whom = f"the group {step.to}" if step.to else "the managers"
    do = {"raise_priority": "raise the priority", "tell": f"tell {whom}", "hand": f"hand it to {whom}"}[step.do]
    return f"at a {step.at} of {what}, {do}"


CLOCK_NAMES = {"first_reply": "first reply", "next_reply": "next reply", "resolve": "solution", "approval": "decision on a draft"}


def _policy_differences(was: Policy, now: Policy) -> Iterable[str]:
    if (was.tiers, was.groups) != (now.tiers, now.groups):
        yield f"“{now.name}” is for {', '.join([*now.tiers, *now.groups]) or 'everybody'}."
    if was.clock != now.clock:
        yield f"“{now.name}” counts {'business hours' if now.clock == 'business' else 'every hour'}."
    for priority in Priority:
        old, new = was.targets.get(priority, Targets()), now.targets.get(priority, Targets())
        for kind in KINDS:
            if old.of(kind) != new.of(kind):
                yield f"“{now.name}”, {priority.value}: {CLOCK_NAMES[kind]} {_minutes(new.of(kind))} instead of {_minutes(old.of(kind))}."


def _minutes(minutes: int | None) -> str:
    return "without target" if minutes is None else written(minutes)


def written(minutes: int) -> str:
    """Minutes as people write them: 45 min, 8 h, 1:30 h."""
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h" if not rest else f"{hours}:{rest:02} h"


def minutes_of(text: str) -> int | None:
    """Read "45", "45 min", "8 h", "1:30 h", "2 d" (of 24 hours), "" is None. Raises InputError otherwise."""
    words = text.strip().lower().replace(",", ".")
    if words in ("", "-", "none"):
        return None
    number, unit = words.rstrip("abcdefghijklmnopqrstuvwxyz ").strip(), words.lstrip("0123456789.: ").strip()
    try:
        if ":" in number:
            hours, _, minutes = number.partition(":")
            found = int(hours) * 60.0 + int(minutes)
        else:
            factor = {
                "": 1,
                "m": 1,
                "min": 1,
                "minutes": 1,
                "h": 60,
                "hours": 60,
                "hour": 60,
                "d": 1440,
                "days": 1440,
                "day": 1440,
            }
            found = float(number) * factor[unit]
    except (ValueError, KeyError) as error:
        raise InputError(f"“{text.strip()}” is no time; write 45 min, 8 h or 1:30 h.") from error
    if not 1 <= found <= _MOST:
        raise InputError(f"“{text.strip()}” is no time; write 1 minute to a year.")
    return round(found)


def _differ(prefix: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterable[str]:
    for name in dict.fromkeys([*was, *now]):
        if name not in now:
            yield f"{prefix}{name}: none of their own any more."
        elif was.get(name) != now[name]:
            yield f"{prefix}{name}: {now[name]}."


_DEFAULT = default()
