"""Whether the model service can be reached, for `triage doctor`."""

import asyncio

import openai

from triage.llm.openai import service_client
from triage.settings import Settings


def reach(settings: Settings) -> str | None:
    """None when the service lists its models within five seconds, else what went wrong in one line."""
    return asyncio.run(_ask(settings))


async def _ask(settings: Settings) -> str | None:
    client = service_client(settings)
    try:
        await client.with_options(timeout=5.0, max_retries=0).models.list()
    except openai.APIStatusError as error:
        return None if error.status_code == 404 else f"{error.status_code} from {client.base_url}"
    except openai.APIError as error:
        return f"{type(error).__name__} at {client.base_url}"
    finally:
        await client.close()
    return None
