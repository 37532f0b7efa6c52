"""JSON schemas as strict structured output wants them: closed objects, every field required, no defaults."""

from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def strict_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The strict schema of a type; made once per type, do not change what is returned."""
    schema = kind.model_json_schema()
    definitions = schema.get("$defs", {})
    strict: dict[str, Any] = _strict(schema, definitions)
    return strict


def _strict(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and len(node) > 1:  # a reference may have no neighbours: put what it names in its place
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    kept = {key: value for key, value in node.items() if key != "default" and not (key == "title" and isinstance(value, str))}
    strict = {
        key: _named(value, definitions) if key in ("properties", "$defs") else _strict(value, definitions)
        for key, value in kept.items()
    }
    if "properties" in strict or strict.get("type") == "object":
        strict.setdefault("properties", {})
        strict["required"], strict["additionalProperties"] = list(strict["properties"]), False
    return strict


def _named(members: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A mapping whose keys are names of fields or types, not keywords: all of them stay."""
    return {name: _strict(member, definitions) for name, member in members.items()}
