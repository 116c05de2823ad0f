"""The points as a table for other systems: CSV, JSON or a workbook, in WGS-84 and GCJ-02."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import openpyxl
from django.utils import timezone

from content.points import services
from content.points.coordinates import to_gcj02
from portal.base.calendars.services import weekly_hours
from portal.base.places.models import Place

COLUMNS = {
    "code": "代码", "name": "名称", "name_en": "英文名称", "kind": "类别", "subdistrict": "街镇",
    "address": "地址", "directions": "怎么走", "phone": "电话", "latitude_wgs84": "纬度(WGS-84)",
    "longitude_wgs84": "经度(WGS-84)", "latitude_gcj02": "纬度(GCJ-02)", "longitude_gcj02": "经度(GCJ-02)",
    "step_free": "无障碍", "remote_window": "远程窗口", "status": "状态", "status_reason": "原因",
    "status_until": "到何时", "moved_to": "迁往", "hours": "开放时间", "changed_at": "更新时间",
}  # fmt: skip
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A cell that begins so would be read as a formula by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def point_row(place: Place, subdistricts: dict[str, str]) -> dict[str, Any]:
    """One place as the export and the city's map have it; no personal data."""
    gcj: tuple[float | None, float | None] = (None, None)
    if place.latitude is not None and place.longitude is not None:
        gcj = to_gcj02((place.latitude, place.longitude))
    until = place.status_until
    return {
        "code": place.code,
        "name": place.name,
        "name_en": place.name_en,
        "kind": services.kind_of(place),
        "subdistrict": subdistricts.get(place.path[: -Place.steplen], ""),
        "address": place.address,
        "directions": place.directions,
        "phone": place.phone,
        "latitude_wgs84": place.latitude,
        "longitude_wgs84": place.longitude,
        "latitude_gcj02": round(gcj[0], 6) if gcj[0] is not None else None,
        "longitude_gcj02": round(gcj[1], 6) if gcj[1] is not None else None,
        "step_free": place.is_step_free,
        "remote_window": place.has_remote_window,
        "status": place.status,
        "status_reason": place.status_reason,
        "status_until": timezone.localtime(until).isoformat(timespec="minutes") if until else "",
        "moved_to": place.moved_to.code if place.moved_to else place.moved_address,
        "hours": [
            {
                "weekdays": [day + 1 for day in line.weekdays],
                "nth": line.nth,
                "opens": f"{line.opens:%H:%M}",
                "closes": "24:00" if line.closes.hour == 23 and line.closes.minute == 59 else f"{line.closes:%H:%M}",
                "on_holidays": line.on_holidays,
            }
            for line in weekly_hours(place.opening_intervals.all())
        ],
        "changed_at": timezone.localtime(place.changed_at).isoformat(timespec="seconds"),
    }


def point_rows(places: Iterable[Place] | None = None) -> list[dict[str, Any]]:
    """All points and centres, or those given (with their hours prefetched)."""
    subdistricts = {area.path: area.name for area in services.subdistricts()}
    found = services.shown_places().select_related("moved_to") if places is None else places
    return [point_row(place, subdistricts) for place in found]


def write_points(kind: str, rows: list[dict[str, Any]], *, as_of: datetime) -> bytes:
    """The rows as a file of a kind in FORMATS."""
    if kind == "json":
        body = {
            "as_of": timezone.localtime(as_of).isoformat(timespec="seconds"),
            "datum_note": "WGS-84; GCJ-02",
            "points": rows,
        }
        return json.dumps(body, ensure_ascii=False, indent=1).encode()
    cells = [[_cell(row[name]) for name in COLUMNS] for row in rows]
    if kind == "csv":
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS.values())
        writer.writerows(cells)
        # Excel takes a CSV for UTF-8 by this mark alone.
        return b"\xef\xbb\xbf" + out.getvalue().encode()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "服务点"
    sheet.append(list(COLUMNS.values()))
    for line in cells:
        sheet.append(line)
    sheet.freeze_panes = "A2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
