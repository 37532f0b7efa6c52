"""An OpenAPI document as tools: what is understood, what is refused, and that the reason is told."""

import json
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.orders_api import DOCUMENT
from triage.connections.arguments import model_of
from triage.connections.openapi import Operation, parse
from triage.errors import InputError
from triage.llm.schema import strict_schema

TEXT = DOCUMENT.replace("SERVER", "https://api.example.com/v1")


def operations(text: str = TEXT) -> dict[str, Operation]:
    return {operation.name: operation for operation in parse(text).operations}


def document(schema: dict[str, Any], **components: Any) -> str:
    body = {"content": {"application/json": {"schema": schema}}}
    operation = {
        "operationId": "tellWarehouse",
        "summary": "Tell the warehouse",
        "requestBody": body,
        "responses": {"200": {"description": "ok"}},
    }
    return json.dumps({
        "openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/hints": {"post": operation}}, "components": {"schemas": components},
    })  # fmt: skip


def test_operations_with_what_can_be_done_with_each() -> None:
    found = operations()
    assert {name: operation.effect for name, operation in found.items()} == {
        "getOrderState": "read", "deleteOrder": "", "changeOrderAddress": "propose", "refundOrder": "", "getProduct": "read", "listShops": "read",
        "getCustomer": "read", "addNote": "",
    }  # fmt: skip
    assert "deletes" in found["deleteOrder"].problem and "money" in found["refundOrder"].problem
    assert "free object" in found["addNote"].problem
    assert [p.key for p in found["changeOrderAddress"].parameters] == [
        "path.order_number",
        "body.street",
        "body.city",
        "body.note",
    ]


def test_yaml_and_json_say_the_same() -> None:
    assert parse(json.dumps(yaml.safe_load(TEXT))) == parse(TEXT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("{", "neither JSON nor YAML"),
        ("a: &a [1]\nb: [*a, *a]", "aliases"),
        ('swagger: "2.0"', "Swagger 2"),
        ("hello: world", "no OpenAPI"),
        ("openapi: 3.0.0\ninfo: {title: x}\npaths: {}", "does not follow OpenAPI"),
        ("x" * 2_000_001, "more than"),
    ],
)
def test_a_document_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("schema", "components", "said"),
    [
        ({"type": "object", "properties": {"a": {"type": "object"}}}, {}, "free object"),
        ({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": True}}}, {}, "free object"),
        ({"type": "object", "properties": {"a": {}}}, {}, "no single type"),
        ({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}, {}, "alternatives"),
        ({"type": "array", "items": {"type": "string"}}, {}, "named fields"),
        ({"type": "object"}, {}, "named fields"),
        ({"$ref": "https://evil.example/schema.json"}, {}, "outside the document"),
        ({"$ref": "#/components/schemas/Gone"}, {}, "not in the document"),
        ({"$ref": "#/components/schemas/A"}, {"A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}}, "itself"),
    ],
)  # fmt: skip
def test_what_a_model_could_fill_with_anything_is_refused(schema: dict[str, Any], components: dict[str, Any], said: str) -> None:
    [operation] = parse(document(schema, **components)).operations
    assert operation.effect == "" and said in operation.problem


def test_the_schema_a_model_sees_is_closed_and_described() -> None:
    shape = {"type": "object", "required": ["lines"], "properties": {
        "lines": {"type": "array", "description": "What is packed", "items": {"$ref": "#/components/schemas/Line"}},
        "mood": {"type": ["string", "null"], "description": "How urgent it is", "enum": ["calm", "hurry"]},
        "shown": {"type": "boolean", "description": "Whether it is printed", "readOnly": True},
    }}  # fmt: skip
    line = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string", "description": "Article"}, "count": {"type": "integer", "description": "How many"}}}  # fmt: skip
    [operation] = parse(document(shape, Line=line)).operations
    arguments = [
        {"name": p.name, "schema": p.schema, "description": p.description, "required": p.required} for p in operation.parameters
    ]
    model = model_of("tell_warehouse", arguments)
    schema = strict_schema(model)
    assert schema["additionalProperties"] is False and schema["required"] == ["lines", "mood"]
    assert schema["properties"]["lines"]["description"] == "What is packed"
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values())
    model.model_validate_json('{"lines": [{"sku": "A", "count": 2}], "mood": null}', strict=True)
    for wrong in ('{"lines": [{"sku": 1}]}', '{"lines": [], "more": 1}', '{"lines": [], "mood": "angry"}', "{}"):
        with pytest.raises(ValidationError):
            model.model_validate_json(wrong, strict=True)
