"""An OpenAPI 3 document as a list of operations, each with what stands against using it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from triage.connections.arguments import Unfit, fit
from triage.errors import InputError
from triage.guardrails.operations import Described, check_operation

LARGEST = 2_000_000  # characters of a document
_MOST_OPERATIONS = 2_000
_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
READS, WRITES = ("GET", "HEAD"), ("POST", "PUT", "PATCH")
_DEEPEST = 12


@dataclass(frozen=True)
class Parameter:
    """Something an operation takes: `where` is path, query or body, `schema` plain JSON schema without references."""

    name: str
    where: str
    description: str
    required: bool
    schema: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.where}.{self.name}"


@dataclass(frozen=True)
class Operation:
    """One method of one path. `problem` says why it cannot become a tool, "" when it can."""

    method: str
    path: str
    name: str
    summary: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...] = field(default_factory=tuple)
    problem: str = ""

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def effect(self) -> str:
        """What it can be used as: read, propose, or "" for neither."""
        return "" if self.problem else "read" if self.method in READS else "propose"

    def described(self) -> Described:
        """What the guard looks at."""
        said = [text for p in self.parameters for text in (p.name, p.description, *_values(p.schema))]
        return Described(self.method, self.path, self.name, self.summary, self.tags, tuple(said))


@dataclass(frozen=True)
class Document:
    title: str
    server: str
    operations: tuple[Operation, ...]


@lru_cache(maxsize=4)
def parse(text: str) -> Document:
    """The operations of a document in JSON or YAML. Raises InputError that says what is wrong with it as a whole."""
    raw = _read(text)
    version = str(raw.get("openapi") or "")
    if not version.startswith("3."):
        said = "Swagger 2" if "swagger" in raw else "no OpenAPI document"
        raise InputError(
            f"This is {said}; an OpenAPI document of version 3.0 or 3.1 is needed (its first line says openapi: 3…)."
        )
    _validate(raw)
    operations = tuple(_operations(raw))
    if len(operations) > _MOST_OPERATIONS:
        raise InputError(
            f"The document has {len(operations):,} operations; at most {_MOST_OPERATIONS:,} can be shown. Cut it down."
        )
    servers = raw.get("servers") or [{}]
    return Document(str(raw["info"].get("title", "")), str(servers[0].get("url") or ""), operations)


def _read(text: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise InputError(f"The document has more than {LARGEST:,} characters; cut it down to the operations you need.")
    try:
        raw = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except (
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        yaml.YAMLError,
        RecursionError,
    ) as error:  # PyYAML raises any of them
        raise InputError(
            f"The document is neither JSON nor YAML that can be read: {(str(error).splitlines() or ['no value'])[0][:200]}."
        ) from error
    if not isinstance(raw, dict):
        raise InputError("The document is empty or no mapping; paste a whole OpenAPI document.")
    return raw


def _yaml(text: str) -> Any:
    """YAML without aliases: they can make a small text enormous, and OpenAPI has references of its own."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise yaml.YAMLError("it uses YAML aliases (*name); write them out, or use $ref")
    return yaml.safe_load(text)


def _validate(raw: dict[str, Any]) -> None:
    """Against the models of the standard; what they refuse is named by its place."""
    from openapi_pydantic import parse_obj
    from pydantic import ValidationError

    try:
        parse_obj(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = " → ".join(str(part) for part in fault["loc"][:6])
        raise InputError(f"The document does not follow OpenAPI at {place or 'its top'}: {fault['msg']}.") from error


def _operations(raw: dict[str, Any]) -> Iterator[Operation]:
    paths = raw.get("paths") or {}
    for path, item in paths.items():
        for method in _METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                yield _operation(raw, str(path), method.upper(), item, item[method])


def _operation(raw: dict[str, Any], path: str, method: str, item: Mapping[str, Any], told: Mapping[str, Any]) -> Operation:
    name = str(told.get("operationId") or f"{method}_{path}")
    summary = " ".join(f"{told.get('summary') or ''}. {told.get('description') or ''}".strip(" .").split())
    base = Operation(method, path, name, summary, tuple(map(str, told.get("tags") or ())))
    try:
        parameters = tuple(_parameters(raw, item, told))
    except Unfit as error:
        return _with(base, problem=str(error))
    except RecursionError:
        return _with(base, problem="its schema is nested too deeply")
    made = _with(base, parameters=parameters)
    return _with(made, problem=_problem(made))


def _with(operation: Operation, **changes: Any) -> Operation:
    return Operation(**{**vars(operation), **changes})


def _problem(operation: Operation) -> str:
    verdict = check_operation(operation.described())
    if verdict.blocked:
        return verdict.why
    if operation.method not in (*READS, *WRITES):
        return f"{operation.method} is not used: GET and HEAD read; POST, PUT and PATCH can be proposed."
    if operation.method in READS and any(p.where == "body" for p in operation.parameters):
        return "A GET with a body is not used."
    names = [p.name for p in operation.parameters]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        return f"It takes {twice} in two places; an argument needs one name."
    return ""


def _parameters(raw: dict[str, Any], item: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Parameter]:
    shared = {(p.get("in"), p.get("name")): p for p in (_resolved(raw, p) for p in item.get("parameters") or [])}
    own = {(p.get("in"), p.get("name")): p for p in (_resolved(raw, p) for p in told.get("parameters") or [])}
    for (where, name), parameter in {**shared, **own}.items():
        required = bool(parameter.get("required")) or where == "path"
        if where in ("path", "query"):
            described = str(parameter.get("description") or parameter.get("schema", {}).get("description") or "")
            schema = fit(parameter.get("schema") or {}, str(name), flat=True)
            yield Parameter(str(name), str(where), _plain(described), required, schema)
        elif required and str(name).lower() not in ("accept", "content-type", "authorization", "idempotency-key"):
            raise Unfit(f"it needs the {where} {name}; only path, query and body can be filled in")
    yield from _body(raw, _resolved(raw, told.get("requestBody") or {}))


def _body(raw: dict[str, Any], body: Mapping[str, Any]) -> Iterator[Parameter]:
    content = body.get("content") or {}
    if not content:
        return
    kind = next((kind for kind in content if kind.split(";")[0].strip().lower() == "application/json"), None)
    if kind is None:
        raise Unfit(f"its body is {', '.join(content)}; only application/json is sent")
    schema = _merged(content[kind].get("schema") or {})
    properties = schema.get("properties")
    if schema.get("type", "object") != "object" or not isinstance(properties, Mapping) or not properties:
        raise Unfit("its body is not an object with named fields; a model needs to know what it fills in")
    needed = set(schema.get("required") or [])
    for name, told in properties.items():
        if not told.get("readOnly"):
            yield Parameter(str(name), "body", _plain(str(told.get("description") or "")), name in needed, fit(told, str(name)))


def _resolved(raw: dict[str, Any], node: Any, depth: int = 0, trail: tuple[str, ...] = ()) -> Any:
    """The node with every local reference in its place. Raises Unfit for circles and for references to elsewhere."""
    if depth > _DEEPEST * 4:
        raise Unfit("its schema is nested too deeply")
    if isinstance(node, list):
        return [_resolved(raw, one, depth + 1, trail) for one in node]
    if not isinstance(node, Mapping):
        return node
    if isinstance(reference := node.get("$ref"), str):
        if not reference.startswith("#/"):
            raise Unfit(f"it refers to {reference[:60]}, outside the document; put it in")
        if reference in trail:
            raise Unfit(f"its schema refers to itself ({reference})")
        return _resolved(raw, _pointed(raw, reference), depth + 1, (*trail, reference))
    return {key: _resolved(raw, value, depth + 1, trail) for key, value in node.items() if key not in ("example", "examples")}


def _pointed(raw: dict[str, Any], reference: str) -> Any:
    node: Any = raw
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or part not in node:
            raise Unfit(f"it refers to {reference[:80]}, which is not in the document")
        node = node[part]
    return node


def _merged(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object's fields where allOf splits them."""
    if "allOf" not in schema:
        return schema
    parts = [_merged(part) for part in schema["allOf"]] + [{key: value for key, value in schema.items() if key != "allOf"}]
    properties = {name: told for part in parts for name, told in (part.get("properties") or {}).items()}
    required = [name for part in parts for name in part.get("required") or []]
    return {"type": "object", "properties": properties, "required": required}


def _values(schema: Mapping[str, Any]) -> Iterator[str]:
    """Names, descriptions and choices inside a schema."""
    for name, inner in (schema.get("properties") or {}).items():
        yield str(name)
        yield str(inner.get("description") or "")
        yield from _values(inner)
    yield from map(str, schema.get("enum") or ())
    if isinstance(schema.get("items"), Mapping):
        yield from _values(schema["items"])


def _plain(text: str) -> str:
    return " ".join(text.split())[:500]
