"""The front door, the start page, health page, liveness, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

import wangge
from wangge.kernel import health, metrics
from wangge.kernel.health.api import sees_details
from wangge.kernel.problems import NotFound, Problem
from wangge.kernel.web.api import NOT_THERE, problem_response
from wangge.kernel.web.auth import principal_of
from wangge.kernel.words import Words, choose_language
from wangge.pages import rooms


class Link(NamedTuple):
    """A place of the system; shown when something answers at ``path``."""

    path: str
    name: Words
    what: Words


ROOMS = (
    Link(
        "/console/",
        Words("工作台", "Console"),
        Words("受理、派遣、处置、督查", "The desk: accept, dispatch, handle, supervise"),
    ),
    Link(
        "/field/", Words("网格员端", "Field"), Words("手机采集，离线可用", "The phone: report and check, also offline")
    ),
    Link("/portal/", Words("居民端", "Portal"), Words("反映问题、查看进度", "For residents: report and follow")),
)
INTERFACES = (
    Link(
        "/api/v1/docs",
        Words("接口文档", "API documentation"),
        Words("逐个查看并试用全部接口", "Every call of the HTTP API, to read and to try"),
    ),
    Link(
        "/api/v1/openapi.json",
        Words("OpenAPI 描述", "OpenAPI description"),
        Words("OpenAPI 3.1，供生成客户端使用", "OpenAPI 3.1, to generate clients from"),
    ),
    Link(
        "/ogc/",
        Words("OGC API 要素服务", "OGC API Features"),
        Words("QGIS 等软件可直接打开的网格图层", "The grid layers for QGIS and other GIS desktops"),
    ),
)
STATE = (
    Link("/health", Words("运行状况", "Health"), Words("各项检查结果", "What is well and what is not")),
    Link(
        "/healthz",
        Words("存活探针", "Liveness"),
        Words("供负载均衡使用，不访问数据库", "For load balancers; asks no database"),
    ),
)

LEVELS = {
    health.Level.OK: Words("正常", "Fine"),
    health.Level.WARN: Words("注意", "Attention"),
    health.Level.BAD: Words("故障", "Failing"),
}
HEADLINES = {
    health.Level.OK: Words("系统运行正常", "Everything is well"),
    health.Level.WARN: Words("系统可用，有需要注意的事项", "Working, with something to look at"),
    health.Level.BAD: Words("系统有故障", "Something is failing"),
}
CHECKS = {
    "database": Words("数据库", "Database"),
    "migrations": Words("数据库结构", "Schema"),
    "outbox": Words("事件分发", "Events"),
    "worker": Words("后台进程", "Worker"),
    "jobs": Words("后台任务", "Jobs"),
    "disk": Words("磁盘空间", "Disk space"),
    "clock": Words("时钟与时区", "Clock and zone"),
    "hosts": Words("主机名", "Host names"),
    "ledger": Words("留痕封存", "Ledger sealing"),
    "sealing": Words("留痕封存", "Ledger sealing"),
    "routes": Words("派遣规则", "Routes"),
    "limits": Words("时限", "Limits"),
    "calendar": Words("工作日历", "Work calendar"),
    "backup": Words("备份", "Backup"),
    "exchange": Words("对接", "Exchange"),
}


@dataclass(frozen=True)
class Row:
    """One check as the page shows it."""

    name: Words
    level: health.Level
    label: Words
    findings: tuple[health.Finding, ...]


def _exists(path: str) -> bool:
    """Whether anything answers there: rooms that are not built yet are shown as such, not as dead links."""
    if (app := path.strip("/")) in rooms.APPS:
        return rooms.index_of(app) is not None
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _note(link: Link) -> Words | None:
    """What has to be known before going there."""
    if link.path == "/ogc/" and not settings.CONFIG.public_layers:
        return Words("需登录或令牌", "Needs a log-in or a token")
    return None


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Who only knows our name is a resident: the portal. Without it, the start page. Never kept by a browser, so that a portal that is
    built tomorrow is found tomorrow."""
    if rooms.index_of("portal") is None:
        return start(request)
    return HttpResponseRedirect("/portal/", headers={"Cache-Control": "no-cache"})


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What runs where, in both languages: the way in of staff, integrators and operators."""
    sections = [
        (Words("应用", "Applications"), [(link, _exists(link.path), _note(link)) for link in ROOMS]),
        (Words("接口", "Interfaces"), [(link, _exists(link.path), _note(link)) for link in INTERFACES]),
        (Words("运行", "Operation"), [(link, _exists(link.path), _note(link)) for link in STATE]),
    ]
    return render(
        request,
        "pages/start.html",
        {"sections": sections, "version": wangge.__version__, "demo": settings.CONFIG.demo},
    )


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """The report for people. Its sentences are for signed-in staff; everybody sees which check is how."""
    language = request.GET.get("lang") or choose_language(request.headers.get("Accept-Language"))
    found = health.report()
    details = False
    if found.level != health.Level.BAD or found.results[0].level != health.Level.BAD:
        # without a database nobody can be told from anybody else
        try:
            details = sees_details(principal_of(request))
        except Problem:
            details = False
    checks = [
        Row(CHECKS.get(r.name, Words(r.name, r.name)), r.level, LEVELS[r.level], r.findings) for r in found.results
    ]
    return render(
        request,
        "pages/health.html",
        {
            "english": language == "en",
            "checks": checks,
            "details": details,
            "level": found.level,
            "headline": HEADLINES[found.level],
            "at": found.at,
            "when": _local(found.at).strftime("%Y-%m-%d %H:%M:%S"),
        },
        status=503 if found.level == health.Level.BAD else 200,
    )


def _local(moment: datetime) -> datetime:
    """In the zone of the installation; in UTC when that zone is not known (which is a finding of its own)."""
    try:
        return moment.astimezone(ZoneInfo(settings.CONFIG.zone))
    except (ZoneInfoNotFoundError, ValueError):
        return moment


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No database: a load balancer must not take a process away because the database is slow."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """For Prometheus. Unknown addresses, and whatever came through a proxy, are told that there is nothing."""
    if not _may_read_metrics(request):
        raise Http404
    text, content_type = metrics.exposition()
    return HttpResponse(text, content_type=content_type)


def _may_read_metrics(request: HttpRequest) -> bool:
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
        return any(peer in ip_network(n, strict=False) for n in settings.CONFIG.metrics_from)
    except ValueError:
        return False


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Addresses that nothing answers: a problem for programs, a page for people."""
    if request.path.startswith(("/api/", "/ogc/")):
        return problem_response(request, NotFound(NOT_THERE))
    return render(request, "pages/not_found.html", status=404)
