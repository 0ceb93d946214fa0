"""OGC API - Features (17-069r4): core, GeoJSON and OpenAPI 3.0, so that QGIS and other GIS clients open the layers as they are.

Every layer of grids is a collection; an item's id is its grid code. For signed-in people and tokens, or for everybody when
the setting `public_layers` is on. Nothing personal is in here: names and borders alone. Packages above add collections of their own
(``add``), each for who may read it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from wangge.domain.places import queries
from wangge.domain.places.features import box_of, grid_feature
from wangge.domain.places.tags import PlacesPermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, NotFound, Problem, Unauthorized
from wangge.kernel.web.api import language_of, problem_response
from wangge.kernel.web.auth import principal_of
from wangge.kernel.words import Words

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
CONFORMS = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{c}" for c in ("core", "oas30", "geojson")]
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
DEFAULT_LIMIT, MOST = 100, 10_000
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)

TITLE = Words("网格图层", "Grid layers")
ABOUT = Words("网格与其边界（WGS 84）", "Grids and their borders (WGS 84)")


Box = tuple[float, float, float, float]


class Found(NamedTuple):
    """A page of features; ``after``: what the next one is asked with, None for the last."""

    features: list[dict[str, Any]]
    after: str | None


class Collection(Protocol):
    """Features of another package. A reader is told of it when ``readable`` says so."""

    key: str
    words: Words
    about: Words

    def readable(self, by: Principal) -> bool: ...

    def items(self, by: Principal, *, box: Box | None, times: dict[str, Any], after: str, limit: int) -> Found:
        """``times``: ``since`` and ``at`` (until) of an interval, ``at`` alone of a moment, or neither."""

    def item(self, by: Principal, id: str) -> dict[str, Any]:
        """Raises NotFound."""


_added: dict[str, Collection] = {}


def add(collection: Collection) -> None:
    """Serve this collection too. Its key must be that of no layer: layers' keys are lower-case words, so begin it with a capital."""
    _added[collection.key] = collection


def _other(request: HttpRequest, key: str) -> Collection | None:
    """A collection that was added and that this reader may read."""
    found = _added.get(key)
    return found if found is not None and found.readable(principal_of(request)) else None


class BadQuery(Problem):
    """The standard asks for 400 where our own API says 422."""

    status, name, title = 400, "bad-query", Words("查询参数有误", "Wrong query parameter")


def served(*known: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view for readers of places: GET only, only the query parameters it knows, problems as problem details."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                _admit(request)
                if request.method not in ("GET", "HEAD"):
                    return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
                unknown = sorted(set(request.GET) - {"f", *known})
                if unknown:
                    raise BadQuery(Words(f"没有参数 {unknown[0]}。", f"There is no parameter {unknown[0]}."))
                if request.GET.get("f", "json") not in ("json", "geojson", GEOJSON, "application/json"):
                    raise BadQuery(Words("只提供 JSON（f=json）。", "Only JSON is served (f=json)."))
                return view(request, *args, **kwargs)
            except Invalid as error:
                return problem_response(request, BadQuery(error.detail, errors=error.errors))
            except Problem as error:
                return problem_response(request, error)

        return guarded

    return wrap


def _admit(request: HttpRequest) -> None:
    principal = principal_of(request)
    if settings.CONFIG.public_layers or any(c.readable(principal) for c in _added.values()):
        return
    if principal.kind == "public":
        raise Unauthorized(Words("请先登录，或在请求头中给出访问令牌。", "Log in first, or send an access token."))
    principal.require(PlacesPermission.READ)


def _json(value: Any, kind: str = "application/json") -> HttpResponse:
    return HttpResponse(orjson.dumps(value, default=str), content_type=kind)


def _root(request: HttpRequest) -> str:
    return request.build_absolute_uri("/ogc")


def _link(href: str, rel: str, kind: str = "application/json", title: str = "") -> dict[str, str]:
    return {"href": href, "rel": rel, "type": kind} | ({"title": title} if title else {})


@served()
def landing(request: HttpRequest) -> HttpResponse:
    root, language = _root(request), language_of(request)
    return _json(
        {
            "title": TITLE.say(language),
            "description": ABOUT.say(language),
            "links": [
                _link(f"{root}/", "self"),
                _link(f"{root}/api", "service-desc", OPENAPI),
                _link(f"{root}/conformance", "conformance"),
                _link(f"{root}/collections", "data"),
            ],
        }
    )


@served()
def conformance(request: HttpRequest) -> HttpResponse:
    return _json({"conformsTo": CONFORMS})


@served()
def collections(request: HttpRequest) -> HttpResponse:
    root = _root(request)
    return _json(
        {
            "links": [_link(f"{root}/collections", "self")],
            "collections": [
                *(_collection(request, layer) for layer in _layers(request)),
                *(_collection_of(request, c) for c in _added.values() if c.readable(principal_of(request))),
            ],
        }
    )


@served()
def collection(request: HttpRequest, key: str) -> HttpResponse:
    if other := _other(request, key):
        return _json(_collection_of(request, other))
    return _json(_collection(request, _layer(request, key)))


def _may_read_layers(request: HttpRequest) -> bool:
    return settings.CONFIG.public_layers or principal_of(request).may(PlacesPermission.READ)


def _layers(request: HttpRequest) -> list[dict[str, Any]]:
    return queries.layers() if _may_read_layers(request) else []


def _layer(request: HttpRequest, key: str) -> dict[str, Any]:
    """Raises NotFound, also for who may read other collections alone."""
    if not _may_read_layers(request):
        raise NotFound(Words(f"没有图层 {key}。", f"There is no collection {key}."))
    return queries.layer(key)


def _described(request: HttpRequest, key: str, title: Words, about: Words) -> dict[str, Any]:
    here, language = f"{_root(request)}/collections/{key}", language_of(request)
    return {
        "id": key,
        "title": title.say(language),
        "description": about.say(language),
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "links": [_link(here, "self"), _link(f"{here}/items", "items", GEOJSON, title.say(language))],
    }


def _collection_of(request: HttpRequest, other: Collection) -> dict[str, Any]:
    return _described(request, other.key, other.words, other.about)


def _collection(request: HttpRequest, layer: dict[str, Any]) -> dict[str, Any]:
    extent = rows.one(
        """SELECT min(v.west) w, min(v.south) s, max(v.east) e, max(v.north) n, min(v.valid_from) since
           FROM places_gridversion v JOIN places_grid g ON g.id = v.grid_id
           WHERE g.layer_id = %(id)s AND v.valid_to IS NULL""",
        {"id": layer["id"]},
    )
    made = _described(request, layer["key"], Words(layer["name"], layer["name_en"] or layer["name"]), ABOUT)
    if extent and extent["w"] is not None:
        since = rows.value(
            "SELECT min(v.valid_from) FROM places_gridversion v JOIN places_grid g ON g.id = v.grid_id WHERE g.layer_id = %(i)s",
            {"i": layer["id"]},
        )
        made["extent"] = {
            "spatial": {"bbox": [[extent["w"], extent["s"], extent["e"], extent["n"]]], "crs": CRS84},
            "temporal": {"interval": [[_instant(since), None]], "trs": GREGORIAN},
        }
    return made


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@served("bbox", "bbox-crs", "limit", "datetime", "after")
def items(request: HttpRequest, key: str) -> HttpResponse:
    other = _other(request, key)
    if other is None:
        _layer(request, key)
    asked = request.GET
    if asked.get("bbox-crs", CRS84) != CRS84:
        raise BadQuery(Words("范围只支持 CRS84。", "A box is only understood in CRS84."))
    box, times, after, limit = box_of(asked.get("bbox")), _times(asked.get("datetime")), asked.get("after", ""), _limit(asked.get("limit"))  # fmt: skip
    counted: dict[str, Any] = {}
    if other is not None:
        features, following = other.items(principal_of(request), box=box, times=times, after=after, limit=limit)
    else:
        chosen: dict[str, Any] = {"layer": key, "box": box} | times
        found = queries.grids(**chosen, geometry=True, after=after, limit=limit)
        features = [grid_feature(row) for row in found[:limit]]
        following = found[limit - 1]["code"] if len(found) > limit else None
        counted["numberMatched"] = queries.grids(**chosen, counted=True)[0]["matched"]
    here = f"{_root(request)}/collections/{key}/items"
    same = {k: v for k, v in asked.items() if k != "after"}
    links = [
        _link(f"{here}?{urlencode(dict(asked.items()))}" if asked else here, "self", GEOJSON),
        _link(f"{_root(request)}/collections/{key}", "collection"),
    ]
    if following is not None:
        links.append(_link(f"{here}?{urlencode(same | {'after': following})}", "next", GEOJSON))
    return _json(
        {
            "type": "FeatureCollection",
            "timeStamp": _instant(clock.now()),
            **counted,
            "numberReturned": len(features),
            "links": links,
            "features": features,
        },
        GEOJSON,
    )


@served()
def item(request: HttpRequest, key: str, code: str) -> HttpResponse:
    if other := _other(request, key):
        feature = other.item(principal_of(request), code)
    else:
        _layer(request, key)
        found = queries.grid(code)
        if found["layer"] != key:
            raise NotFound(Words(f"图层 {key} 没有网格 {code}。", f"Layer {key} has no grid {code}."))
        feature = grid_feature(found)
    here = f"{_root(request)}/collections/{key}"
    links = [_link(f"{here}/items/{code}", "self", GEOJSON), _link(here, "collection")]
    return _json(feature | {"links": links}, GEOJSON)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isdigit() or int(text) < 1:
        raise BadQuery(Words("limit 应为正整数。", "limit must be a positive whole number."))
    return min(int(text), MOST)  # the standard: more than the most is answered with the most


def _times(text: str | None) -> dict[str, Any]:
    """`datetime` of the standard: an instant, or an interval with `..` or nothing for an open end."""
    if text is None:
        return {}
    try:
        if "/" not in text:
            return {"at": _moment(text)}
        start, end = text.split("/")
        since = BEGINNING if start in ("", "..") else _moment(start)
        until = None if end in ("", "..") else _moment(end)
        if until is not None and until < since:
            raise ValueError
    except ValueError as error:
        raise BadQuery(
            Words(
                "datetime 应为时刻或区间，如 2026-01-01T00:00:00Z/..。",
                "datetime is a moment or an interval like 2026-01-01T00:00:00Z/..",
            )
        ) from error
    return {"since": since, "at": until}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@served()
def api(request: HttpRequest) -> HttpResponse:
    return _json(_description(_root(request), language_of(request)), OPENAPI)


def _description(root: str, language: str) -> dict[str, Any]:
    def get(summary: str, kind: str, *parameters: dict[str, Any]) -> dict[str, Any]:
        answers = {"200": {"description": summary, "content": {kind: {"schema": {"type": "object"}}}}}
        for status, words in (("400", "Wrong parameter"), ("401", "Not logged in"), ("404", "Not found")):
            answers[status] = {
                "description": words,
                "content": {"application/problem+json": {"schema": {"type": "object"}}},
            }
        return {"get": {"summary": summary, "parameters": list(parameters), "responses": answers}}

    def part(name: str) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}

    def query(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "schema": schema} | more

    number = {"type": "number"}
    box = query("bbox", {"type": "array", "minItems": 4, "maxItems": 6, "items": number}, style="form", explode=False)
    limit = query("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT})
    time = query("datetime", {"type": "string"})
    after = query("after", {"type": "string"}, description="From the link rel=next")
    crs = query("bbox-crs", {"type": "string", "enum": [CRS84]})
    json = "application/json"
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE.say(language), "version": "1", "description": ABOUT.say(language)},
        "servers": [{"url": root}],
        "security": [] if settings.CONFIG.public_layers else [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/": get("Landing page", json),
            "/conformance": get("Conformance classes", json),
            "/api": get("This description", OPENAPI),
            "/collections": get("Layers and other collections", json),
            "/collections/{collectionId}": get("One collection", json, part("collectionId")),
            "/collections/{collectionId}/items": get(
                "Features of a collection", GEOJSON, part("collectionId"), box, limit, time, after, crs
            ),
            "/collections/{collectionId}/items/{featureId}": get(
                "One feature", GEOJSON, part("collectionId"), part("featureId")
            ),
        },
    }


urlpatterns = [
    path("", landing),
    path("conformance", conformance),
    path("api", api),
    path("collections", collections),
    path("collections/<str:key>", collection),
    path("collections/<str:key>/items", items),
    path("collections/<str:key>/items/<str:code>", item),
]
