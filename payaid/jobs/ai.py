"""One client for whatever speaks like OpenAI's API: text, transcripts, pictures. Each call is counted and bounded.

What comes back is input like any other: it is parsed here, and validated by whoever asked for it.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import httpx

from payaid.jobs import outside
from payaid.jobs.job import Job
from payaid.jobs.policy import Permanent, Transient, Uncertain

SPEND = """
INSERT INTO "AiUsage" AS u ("tenantId", day, calls)
SELECT %(tenant)s, (now() AT TIME ZONE 'Asia/Kolkata')::date, 1 WHERE %(most)s > 0
ON CONFLICT ("tenantId", day) DO UPDATE SET calls = u.calls + 1 WHERE u.calls < %(most)s
RETURNING calls
"""
NAME = "the AI service"
PICTURE_LIMIT = 20_971_520
PNG = b"\x89PNG\r\n\x1a\n"


async def answer(job: Job, instructions: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the model says of these facts: a JSON object, of which nothing is known yet.

    Raises:
        Permanent: AI is not set up, the day's budget is spent, or the service refuses.
        Transient: it is away, or answered no JSON object.
    """
    said = await _ask(job, "chat/completions", json={
        "model": job.services.settings.ai_model,
        "temperature": 0,
        "response_format": {"type": "json_object"},
        "messages": [
            {"role": "system", "content": instructions},
            {"role": "user", "content": json.dumps(facts, ensure_ascii=False, default=str)},
        ],
    })  # fmt: skip
    try:
        found = json.loads(said["choices"][0]["message"]["content"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Transient(f"{NAME} answered no JSON object") from error
    if not isinstance(found, dict):
        raise Transient(f"{NAME} answered no JSON object")
    return found


async def transcript(job: Job, name: str, sound: bytes) -> str:
    """What is said in a recording; `name` tells the service its format by the ending."""
    said = await _ask(
        job, "audio/transcriptions", data={"model": job.services.settings.ai_transcription_model},
        files={"file": (name, sound)},
    )  # fmt: skip
    if not isinstance(text := said.get("text"), str):
        raise Transient(f"{NAME} answered no transcript")
    return text


async def picture(job: Job, prompt: str, size: str) -> bytes:
    """A PNG of what the prompt describes."""
    model = job.services.settings.ai_image_model
    wanted: dict[str, Any] = {"model": model, "prompt": prompt, "size": size, "n": 1}
    if model.startswith("dall-e"):
        wanted["response_format"] = "b64_json"  # newer models answer nothing else, and refuse to be asked
    said = await _ask(job, "images/generations", json=wanted)
    try:
        found = base64.b64decode(said["data"][0]["b64_json"], validate=True)
    except (KeyError, IndexError, TypeError, binascii.Error) as error:
        raise Transient(f"{NAME} answered no picture") from error
    if not found.startswith(PNG) or len(found) > PICTURE_LIMIT:
        raise Transient(f"{NAME} answered no PNG of at most {PICTURE_LIMIT} bytes")
    return found


async def _ask(job: Job, path: str, **request: Any) -> Any:
    settings = job.services.settings
    if not settings.ai_base_url or not settings.ai_key:
        raise Permanent("AI_BASE_URL or AI_API_KEY is not set: there is no AI here")
    await _spend(job, settings.ai_daily_calls)
    key = settings.ai_key.get_secret_value()
    try:
        answered = await outside.ask(
            job, NAME, f"{settings.ai_base_url}/{path}", secret=key, headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(settings.ai_timeout_s, connect=5.0), **request,
        )  # fmt: skip
        return answered.json()
    except (Uncertain, ValueError) as error:  # to ask again does nobody harm
        raise Transient(str(error)) from error


async def _spend(job: Job, most: int) -> None:
    """Count the call before it is made: one that fails may have cost as well."""
    async with job.session() as connection:
        cursor = await connection.execute(SPEND, {"tenant": job.tenant, "most": most})
        if await cursor.fetchone() is None:
            raise Permanent(f"the day's budget of {most} AI calls (AI_DAILY_CALLS) is spent")
