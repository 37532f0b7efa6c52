"""Figures of the machine for Prometheus, at /metrics for whoever brings a key; people with a browser get the screen there."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlmodel import Session, col, func, select
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from triage.accounts import apikeys, ratelimit
from triage.database.engine import Database, check
from triage.models import (
    AT_WORK,
    WAITS_FOR_PERSON,
    Alert,
    BreakerState,
    MetricChange,
    Notice,
    Outbox,
    Run,
    Spend,
    Ticket,
    now,
)
from triage.web.site import Site

PATH = "/metrics"
_STATES = ("closed", "half_open", "open")
_ONES = ("127.0.0.1", "::1")
_NO_STORE = {"Cache-Control": "no-store"}


def is_scrape(scope: Scope, headers: Headers, *, local: bool) -> bool:
    """Whether a request for /metrics comes from a program that collects figures: it brings a key or, where programs on
    this machine need none (`local`), neither a session nor a wish for a page."""
    if scope["path"] != PATH or scope["method"] not in ("GET", "HEAD"):
        return False
    return "authorization" in headers or (local and "cookie" not in headers and "text/html" not in headers.get("accept", ""))


class Prometheus:
    """The endpoint. A key must be made for it (`triage key create NAME --for metrics`).

    With the setting `metrics_loopback` programs on this machine need none; a proxy on it would make all the world local,
    so a request that was passed on still does.
    """

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        """The figures in the format that the scraper asks for; 401 without a key, 429 after too many wrong ones."""
        if not self._local(request) and (refusal := await asyncio.to_thread(self._refused, request)):
            return refusal
        if await asyncio.to_thread(check, self.site.database):
            return PlainTextResponse("The database does not answer.\n", 503, headers=_NO_STORE)
        problems = self.site.desk.problems() if self.site.desk else ["not running"]
        registry = CollectorRegistry()
        registry.register(Machine(self.site.database, worker_up=not problems))
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(await asyncio.to_thread(encode, registry), media_type=kind, headers=_NO_STORE)

    def _local(self, request: Request) -> bool:
        passed_on = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers)
        here = request.client is not None and request.client.host in _ONES
        return self.site.settings.metrics_loopback and here and not passed_on

    def _refused(self, request: Request) -> Response | None:
        scheme, _, plain = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            with self.site.database.read() as session:
                if apikeys.find(session, plain.strip(), purpose=apikeys.METRICS):
                    return None
            with self.site.database.transaction() as session:
                wait = ratelimit.attempt(session, ratelimit.brakes(request.client.host if request.client else ""))
            if wait:
                return PlainTextResponse("Too many wrong keys.\n", 429, headers={"Retry-After": str(int(wait) + 1)})
        told = "Send “Authorization: Bearer KEY” with a key made by `triage key create NAME --for metrics`.\n"
        return PlainTextResponse(told, 401, headers={"WWW-Authenticate": "Bearer", **_NO_STORE})


class Machine(Collector):
    """What the database knows now, and whether this process works."""

    def __init__(self, database: Database, *, worker_up: bool) -> None:
        self.database, self.worker_up = database, worker_up

    def collect(self) -> Iterator[Metric]:
        """Every figure, read in one go."""
        with self.database.read() as session:
            yield from self._queue(session)
            yield from self._deliveries(session)
            yield from self._breakers(session)
            yield from self._calls(session)
            yield from self._troubles(session)
        yield GaugeMetricFamily("triage_worker_up", "1 while the worker of this process takes work.", value=int(self.worker_up))

    def _queue(self, session: Session) -> Iterator[Metric]:
        depth = GaugeMetricFamily("triage_queue_tickets", "Tickets that wait, by status.", labels=["status"])
        counts = dict(session.exec(select(Ticket.status, func.count()).group_by(Ticket.status)).all())
        for status in sorted(AT_WORK | WAITS_FOR_PERSON):
            depth.add_metric([status.value], counts.get(status, 0))
        yield depth
        oldest = GaugeMetricFamily("triage_queue_oldest_seconds", "Age of the ticket that waits longest.", labels=["waits_for"])
        for whom, statuses in (("agents", AT_WORK), ("people", WAITS_FOR_PERSON)):
            first: datetime | None = session.exec(
                select(func.min(Ticket.created_at)).where(col(Ticket.status).in_(statuses))
            ).one()
            oldest.add_metric([whom], (now() - first).total_seconds() if first else 0.0)
        yield oldest

    def _deliveries(self, session: Session) -> Iterator[Metric]:
        for name, table, help_ in (
            ("triage_deliveries", Outbox, "Replies by what became of them; uncertain: nobody knows whether they left."),
            ("triage_notices", Notice, "Words to people by what became of them."),
        ):
            family = GaugeMetricFamily(name, help_, labels=["status"])
            counts = dict(session.exec(select(table.status, func.count()).group_by(table.status)).all())
            for status in sorted({"held", "sending", "sent", "cancelled", "failed", "uncertain", *counts}):
                family.add_metric([status], counts.get(status, 0))
            yield family

    def _breakers(self, session: Session) -> Iterator[Metric]:
        state = GaugeMetricFamily("triage_breaker_state", "1 for the state a breaker is in.", labels=["name", "state"])
        opened = CounterMetricFamily("triage_breaker_openings", "Times a breaker opened.", labels=["name"])
        for breaker in session.exec(select(BreakerState).order_by(BreakerState.name)):
            for one in _STATES:
                state.add_metric([breaker.name, one], int(breaker.state == one))
            opened.add_metric([breaker.name], breaker.openings)
        yield from (state, opened)

    def _calls(self, session: Session) -> Iterator[Metric]:
        sums = select(Spend.scope, func.sum(Spend.calls), func.sum(Spend.tokens), func.sum(Spend.cost_usd)).group_by(Spend.scope)
        families = {
            "model": CounterMetricFamily("triage_model_calls", "Model calls that were answered.", labels=["model"]),
            "fallback": CounterMetricFamily(
                "triage_model_fallbacks", "Calls that another model had to answer.", labels=["model"]
            ),
            "down": CounterMetricFamily("triage_model_failures", "Model calls without an answer.", labels=["model"]),
            "refused": CounterMetricFamily("triage_model_refusals", "Model calls that the model declined.", labels=["model"]),
        }
        tokens = CounterMetricFamily("triage_model_tokens", "Tokens in and out.", labels=["model"])
        cost = CounterMetricFamily("triage_model_cost_usd", "US dollars of model calls.", labels=["model"])
        asked = CounterMetricFamily("triage_tool_calls", "Calls of connected APIs' tools.", labels=["tool"])
        paid = CounterMetricFamily("triage_tool_cost_usd", "US dollars of calls of connected APIs' tools.", labels=["tool"])
        for scope, calls, used, usd in session.exec(sums.order_by(Spend.scope)):
            kind, _, name = scope.partition(":")
            if kind == "tool":
                asked.add_metric([name], calls or 0)
                paid.add_metric([name], usd or 0.0)
            if kind in families and name:
                families[kind].add_metric([name], calls or 0)
            if kind == "model" and name:
                tokens.add_metric([name], used or 0)
                cost.add_metric([name], usd or 0.0)
        yield from (*families.values(), tokens, cost, asked, paid)

    def _troubles(self, session: Session) -> Iterator[Metric]:
        failed = select(func.count()).select_from(Run).where(col(Run.error).is_not(None))
        yield CounterMetricFamily(
            "triage_runs_failed", "Runs of agents that ended with an error.", value=session.exec(failed).one()
        )
        alerts = GaugeMetricFamily("triage_alerts_open", "Alerts that nobody has closed, by kind.", labels=["kind"])
        open_ = select(Alert.kind, func.count()).where(col(Alert.active).is_not(None)).group_by(Alert.kind)
        for kind, count in session.exec(open_):
            alerts.add_metric([kind], count)
        yield alerts
        waiting = session.exec(select(func.count()).select_from(MetricChange)).one()
        yield GaugeMetricFamily("triage_figures_behind", "Changes that figures are not counted anew for yet.", value=waiting)
