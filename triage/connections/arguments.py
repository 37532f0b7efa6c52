"""An operation's parameters as a closed type: what a model may fill in, no more and no free dictionaries."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from triage.errors import TriageError

LONGEST = 4_000  # characters of one argument
_KEPT = ("type", "enum", "description")
_PLAIN: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_DEEPEST = 4


class Unfit(TriageError):
    """An operation that cannot become a tool, and why."""


def fit(schema: Mapping[str, Any], name: str, *, flat: bool = False, depth: int = 0) -> dict[str, Any]:
    """The schema in the few words that are understood here. Raises Unfit for what a model could fill with anything.

    `flat` allows no objects, for paths and queries.
    """
    if depth > _DEEPEST:
        raise Unfit(f"{name} is nested more than {_DEEPEST} deep")
    schema = _only_one(schema, name)
    kinds = [kind for kind in _listed(schema.get("type")) if kind != "null"]
    if "enum" in schema:
        choices = [choice for choice in schema["enum"] if isinstance(choice, str | int) and choice is not None]
        if not choices:
            raise Unfit(f"{name} has choices that are neither texts nor numbers")
        return {"enum": choices} | _told(schema)
    if len(kinds) != 1:
        raise Unfit(f"{name} has no single type; a free value is not filled in")
    kind = kinds[0]
    if kind in _PLAIN:
        return {"type": kind} | _told(schema)
    if kind == "array":
        return {"type": "array", "items": fit(schema.get("items") or {}, f"{name}[]", flat=flat, depth=depth + 1)} | _told(schema)
    properties = schema.get("properties")
    if flat or kind != "object" or not properties or schema.get("additionalProperties") not in (None, False):
        raise Unfit(f"{name} is a free object; name its fields in the document, or leave it out")
    inner = {key: fit(told, f"{name}.{key}", depth=depth + 1) for key, told in properties.items() if not told.get("readOnly")}
    needed = [key for key in schema.get("required") or [] if key in inner]
    return {"type": "object", "properties": inner, "required": needed} | _told(schema)


def model_of(name: str, arguments: Iterable[Mapping[str, Any]]) -> type[BaseModel]:
    """The closed pydantic model of a tool's arguments, as stored: name, schema, description, required."""
    fields: dict[str, Any] = {}
    for argument in arguments:
        kind = _type(argument["schema"], f"{name}_{argument['name']}")
        given = kind if argument["required"] else kind | None
        fields[argument["name"]] = (given, Field(... if argument["required"] else None, description=argument["description"]))
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _type(schema: Mapping[str, Any], name: str) -> Any:
    if "enum" in schema:
        return reduce(or_, (Literal[choice] for choice in schema["enum"]))
    if schema["type"] == "array":
        return list[_type(schema["items"], name)]  # type: ignore[misc]
    if schema["type"] == "object":
        inner = [
            {"name": key, "schema": told, "description": told.get("description") or key, "required": key in schema["required"]}
            for key, told in schema["properties"].items()
        ]
        return model_of(name, inner)
    return _PLAIN[schema["type"]]


def _only_one(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """`anyOf: [X, null]` and `allOf: [X]` are X; real alternatives are not filled in."""
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            real = [one for one in schema[word] if one.get("type") != "null"]
            if len(real) != 1:
                raise Unfit(f"{name} has alternatives ({word}); one plain type is needed")
            return {**_only_one(real[0], name), **_told(schema)}
    return schema


def _told(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": " ".join(str(schema["description"]).split())[:500]} if schema.get("description") else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
