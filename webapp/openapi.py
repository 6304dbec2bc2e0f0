"""The description of the API, made from the routes and the models they are checked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webapp import viewmodels as vm
from webapp.errors import PROBLEM_TYPE

View = Callable[..., Any]
OPENAPI_VERSION = "3.1.0"
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
PROBLEM_TEXT = {
    400: "The request is not understood.",
    401: "Nobody is signed in and no valid key was shown.",
    403: "The account or key does not allow this.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "Some fields cannot be used; `errors` names each.",
    429: "Too often in too short a time.",
    500: "A mistake of the shop.",
    503: "The database gives no turn, is away or takes nothing for now.",
}
ANY_CALL = (400, 500, 503)


@dataclass(frozen=True)
class Operation:
    """One call of the API."""

    method: str
    path: str
    view: str
    summary: str
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answers: dict[int, type[BaseModel]]
    problems: tuple[int, ...]
    scope: str
    example: str
    path_parameters: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


OPERATIONS: list[Operation] = []


def describe(
    method: str,
    path: str,
    *,
    answers: dict[int, type[BaseModel]],
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    scope: str = "",
    example: str = "",
    path_parameters: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
) -> Callable[[View], View]:
    """Note a view's contract beside its route; its docstring is the summary.

    ``files`` are the fields of a form that carry a file, each with what it is.
    """

    def note(view: View) -> View:
        summary = (view.__doc__ or "").strip().splitlines()[0]
        names = path_parameters or {}
        OPERATIONS.append(
            Operation(
                method, path, view.__name__, summary, query, body, answers, problems, scope, example, names, files or {}
            )
        )
        return view

    return note


def document(base_url: str, title: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    models: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in _models()]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": title, "version": "1"},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": found.get("$defs", {}) | {"Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


def _models() -> list[type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for operation in OPERATIONS:
        for model in (operation.body, *operation.answers.values()):
            if model is not None:
                found[model.__name__] = model
    return [found[name] for name in sorted(found)]


def _operation(operation: Operation) -> dict[str, Any]:
    answers = {
        str(status): {"description": "Done.", "content": {"application/json": {"schema": _ref(model.__name__)}}}
        for status, model in operation.answers.items()
    }
    answers |= {
        str(status): {"description": PROBLEM_TEXT[status], "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}}}
        for status in _problems(operation)
    }
    described: dict[str, Any] = {
        "operationId": operation.view,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": answers,
    }
    if operation.scope:
        described["security"] = [{"key": [operation.scope]}, {"session": []}]
    if operation.body is not None:
        content = {"application/json": {"schema": _ref(operation.body.__name__)}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.files:
        fields = {
            name: {"type": "string", "contentMediaType": "application/octet-stream", "description": text}
            for name, text in operation.files.items()
        }
        form = {"type": "object", "required": list(fields), "properties": fields}
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return described


def _problems(operation: Operation) -> list[int]:
    """Return what may go wrong with a call: its own troubles and those of every one."""
    takes_body = operation.body is not None or bool(operation.files)
    return sorted({*ANY_CALL, *operation.problems, *((413,) if takes_body else ())})


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "integer"}}
        for name, text in operation.path_parameters.items()
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        needed = schema.get("required", [])
        for name, values in schema["properties"].items():
            entry: dict[str, Any] = {"name": name, "in": "query", "required": name in needed, "schema": dict(values)}
            entry["description"] = entry["schema"].pop("description", "")
            if values.get("type") == "array":
                entry |= {"style": "form", "explode": False}
            found.append(entry)
    return found


def calls() -> tuple[vm.ApiCall, ...]:
    """Return the calls for the page that describes the API to people."""
    return tuple(_call(operation) for operation in OPERATIONS)


def _call(operation: Operation) -> vm.ApiCall:
    parameters = [
        vm.ApiParameter(entry["name"], _type_name(entry["schema"]), entry["description"], entry["required"])
        for entry in _parameters(operation)
    ]
    if operation.body is not None:
        schema = operation.body.model_json_schema()
        needed = schema.get("required", [])
        parameters += [
            vm.ApiParameter(name, _type_name(values), values.get("description", ""), name in needed)
            for name, values in schema["properties"].items()
        ]
    parameters += [vm.ApiParameter(name, "file", text, True) for name, text in operation.files.items()]
    return vm.ApiCall(
        operation.method,
        operation.path,
        operation.summary,
        tuple(parameters),
        operation.example,
        "",
        operation.scope,
    )


def _type_name(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kinds = [entry for entry in schema.get("anyOf", []) if entry.get("type") != "null"]
    return _type_name(kinds[0]) if kinds else str(schema.get("type", "object"))
