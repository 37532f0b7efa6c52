"""Errors as application/problem+json (RFC 9457), each with what to do."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from triage.errors import InputError

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    field: str = Field(description="Where in the request, such as body.from.")
    problem: str = Field(description="What is wrong there.")


class ProblemBody(BaseModel):
    """What every error answers."""

    type: str = Field(default="about:blank", description="Always about:blank; the status says the kind.")
    title: str = Field(description="The kind of error in two or three words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened.")
    action: str = Field(description="What to do about it.")
    errors: list[FieldProblem] = Field(default=[], description="With 422: each field that cannot be used.")


class Problem(Exception):
    """Raised by routes; becomes a problem+json answer."""

    def __init__(self, status: int, detail: str, action: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.action, self.headers = status, detail, action, headers or {}
        self.fields: list[FieldProblem] = []


def invalid(fields: list[FieldProblem]) -> Problem:
    """422: the request was understood but some fields cannot be used."""
    problem = Problem(
        422, "Some fields cannot be used; nothing was changed.", "Correct the fields named in errors and send it again."
    )
    problem.fields = fields
    return problem


def answer(problem: Problem) -> JSONResponse:
    """The problem as a response."""
    body = ProblemBody(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        action=problem.action,
        errors=problem.fields,
    )
    return JSONResponse(body.model_dump(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> JSONResponse:
        return answer(error)

    @app.exception_handler(InputError)
    async def _input(_request: Request, error: InputError) -> JSONResponse:
        return answer(Problem(422, str(error), "Correct the request and send it again."))

    @app.exception_handler(RequestValidationError)
    async def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(invalid([field_problem(entry["loc"], entry["msg"]) for entry in error.errors()]))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        action = "See /api/v1/docs for the addresses and methods that exist."
        return answer(Problem(error.status_code, str(error.detail), action, headers=dict(error.headers or {})))

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(
            Problem(
                500,
                "The desk failed on this request.",
                "Send it again with the same Idempotency-Key; if it fails again, look at the desk's log.",
            )
        )


def field_problem(location: tuple[int | str, ...], message: str) -> FieldProblem:
    """One field of a validation error, in words."""
    return FieldProblem(field=".".join(map(str, location)), problem=message.removeprefix("Value error, "))
