"""One call of a connected API: what is sent, where it may go, and what comes back as untrusted text."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from triage import reach
from triage.connections import credentials
from triage.connections.arguments import LONGEST
from triage.errors import InputError, ToolError
from triage.guardrails.normalise import normalise
from triage.guardrails.operations import Described, check_operation, texts
from triage.models import Connection
from triage.reach import Answer, Target
from triage.settings import Settings

SETTING = "TRIAGE_TOOL_NETWORKS"
USER_AGENT = "TriageDesk/0.1 (calls an operation that an administrator chose)"
MOST_TOLD = 8_000  # characters of an answer that a model reads
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Definition:
    """A chosen operation with the API it belongs to: all that a call needs, read once."""

    id: int
    name: str
    method: str
    path: str
    effect: str
    summary: str
    arguments: list[dict[str, Any]]
    bound: list[dict[str, Any]]
    digest: str
    base_url: str
    auth: str
    auth_name: str
    secret: str
    connection: str = ""
    price_usd: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """What its calls are made of: without the access right, and without the price, which is the one of each moment."""
        return {name: value for name, value in asdict(replace(self, secret="")).items() if name != "price_usd"}


@dataclass(frozen=True)
class Call:
    """What would be sent; `address` holds path and query, `body` is JSON or None."""

    method: str
    address: str
    body: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        """As a person reads it: method and address."""
        return f"{self.method} {self.address}"


def digest_of(method: str, path: str, effect: str, arguments: object, bound: object, base_url: str) -> str:
    """A name for exactly this definition: a proposal made with another one is void."""
    content = json.dumps([method, path, effect, arguments, bound, base_url], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def prepare(tool: Definition, arguments: Mapping[str, Any], bound: Mapping[str, str]) -> Call:
    """The call with everything filled in, judged once more with its values. Raises ToolError for one that may not be made."""
    if tool.effect == "read" and tool.method not in ("GET", "HEAD"):
        raise ToolError(f"{tool.name} is not a read")
    filled = {f"{one['where']}.{one['name']}": arguments.get(one["name"]) for one in tool.arguments} | dict(bound)
    for text in texts(list(filled.values())):
        if len(text) > LONGEST or _CONTROL.search(text):
            raise ToolError(f"an argument has more than {LONGEST:,} characters, or control characters")
    path = tool.path
    for place, value in filled.items():
        where, _, name = place.partition(".")
        if where == "path":
            path = path.replace("{" + name + "}", _segment(name, value))
    query = urlencode(
        [(place[6:], _flat(one)) for place, value in filled.items() if place.startswith("query.") for one in _many(value)],
        quote_via=quote,
    )
    body = {place[5:]: value for place, value in filled.items() if place.startswith("body.") and value is not None}
    address = tool.base_url.rstrip("/") + path + (f"?{query}" if query else "")
    said = [text for place, value in filled.items() for text in texts(value) if place not in bound]
    fields = [text for one in (*tool.arguments, *tool.bound) for text in texts({**one, "where": ""})]
    verdict = check_operation(Described(tool.method, tool.path, tool.name, tool.summary, (), tuple(fields), tuple(said)))
    if verdict.blocked:
        raise ToolError(f"refused by the rule “{verdict.rule}”: {verdict.why}")
    return Call(tool.method, address, body or None)


def target(settings: Settings, address: str) -> Target:
    """Where the address leads, checked. Raises InputError for private places that no setting names, and for plain http to public ones."""
    networks = reach.networks_of(settings.tool_networks, SETTING)
    found = Target.of(address, "the API's address", networks, SETTING)
    if not found.secure and not found.inside(networks):
        raise InputError(f"{found.host} is called without encryption; use https, or name its network in {SETTING}.")
    return found


def send(settings: Settings, tool: Definition, call: Call, *, key: str = "") -> Answer:
    """Make the call; `key` goes along as Idempotency-Key. Blocking.

    Raises ToolDown or ToolError when it was surely not made, DeliveryUncertain when nobody knows. Only reads and
    triage.delivery.calls come here, with a call that `prepare` judged.
    """
    secret = credentials.decrypt(settings, tool.secret)
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **credentials.headers(tool.auth, tool.auth_name, secret)}
    body = json.dumps(call.body, ensure_ascii=False).encode() if call.body is not None else None
    if body is not None:
        headers["Content-Type"] = "application/json"
    if key:
        headers["Idempotency-Key"] = key
    try:
        where = target(settings, call.address)
    except InputError as error:
        raise ToolError(str(error)) from error
    answer = reach.exchange(
        call.method, where, headers=headers, body=body, seconds=settings.tool_seconds, largest=settings.tool_answer_limit
    )
    scrubbed = credentials.scrub(answer.body.decode("utf-8", "replace"), secret, tool.auth_name)
    return Answer(answer.status, answer.kind, scrubbed.encode(), answer.whole)


def told(answer: Answer) -> Any:
    """The answer as JSON values or text: normalised, and cut to what a model may read."""
    text = answer.body.decode("utf-8", "replace")
    if len(text) <= MOST_TOLD and answer.whole:
        try:
            return _normal(json.loads(text))
        except (ValueError, RecursionError):
            pass
    cut = " … (cut)" if len(text) > MOST_TOLD or not answer.whole else ""
    return _storable(text[:MOST_TOLD]) + cut


def _storable(text: str) -> str:
    """Normalised, without what no database keeps: NUL and halves of characters, which JSON can name."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", normalise(text).text)


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_normal(one) for one in value]
    return {_storable(str(key)): _normal(one) for key, one in value.items()} if isinstance(value, dict) else value


def _segment(name: str, value: Any) -> str:
    text = _flat(value) if value is not None else ""
    if not text.strip() or text in (".", "..") or "/" in text or "\\" in text:
        raise ToolError(f"{name} is {text[:40]!r}, which cannot stand in an address")
    return quote(text, safe="")


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def definition(tool: Any, connection: Connection) -> Definition:
    """The rows of a tool and its API as one value."""
    return Definition(
        id=tool.id or 0, name=tool.name, method=tool.method, path=tool.path, effect=tool.effect, summary=tool.summary,
        arguments=list(tool.arguments), bound=list(tool.bound), digest=tool.digest, base_url=connection.base_url, auth=connection.auth,
        auth_name=connection.auth_name, secret=connection.secret, connection=connection.name,
        price_usd=tool.price_usd,
    )  # fmt: skip
