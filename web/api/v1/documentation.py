"""The description of the API: its page, by Swagger UI, and a page of its problems."""

import json
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import flask_openapi3_swagger
from apiflask import APIBlueprint, APIFlask
from flask import render_template
from flask.typing import ResponseReturnValue

from movr.errors import Refusal
from web.api.v1 import idempotency, problems
from web.api.v1.schemas import Problem
from web.languages import ENGLISH
from web.rendering import static_files

VERSION: Final = "1"
SPEC_PATH: Final = "/api/v1/openapi.json"
FILES: Final = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
DESCRIPTION: Final = (
    "Ride, reserve and own MovR's vehicles. Times are RFC 3339 in UTC, distances metres, amounts"
    " minor units of their currency. Errors are problems (RFC 9457). Lists come in pages, each with"
    " the URL of the next. A write may be repeated with its `Idempotency-Key` for a day: what it"
    " makes is made once."
)
_UNREADABLE_BODY: Final = (  # web/security/request_body.py
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)

blueprint = APIBlueprint("api_docs", __name__, url_prefix="/api/v1/docs", enable_openapi=False)


def init_app(app: APIFlask) -> None:
    """Describe the API, and serve Swagger UI's script and style."""
    app.title, app.version, app.description = "MovR", VERSION, DESCRIPTION
    app.config.update(
        AUTO_200_RESPONSE=False,  # pages are not part of the API
        AUTO_SERVERS=False,
        VALIDATION_ERROR_STATUS_CODE=422,
        AUTO_404_RESPONSE=False,
    )
    folder = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
    files = {name: folder / path for name, path in FILES.items()}
    app.spec_processor(_describe)
    app.add_url_rule("/swagger/<path:filename>", endpoint="swagger")
    static_files.serve_files(app, "swagger", files)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show the operations, to try; they are described in English."""
    return render_template("api/docs.html", spec=SPEC_PATH), {"Content-Language": ENGLISH}


@blueprint.get("/problems", endpoint="problems")
def list_problems() -> str:
    """Describe the kinds of problems, to which their types lead."""
    kinds = {
        problems.slug_of(kind): kind
        for kind in sorted(_kinds_of(Refusal), key=lambda kind: kind.__name__)
    }
    return render_template("api/problems.html", kinds=kinds)


def _kinds_of(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def _describe(spec: Any) -> Any:  # noqa: ANN401 - as APIFlask calls it
    """Return the description with one schema for each noun, and problems as the errors."""
    spec = _with_plain_names(spec)
    _describe_problems(spec)
    return spec


def _with_plain_names(spec: dict[str, Any]) -> dict[str, Any]:
    """Call schemas within others, such as `Rides.Ride`, by their own names.

    Otherwise a client that is generated from the description would have several classes of a name.
    """
    start = "#/components/schemas/"
    plain: dict[str, Any] = json.loads(re.sub(rf'("{start})\w+\.', r"\1", json.dumps(spec)))
    schemas = plain["components"]["schemas"]
    plain["components"]["schemas"] = {
        name.rpartition(".")[2]: schema for name, schema in schemas.items()
    }
    return plain


def _describe_problems(spec: dict[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    for name in ("HTTPError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    content = {problems.MIMETYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for method, operation in (each for path in spec["paths"].values() for each in path.items()):
        if method != "get":
            _describe_write(operation)
        if body := operation.get("requestBody"):
            body["required"] = True
            _add_responses(operation, _UNREADABLE_BODY)
        _add_responses(operation, [HTTPStatus.SERVICE_UNAVAILABLE])
        for status, response in operation["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                response["content"] = content


def _describe_write(operation: dict[str, Any]) -> None:
    """Describe what all writes have: an idempotency key, and a limit."""
    operation.setdefault("parameters", []).append(idempotency.PARAMETER)
    _add_responses(operation, [HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS])


def _add_responses(operation: dict[str, Any], statuses: Iterable[HTTPStatus]) -> None:
    for status in statuses:
        operation["responses"].setdefault(str(status.value), {"description": status.phrase})
