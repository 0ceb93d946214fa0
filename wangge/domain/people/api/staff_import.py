"""Staff from a workbook."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, UploadedFile

from wangge.domain.people import schemas, sheet
from wangge.domain.people.actions.staff_import import import_staff
from wangge.domain.people.api.router import router
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel.web.api import language_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get(
    "/staff/template", permission=PeoplePermission.USERS_MANAGE, summary="人员导入模板 · Template of the staff workbook"
)
def template(request: HttpRequest) -> HttpResponse:
    """An XLSX workbook with headings, notes and a list of roles, in the asker's language."""
    answer = HttpResponse(sheet.template(language_of(request)), content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="staff.xlsx"'
    return answer


@router.post(
    "/staff/import",
    permission=PeoplePermission.USERS_MANAGE,
    response=schemas.StaffImportOut,
    summary="导入人员 · Import staff",
)
def upload(
    request: HttpRequest, file: File[UploadedFile], dry_run: bool = True, accept_good_rows: bool = False
) -> dict[str, Any]:
    """Checks by default; `dry_run=false` imports. With bad rows nothing is imported (422 names them) unless `accept_good_rows=true`."""
    content = file.read(sheet.LIMITS.bytes + 1)
    report = import_staff(by=request.principal, content=content, dry_run=dry_run, accept_good_rows=accept_good_rows)
    language = language_of(request)
    faults = [
        {"row": f.row, "column": f.column.say(language), "code": f.code, "message": f.message.say(language)}
        for f in report.faults
    ]
    return asdict(report) | {
        "faults": faults,
        "passwords": [{"login": login, "password": password} for login, password in report.passwords],
    }
