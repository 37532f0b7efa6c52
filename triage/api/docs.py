"""The reference page of the API, made from its OpenAPI description; no script, nothing loaded from outside."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def reference(openapi: dict[str, Any]) -> HTMLResponse:
    """The page for a description."""
    html = _templates().get_template("reference.html").render(api=openapi, operations=operations(openapi))
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})


def operations(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    """Every method of every path as plain values: verb, path, summary, fields in, fields out, answers, example."""
    found = []
    for path, methods in openapi["paths"].items():
        for verb, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answers = operation["responses"]
            good = next((code for code in answers if code.startswith("2")), "")
            out = answers.get(good, {}).get("content", {}).get("application/json", {}).get("schema")
            found.append({
                "verb": verb.upper(), "path": f"/api/v1{path}", "summary": operation.get("summary", ""),
                "description": operation.get("description", ""), "good": good, "others": sorted(set(answers) - {good}),
                "parameters": [_parameter(entry) for entry in operation.get("parameters", [])],
                "fields": _fields(openapi, body), "answer": _fields(openapi, out), "curl": _curl(verb, path, body),
            })  # fmt: skip
    return found


def _parameter(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "kind": _kind(entry["schema"]),
        "required": entry.get("required", False),
        "about": entry.get("description") or entry["schema"].get("description", ""),
    }


def _fields(openapi: dict[str, Any], schema: dict[str, Any] | None) -> list[dict[str, Any]]:
    schema = _resolved(openapi, schema or {})
    required = schema.get("required", [])
    return [
        {"name": name, "kind": _kind(entry), "required": name in required, "about": entry.get("description", "")}
        for name, entry in schema.get("properties", {}).items()
    ]


def _resolved(openapi: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if reference := schema.get("$ref"):
        target: dict[str, Any] = openapi["components"]["schemas"][reference.rsplit("/", 1)[1]]
        return target
    return schema


def _kind(schema: dict[str, Any]) -> str:
    """A schema's type in a word or two."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(entry) for entry in schema["anyOf"]))
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "value")


def _curl(verb: str, path: str, body: dict[str, Any] | None) -> str:
    address = f"https://desk.example/api/v1{path.replace('{ticket_id}', '7')}"
    if not body:
        return f"curl -H 'Authorization: Bearer KEY' {address}"
    example = (
        {"subject": "Leaking machine", "body": "Water drips from below.", "from": "ada@customer.example"}
        if path == "/tickets"
        else {"body": "It only leaks when the tank is full."}
    )
    return (
        f"curl -X {verb.upper()} {address} \\\n  -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \\\n"
        f"  -H 'Idempotency-Key: 2f6f1c52' -d '{json.dumps(example)}'"
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
