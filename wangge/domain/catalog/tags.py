"""Permissions of the catalogue with the roles that hold them, its ledger tags and event names."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import ALL_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class CatalogPermission(Permission):
    READ = "catalog.read"
    EDIT = "catalog.edit"
    CALENDAR = "catalog.calendar"
    ROUTES = "catalog.routes"


PERMISSION_WORDS = {
    CatalogPermission.READ: Words("查看类别、时限、日历与派遣规则", "See categories, limits, calendar and routes"),
    CatalogPermission.EDIT: Words("维护类别与时限", "Manage categories and limits"),
    CatalogPermission.CALENDAR: Words("维护工作日历", "Manage the work calendar"),
    CatalogPermission.ROUTES: Words("维护派遣规则", "Manage routes"),
}

GRANTS = declare(
    {
        # Rules are no secret among those who work by them.
        CatalogPermission.READ: ALL_STAFF | {Role.INTEGRATION},
        # How the installation is set up is the system administrator's (DESIGN §5); each change is in the ledger for the auditor.
        CatalogPermission.EDIT: {Role.SYSTEM_ADMIN},
        CatalogPermission.CALENDAR: {Role.SYSTEM_ADMIN},
        CatalogPermission.ROUTES: {Role.SYSTEM_ADMIN},
    },
    PERMISSION_WORDS,
    whole=[CatalogPermission.EDIT, CatalogPermission.CALENDAR],
)


class CatalogTag(LedgerTag):
    DEFAULTS_LOADED = "catalog.defaults.loaded"
    CATEGORY_ADDED = "catalog.category.added"
    CATEGORY_CHANGED = "catalog.category.changed"
    CATEGORY_RETIRED = "catalog.category.retired"
    CATEGORIES_IMPORTED = "catalog.categories.imported"
    LIMIT_SET = "catalog.limit.set"
    LIMIT_REMOVED = "catalog.limit.removed"
    DAYS_CHANGED = "catalog.days.changed"
    HOURS_CHANGED = "catalog.hours.changed"
    ROUTE_ADDED = "catalog.route.added"
    ROUTE_CHANGED = "catalog.route.changed"
    ROUTE_ENDED = "catalog.route.ended"


say(
    {
        CatalogTag.DEFAULTS_LOADED: Words(
            "载入默认类别 {categories} 个、时限 {limits} 条、日历 {days} 天",
            "loaded the default catalogue: {categories} categories, {limits} limits, {days} calendar days",
        ),
        CatalogTag.CATEGORY_ADDED: Words("新增类别 {code} {name}", "added the category {code} {name}"),
        CatalogTag.CATEGORY_CHANGED: Words(
            "修改类别 {code} {name}：{fields}", "changed the category {code} {name}: {fields}"
        ),
        CatalogTag.CATEGORY_RETIRED: Words("停用类别 {code} {name}", "retired the category {code} {name}"),
        CatalogTag.CATEGORIES_IMPORTED: Words(
            "由表格导入类别：新增 {added}、修改 {changed}",
            "imported categories from a table: {added} added, {changed} changed",
        ),
        CatalogTag.LIMIT_SET: Words(
            "设置时限 {category} {urgency} {stage}：{amount} {unit}",
            "set the limit {category} {urgency} {stage}: {amount} {unit}",
        ),
        CatalogTag.LIMIT_REMOVED: Words(
            "取消时限 {category} {urgency} {stage}", "removed the limit {category} {urgency} {stage}"
        ),
        CatalogTag.DAYS_CHANGED: Words("修改工作日历 {days}", "changed the work calendar: {days}"),
        CatalogTag.HOURS_CHANGED: Words("修改办公时间（自 {since} 起）", "changed the office hours (from {since})"),
        CatalogTag.ROUTE_ADDED: Words("新增派遣规则 {name}", "added the route {name}"),
        CatalogTag.ROUTE_CHANGED: Words(
            "修改派遣规则 {name}（第 {number} 版）", "changed the route {name} (version {number})"
        ),
        CatalogTag.ROUTE_ENDED: Words("停用派遣规则 {name}", "ended the route {name}"),
    }
)


class CatalogEvent(EventName):
    CHANGED = "catalog.rules.changed"
