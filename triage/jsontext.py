"""JSON text, fast: for columns, requests and hashes, which every ticket writes many of.

Values that orjson does not take (numbers of more than 64 bits, lone surrogates, keys that are no strings) are written
by the standard library as before.
"""

import json
from typing import Any

import orjson

loads = orjson.loads


def dumps(value: Any) -> str:
    """The value as JSON. Raises TypeError for what JSON cannot hold."""
    return encoded(value).decode()


def encoded(value: Any) -> bytes:
    """`dumps` as UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def canonical(value: Any) -> bytes:
    """The same bytes for the same value, whatever the order of its keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True).encode()
