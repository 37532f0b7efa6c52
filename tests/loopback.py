"""A model service on loopback that speaks chat.completions: structured output, tools, and faults on request.

For tests: `with serve(script=["429", "ok"]) as service: ... service.base_url`. For benchmarks:
`python -m tests.loopback --port 9000 --latency-ms 200`. Answers are deterministic, of the type that the
request's json_schema names, and quote the passages that stand in the prompt.
"""

import argparse
import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

FAULTS = {
    "429": (429, {"error": {"message": "slow down", "type": "rate_limit"}}),
    "500": (500, {"error": {"message": "internal", "type": "server_error"}}),
    "401": (401, {"error": {"message": "wrong key", "type": "auth"}}),
    "wrong_shape": (200, {"hello": "world"}),
    "no_choices": (200, {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []}),
}
_PASSAGE = re.compile(r"^\[([^\]\s]+)\] .*\n(.+?[.!?])(?:\s|$)", re.MULTILINE)


class Loopback:
    """The service. `script` says what happens to each request in turn, and `ok` after its end:

    ok, one of FAULTS, `timeout` (no answer), `drop` (connection closed half way), `broken_body` (not JSON),
    `broken_json` (a content that is not JSON), `wrong_answer` (JSON of another type), `refusal`, or
    `tools:NAME:ARGUMENTS` (a wish to call a tool).
    """

    def __init__(self, *, script: list[str] | None = None, latency: float = 0.0, port: int = 0) -> None:
        self.script, self.latency, self.port = list(script or []), latency, port
        self.requests: list[dict[str, Any]] = []
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            await self._server.wait_closed()

    def assert_consumed(self) -> None:
        assert not self.script, f"these lines of the script were never asked for: {self.script}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is to be closed."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"content-length:\s*(\d+)", head, re.IGNORECASE)
        request = json.loads(await reader.readexactly(int(length.group(1)))) if length else {}
        self.requests.append(request)
        line = self.script.pop(0) if self.script else "ok"
        await asyncio.sleep(3600 if line == "timeout" else self.latency)
        if line in FAULTS:
            status, body = FAULTS[line]
            retry = "retry-after-ms: 20\r\n" if status == 429 else ""
            writer.write(_http(status, json.dumps(body), retry))
        elif line == "broken_body":
            writer.write(_http(200, '{"id": "x", "choices": [{'))
        elif line == "drop":
            writer.write(_http(200, json.dumps(completion(request, "ok")))[:120])
            await writer.drain()
            return False
        else:
            writer.write(_http(200, json.dumps(completion(request, line))))
        await writer.drain()
        return True


@contextlib.contextmanager
def serve(*, script: list[str] | None = None, latency: float = 0.0, port: int = 0) -> Iterator[Loopback]:
    """The service in a thread of its own, for any number of event loops to talk to."""
    service, loop, ready = Loopback(script=script, latency=latency, port=port), asyncio.new_event_loop(), threading.Event()

    async def work() -> None:
        await service.start()
        ready.set()
        await stopping.wait()
        await service.stop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    stopping = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(work()), daemon=True)
    thread.start()
    assert ready.wait(10), "the loopback service did not start"
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()


def completion(request: dict[str, Any], line: str) -> dict[str, Any]:
    """The chat.completion for a request."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    finish = "stop"
    if line.startswith("tools:"):
        _, name, arguments = line.split(":", 2)
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}]
        finish = "tool_calls"
    elif line == "refusal":
        message["refusal"] = "I cannot help with that."
    else:
        content = json.dumps(answer(request))
        message["content"] = {"broken_json": content[: len(content) // 2], "wrong_answer": '{"colour": "blue"}'}.get(
            line, content
        )
    prompt = sum(len(str(part.get("content") or "")) for part in request.get("messages", [])) // 4
    said = len(message["content"] or "") // 4
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": prompt // 4},
    }
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model", ""),
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": usage,
    }


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """A valid answer of the type the request's schema names."""
    name = request.get("response_format", {}).get("json_schema", {}).get("name", "")
    prompt = "\n".join(str(message["content"]) for message in request["messages"] if message["role"] == "user")
    makers = {
        "Plan": _plan, "Facts": _facts, "Reply": _reply, "Review": _review, "Reading": _reading, "Relevance": _relevance,
        "Judgements": _judgements, "Translated": _translated, "Settled": _settled,
    }  # fmt: skip
    return makers[name](prompt) if name in makers else {}


def _plan(prompt: str) -> dict[str, Any]:
    category = re.search(r"^- ([a-z0-9_]+): ", prompt, re.MULTILINE)
    near = re.search(r"^- \[([a-z0-9_]+), [\d.]+\]", prompt, re.MULTILINE)
    subject = re.search(r"^Subject: (.+)$", prompt, re.MULTILINE)
    question = subject.group(1).strip() if subject else "What does the customer need?"
    slug = near.group(1) if near else category.group(1) if category else "general"
    return {
        "action": "answer",
        "category": slug,
        "priority": "normal",
        "sentiment": "neutral",
        "language": "en",
        "summary": question,
        "questions": [question],
        "searches": [question],
        "missing": [],
        "escalation_reason": None,
        "requested_actions": [],
        "risk": "low",
        "confidence": 0.9,
    }


def _facts(prompt: str) -> dict[str, Any]:
    facts = [{"text": text, "source": source} for source, text in _PASSAGE.findall(prompt)[:2]]
    return {"facts": facts, "unanswered": [], "requested_actions": []}


def _reply(prompt: str) -> dict[str, Any]:
    facts = [{"text": text, "kind": "fact", "passages": [source]} for source, text in _PASSAGE.findall(prompt)[:2]]
    greeting = [{"text": "Hello,", "kind": "courtesy", "passages": []}]
    told = [{"text": "Thank you for your message.", "kind": "courtesy", "passages": []}, *facts]
    return {
        "subject": "Your message",
        "paragraphs": [{"style": "text", "sentences": greeting}, {"style": "text", "sentences": told}],
    }


def _reading(prompt: str) -> dict[str, Any]:
    """The question as it was asked."""
    found = re.search(r"<<<QUESTION \w+\n(.+?)\n\w+ QUESTION>>>", prompt, re.DOTALL)
    return {"search": found.group(1) if found else "?"}


def _relevance(prompt: str) -> dict[str, Any]:
    """The last passage answers, the others are about the same matter."""
    ids = [source for source, _ in _PASSAGE.findall(prompt)]
    return {"grades": [{"passage": id, "grade": 3 if id == ids[-1] else 1} for id in ids]}


def _judgements(prompt: str) -> dict[str, Any]:
    """Every sentence stands in the first passage, but the last one, which stands nowhere."""
    asked = re.search(r"<<<SENTENCES \w+\n(.+?)\n\w+ SENTENCES>>>", prompt, re.DOTALL)
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", asked.group(1) if asked else "", re.MULTILINE)]
    first = next((source for source, _ in _PASSAGE.findall(prompt)), None)
    said = [{"sentence": n, "supported": True, "passage": first, "reason": ""} for n in numbers]
    if said:
        said[-1] |= {"supported": False, "reason": "No passage says so."}
    return {"judgements": said}


def _settled(_prompt: str) -> dict[str, Any]:
    return {"settled": "yes", "reason": "All that was asked is answered."}


def _translated(prompt: str) -> dict[str, Any]:
    """Every sentence as it stands, but for the first figure of the whole, which gets a nine before it, and the last "nicht", which goes."""
    asked = re.search(r"<<<DRAFT \w+\n(.+?)\n\w+ DRAFT>>>", prompt, re.DOTALL)
    lines = re.findall(r"^(\d+)\. (.+)$", asked.group(1) if asked else "", re.MULTILINE)
    texts = "\n".join(text for _, text in lines)
    texts = re.sub(r"(?<!\w)(\d)", r"9\1", texts, count=1)  # not in a placeholder
    before, negation, after = texts.rpartition(" nicht")
    texts = before + after if negation else texts
    return {"sentences": [{"number": int(n), "text": text} for (n, _), text in zip(lines, texts.split("\n"), strict=True)]}


def _review(_prompt: str) -> dict[str, Any]:
    return {"verdict": "approve", "notes": [], "unanswered": [], "confidence": 0.9}


def _http(status: int, body: str, extra: str = "") -> bytes:
    payload = body.encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n{extra}\r\n"
    return head.encode() + payload


async def _main(port: int, latency: float) -> None:
    service = Loopback(port=port, latency=latency)
    await service.start()
    print(f"loopback model at {service.base_url}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A model service on loopback, for benchmarks.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(options.port, options.latency_ms / 1000))
