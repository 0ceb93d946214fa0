"""Routes with a declared permission, errors as problem details, JSON by orjson."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from math import isfinite
from typing import Any, Literal, Protocol, get_args, get_origin

import orjson
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI
from ninja import Router as NinjaRouter
from ninja.errors import HttpError, ValidationErrorContext
from ninja.errors import ValidationError as NinjaValidationError
from ninja.operation import Operation
from ninja.params.models import ParamModel
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import BaseModel

from wangge.kernel.access import Permission
from wangge.kernel.problems import Invalid, NotFound, Problem, TooMany, Unavailable, no_room
from wangge.kernel.web.auth import ANY_SESSION, PUBLIC, SIGNED_IN, Need, Requires
from wangge.kernel.web.replica import readable
from wangge.kernel.web.validation import fault
from wangge.kernel.words import Words, choose_language

__all__ = [
    "ANY_SESSION",
    "PUBLIC",
    "SIGNED_IN",
    "Router",
    "build",
    "check_names",
    "check_permissions",
    "language_of",
    "problem_response",
]

log = logging.getLogger("wangge.web")


class Json(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str)


class JsonParser(Parser):
    """What no column can hold is refused here, for every route, with the field's name: U+0000, half a character (as a text cut in the
    middle of an emoji by JavaScript has it), numbers that are none."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = request.body
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            with suppress(ValueError, RecursionError):
                _holdable(json.loads(body), "body")  # it reads more, so it can say which field is wrong
            raise Invalid.field(
                "body", "json", "请求正文不是合法的 JSON。", f"The body is not valid JSON: {error}."
            ) from error
        if b"\\u0000" in body:
            try:
                _holdable(found, "body")
            except RecursionError as error:
                raise Invalid.field("body", "depth", "请求正文嵌套过深。", "The body is nested too deeply.") from error
        return found

    def parse_querydict(self, data: MultiValueDict, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        where = "query" if data is request.GET else "form"
        for name, values in data.lists():
            for value in values:
                _holdable(value, f"{where}.{name}")
        return super().parse_querydict(data, list_fields, request)


def _holdable(value: Any, path: str) -> None:
    """Raises Invalid."""
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= c <= "\udfff" for c in value)):
        raise Invalid.field(
            path,
            "character",
            "含有无法保存的字符（空字符或半个字符）。",
            "Holds a character that cannot be kept (U+0000 or half a character).",
        )
    if isinstance(value, float) and not isfinite(value):
        raise Invalid.field(path, "finite_number", "应为有限的数字。", "Must be a finite number.")
    if isinstance(value, dict):
        for name, item in value.items():
            _holdable(name, path)
            _holdable(item, f"{path}.{name}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _holdable(item, f"{path}[{i}]")


class Router:
    """``ninja.Router`` whose every route says what it needs: a Permission, ``SIGNED_IN``, ``ANY_SESSION`` or ``PUBLIC``."""

    def __init__(self, *, tags: list[str]) -> None:
        self.inner = NinjaRouter(tags=tags)

    def get(
        self, path: str, *, permission: Need, replica: bool = False, **kwargs: Any
    ) -> Callable[[Callable], Callable]:
        """``replica``: a replica may answer it (``kernel/web/replica.py``)."""
        register = self._route("GET", path, permission, kwargs)
        if not replica:
            return register

        def far(view: Callable) -> Callable:
            readable(view)
            return register(view)

        return far

    def post(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("POST", path, permission, kwargs)

    def put(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("PUT", path, permission, kwargs)

    def patch(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("PATCH", path, permission, kwargs)

    def delete(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("DELETE", path, permission, kwargs)

    def head(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("HEAD", path, permission, kwargs)

    def options(self, path: str, *, permission: Need, **kwargs: Any) -> Callable[[Callable], Callable]:
        return self._route("OPTIONS", path, permission, kwargs)

    def _route(self, method: str, path: str, need: Need, kwargs: dict[str, Any]) -> Callable[[Callable], Callable]:
        extra = dict(kwargs.pop("openapi_extra", {}))
        extra["x-permission"] = str(need)
        declared = kwargs.get("response")
        own = set(declared) if isinstance(declared, dict) else set()
        responses = extra.setdefault("responses", {})
        for status in _possible(method, need) - own:
            responses.setdefault(status, {"$ref": "#/components/responses/Problem"})
        return self.inner.api_operation([method], path, auth=Requires(need), openapi_extra=extra, **kwargs)


def _possible(method: str, need: Need) -> set[int]:
    """The problem statuses any route of this kind may answer, for the API description."""
    found = {404, 422, 429, 503}
    if need != PUBLIC or method != "GET":
        found |= {401, 403}
    if method != "GET":
        found |= {409, 413}
    return found


class Named(Protocol):
    """A value of an enum that has a name in both languages."""

    @property
    def words(self) -> Words: ...


PROBLEM_SCHEMA = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable identifier of the kind of problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened and what to do, by Accept-Language"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "message"],
                "properties": {
                    "path": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "current": {"type": "object", "description": "With 409: the present state"},
    },
    "additionalProperties": True,
}
PROBLEM_RESPONSE = {
    "description": "Problem details (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Api(NinjaAPI):
    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext]
    ) -> NinjaValidationError:
        """As ninja does it, but the exception of a validator of ours stays one: it may carry ``Words``. The name of the view's
        parameter is left out: who asks does not know it."""
        errors = []
        for context in error_contexts:
            source, flat = context.model.__ninja_param_source__, context.model.__ninja_flatten_map_reverse__
            for e in context.pydantic_validation_error.errors(include_url=False, include_input=False):
                where = flat.get(e["loc"], e["loc"])
                if len(where) > 1 and source in ("body", "form", "file"):
                    where = where[1:]
                errors.append({**e, "loc": (source, *where)})
        return NinjaValidationError(errors)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """``cases_detail``: the tag and the view's name, which is what clients made from the description call it."""
        tag, name = (operation.tags or ["api"])[0], operation.view_func.__name__
        return f"{tag}_{name}".rstrip("_")

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(*args, **kwargs)
        schema["components"].setdefault("responses", {})["Problem"] = PROBLEM_RESPONSE
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        return schema


def build(
    *,
    title: str,
    version: str,
    description: str,
    words: Mapping[str, Iterable[Named] | Mapping[str, Words]] | None = None,
) -> Api:
    """An empty API with our renderer, parser and error answers. ``words``: what values are called, for ``x-words`` of the description."""
    named: dict[str, dict[str, Any]] = {}
    for kind, values in (words or {}).items():
        table = values if isinstance(values, Mapping) else {str(v): v.words for v in values}
        named[kind] = {str(value): name._asdict() for value, name in table.items()}
    api = Api(
        title=title,
        version=version,
        description=description,
        renderer=Json(),
        parser=JsonParser(),
        docs_url="/docs",
        openapi_extra={"x-words": named},
    )
    api.add_exception_handler(Problem, lambda request, error: problem_response(request, error))
    api.add_exception_handler(NinjaValidationError, _validation)
    api.add_exception_handler(Http404, lambda request, _: problem_response(request, NotFound(NOT_THERE)))
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(RequestDataTooBig, lambda request, _: problem_response(request, TooBig(TOO_BIG)))
    api.add_exception_handler(SuspiciousOperation, lambda request, _: problem_response(request, Problem(MALFORMED)))
    api.add_exception_handler(MultiPartParserError, lambda request, _: problem_response(request, Problem(MALFORMED)))
    api.add_exception_handler(OperationalError, _database_away)
    api.add_exception_handler(InterfaceError, _database_away)
    api.add_exception_handler(Exception, _defect)
    return api


NOT_THERE = Words("没有这个地址。", "There is nothing at this address.")
TOO_BIG = Words("请求内容超过 20 MB，请分批提交。", "The request is larger than 20 MB; send it in parts.")
MALFORMED = Words(
    "请求格式有误：表单残缺，或参数超过 1000 个。",
    "The request is malformed: a broken form, or more than 1000 parameters.",
)
AWAY = Words(
    "数据库暂时不可用，请稍后重试；同一 id 的提交不会重复生效。",
    "The database cannot be used at the moment. Try again soon: what is sent again with the same id is done once.",
)
DEFECT = Words(
    "系统内部错误，已记录。请稍后重试；如仍出现，请将编号 {number} 告知管理员。",
    "An internal error, which has been recorded. Try again; if it stays, give number {number} to your administrator.",
)


class TooBig(Problem):
    status, name, title = 413, "too-big", Words("内容过大", "Too large")


class Defect(Problem):
    status, name, title = 500, "internal", Words("系统错误", "Internal error")


class Plain(Problem):
    """An HTTP error raised below us (ninja): its status is kept."""

    name, title = "http", Words("请求无法处理", "The request cannot be served")


def check_permissions(api: Api) -> None:
    """Refuse to start with a route that declares no permission, or one that no domain has granted to anybody's role."""
    from wangge.kernel.access import permissions

    known = permissions()
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                needs = [a.need for a in operation.auth_callbacks if isinstance(a, Requires)]
                name = f"{'/'.join(operation.methods)} {prefix}{path}"
                if len(needs) != 1:
                    raise ImproperlyConfigured(f"{name} declares no permission")
                if isinstance(needs[0], Permission) and needs[0] not in known:
                    raise ImproperlyConfigured(f"{name} needs {needs[0]!r}, which is in no table of grants")


def check_names(kind: type[BaseModel] = BaseModel) -> None:
    """Refuse to start when two schemas, or two enums in them, have one name: in the API's description the one would stand for the other."""
    found: dict[str, str] = {}
    waiting = [kind]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if issubclass(kind, ParamModel):  # made of a view's parameters: described in place, under no name
            continue
        for named in [kind, *_enums(field.annotation for field in kind.model_fields.values())]:
            if (
                named.__module__.startswith("wangge.")
                and found.setdefault(named.__name__, named.__module__) != named.__module__
            ):
                raise ImproperlyConfigured(
                    f"{named.__name__} is a schema of both {found[named.__name__]} and {named.__module__}"
                )


def _enums(annotations: Iterable[Any]) -> Iterator[type[Enum]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            yield annotation
        elif get_origin(annotation) is not Literal:
            yield from _enums(get_args(annotation))


def language_of(request: HttpRequest) -> str:
    """The language the asker reads: that of the header, else of the person."""
    header = request.headers.get("Accept-Language")
    if header:
        return choose_language(header)
    principal = getattr(request, "principal", None)
    return (principal and principal.language) or "zh"


def problem_response(request: HttpRequest, error: Problem) -> HttpResponse:
    body = error.as_json(language_of(request)) | {"status": getattr(error, "http_status", error.status)}
    answer = HttpResponse(
        orjson.dumps(body, default=str), status=body["status"], content_type="application/problem+json"
    )
    if isinstance(error, TooMany) or "retry_after" in error.extra:
        answer["Retry-After"] = str(error.extra.get("retry_after", 60))
    if body["status"] == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _validation(request: HttpRequest, error: NinjaValidationError) -> HttpResponse:
    return problem_response(request, Invalid.fields(*map(fault, error.errors)))


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Problem):  # ninja wraps what our parser has to say
        return problem_response(request, error.__cause__)
    problem = Plain(Words(str(error.message), str(error.message)))
    problem.http_status = error.status_code
    return problem_response(request, problem)


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """It was restarted, cannot be reached, or gave the statement up: no defect, and worth another try."""
    log.error("database away", exc_info=error, extra={"request": getattr(request, "number", "-"), "path": request.path})
    return problem_response(request, Unavailable(AWAY, extra={"retry_after": 2}))


def _defect(request: HttpRequest, error: Exception) -> HttpResponse:
    number = getattr(request, "number", "-")
    if full := no_room(error):
        log.error("a disk is full", exc_info=error, extra={"request": number, "path": request.path})
        return problem_response(request, full)
    log.error("defect", exc_info=error, extra={"request": number, "path": request.path})
    return problem_response(request, Defect(DEFECT.fill(number=number)))
