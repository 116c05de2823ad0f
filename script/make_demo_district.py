"""Writes the demo district's workbook: the 14 subdistricts of Jing'an with made-up centres, points, hours and staff.

Names and codes of the subdistricts, and the points 慧芝湖居委会 and 华业居民区, are real; everything else is made up,
which every row says. Positions are schematic: inside the
district's published outline, and nearer to their subdistrict's middle than to another.
"""

import json
import math
import sys
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.styles import Font

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from portal.base.places.shapes import cell_around, distance_to_ring, is_inside  # noqa: E402

OUTLINE = ROOT / "content/points/data/outline_310106.json"
METRES_A_DEGREE = 111_320
# How far apart the places of a subdistrict are about (the first that leaves room for all), and from its edges at least.
SPACINGS_M, EDGE_M = range(150, 50, -5), 70
TARGET = ROOT / "portal/base/places/data/demo_district.xlsx"
POINT_COUNT = 248
# code, name, English, account name, first character of its made-up names, latitude, longitude
SUBDISTRICTS = [
    ("310106006000", "江宁路街道", "Jiangning Road Subdistrict", "jiangning", "晴", 31.2415, 121.4465),
    ("310106011000", "石门二路街道", "Shimen No. 2 Road Subdistrict", "shimener", "春", 31.2392, 121.4585),
    ("310106012000", "南京西路街道", "West Nanjing Road Subdistrict", "nanjingxi", "兰", 31.2292, 121.4592),
    ("310106013000", "静安寺街道", "Jing'an Temple Subdistrict", "jingansi", "竹", 31.2232, 121.4452),
    ("310106014000", "曹家渡街道", "Caojiadu Subdistrict", "caojiadu", "松", 31.2356, 121.4372),
    ("310106015000", "天目西路街道", "West Tianmu Road Subdistrict", "tianmuxi", "柳", 31.2478, 121.4528),
    ("310106016000", "北站街道", "Beizhan Subdistrict", "beizhan", "枫", 31.2488, 121.4718),
    ("310106017000", "宝山路街道", "Baoshan Road Subdistrict", "baoshan", "棠", 31.2588, 121.4772),
    ("310106018000", "共和新路街道", "Gonghe New Road Subdistrict", "gonghexin", "芸", 31.2702, 121.4552),
    ("310106019000", "大宁路街道", "Daning Road Subdistrict", "daning", "槐", 31.2808, 121.4508),
    ("310106020000", "彭浦新村街道", "Pengpu Xincun Subdistrict", "pengpuxincun", "荷", 31.3082, 121.4478),
    ("310106021000", "临汾路街道", "Linfen Road Subdistrict", "linfen", "梧", 31.3122, 121.4612),
    ("310106022000", "芷江西路街道", "West Zhijiang Road Subdistrict", "zhijiangxi", "菊", 31.2598, 121.4632),
    ("310106101000", "彭浦镇", "Pengpu Town", "pengpuzhen", "梅", 31.2948, 121.4442),
]
DAILY_ROUND = "310106019000"
ENDINGS = "川晖和园庭溪汀桥岭阳泽"
KINDS = [*["committee"] * 11, *["building"] * 3, *["party_centre"] * 2, "park", "self_service"]
WORDS = {
    "committee": ("{}居委会", "{} Neighbourhood Committee"),
    "building": ("{}大厦", "{} Building"),
    "party_centre": ("{}党群服务中心", "{} Party and Mass Service Centre"),
    "park": ("{}创意园", "{} Business Park"),
    "self_service": ("{}24 小时自助服务区", "{} 24-hour Self-service Zone"),
}
# The two points that are known by name, each the first of its subdistrict.
KNOWN = {
    "310106019000": ("慧芝湖居委会", "Huizhihu Neighbourhood Committee", "一楼进门右手边，双屏远程机"),
    "310106012000": ("华业居民区", "Huaye Neighbourhood", "一楼服务台旁"),
}
SURNAMES = (
    "陈李王张刘杨黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余"
    "潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = [
    "晓雯", "一鸣", "静怡", "嘉懿", "思源", "文博",
    "雨桐", "志远", "慧敏", "亦凡", "佳宁", "书瑶", "明轩", "若溪",
    "子涵", "海燕", "建平", "秀珍", "国栋", "丽华",
]  # fmt: skip
# (subdistrict, number of the point, status, reason, until, number of the point that it moved to)
STATUSES = [
    ("310106006000", 5, "suspended", "室内装修，远程机暂停使用", datetime(2027, 3, 31, 17, 0), None),
    ("310106014000", 9, "suspended", "线路检修", datetime(2027, 1, 15, 17, 0), None),
    ("310106020000", 12, "moved", "搬到同街道另一处，新址更宽敞", None, 13),
    ("310106101000", 17, "planned", "设备安装中，计划 2027 年上半年开放", None, None),
    ("310106016000", 14, "planned", "楼宇服务点筹备中", None, None),
    ("310106022000", 18, "closed", "服务点已撤销，请到街道受理中心", None, None),
]  # fmt: skip


def person(number: int) -> str:
    """A made-up name; the same number gives the same name."""
    return SURNAMES[number % len(SURNAMES)] + GIVEN[(number * 7 + number // len(SURNAMES)) % len(GIVEN)]


def flat(latitude: float, longitude: float) -> tuple[float, float]:
    """A position as (x, y) in metres, true to scale within the district."""
    return longitude * METRES_A_DEGREE * math.cos(math.radians(31.27)), latitude * METRES_A_DEGREE


def outline() -> list[tuple[float, float]]:
    """The district's published outline in metres."""
    ring = json.loads(OUTLINE.read_text("utf-8"))["ring"]
    return [flat(latitude, longitude) for longitude, latitude in ring]


def spread(latitude: float, longitude: float, count: int) -> list[tuple[float, float]]:
    """Positions around a subdistrict's middle, all inside the district and nearer to this middle than to another.

    They lie on a sunflower's spiral as wide as there is room for; those outside are left out and the next one taken.
    """
    middles = [flat(row[5], row[6]) for row in SUBDISTRICTS]
    own = flat(latitude, longitude)
    cell = cell_around(own, [middle for middle in middles if middle != own], outline())
    for spacing in SPACINGS_M:
        found = []
        for number in range(1, 2000):
            radius, angle = spacing * math.sqrt(number), number * 2.399963
            north, east = radius * math.sin(angle), radius * math.cos(angle)
            at = (
                round(latitude + north / METRES_A_DEGREE, 5),
                round(longitude + east / METRES_A_DEGREE / math.cos(math.radians(31.27)), 5),
            )
            if is_inside(flat(*at), cell) and distance_to_ring(flat(*at), cell) >= EDGE_M:
                found.append(at)
        if len(found) >= count:
            return found[:count]
    raise ValueError(f"only {len(found)} of {count} places fit around {latitude}, {longitude}")


def rows() -> dict[str, list[list[object]]]:
    """The rows of every sheet, in the order of the columns of portal.base.places.district.SHEETS."""
    places: list[list[object]] = [
        ["31", None, "city", "上海市", "Shanghai", "上海"],
        ["310106", "31", "district", "静安区", "Jing'an District", "静安"],
    ]
    sheets: dict[str, list[list[object]]] = {
        "places": places, "centres": [], "counters": [], "points": [], "hours": [], "staff": [], "roles": []
    }  # fmt: skip
    statuses = {(code, number): rest for code, number, *rest in STATUSES}
    people = iter(range(1, 2000))

    def employ(username: str, role: str, place: str, name: str = "") -> None:
        number = next(people)
        sheets["staff"].append([username, name or person(number), f"JA{number:04d}", None])
        sheets["roles"].append([username, role, place])

    for order, (code, name, english, account, first, latitude, longitude) in enumerate(SUBDISTRICTS):
        short = name.removesuffix("街道")
        places.append([code, "310106", "subdistrict", name, english, short])
        sheets["centres"].append(
            [
                f"{code}-C", code, f"{name}社区事务受理服务中心", f"{english} Community Service Centre",
                f"{short}受理中心", f"{short}演示路 {100 + order} 号", "一楼大厅", f"021-5550{1000 + order}",
                latitude, longitude, "是", "是",
            ]
        )  # fmt: skip
        for number in range(1, 5):
            sheets["counters"].append([f"{code}-C", number, f"{number} 号窗口"])
            employ(
                f"clerk.{account}.{number}",
                "clerk",
                f"{code}-C",
                "陈晓雯" if (account, number) == ("daning", 1) else "",
            )
        employ(f"duty.{account}", "duty_supervisor", f"{code}-C")
        employ(f"manager.{account}", "centre_manager", f"{code}-C")
        employ(f"visitor.{account}", "home_visitor", code)
        is_round = code == DAILY_ROUND
        # One centre and one point of the demo never close, so that the demo can be tried at any hour.
        centre_hours = ("0:00", "24:00") if is_round else ("8:30", "17:00")
        sheets["hours"].append([f"{code}-C", "1-7", None, *centre_hours, "是"])
        count = POINT_COUNT // len(SUBDISTRICTS) + (order < POINT_COUNT % len(SUBDISTRICTS))
        positions = spread(latitude, longitude, count)
        committees = 0
        for number in range(1, count + 1):
            kind = KINDS[number - 1]
            stem = first + ENDINGS[(number - 1) % len(ENDINGS)]
            point = f"{code}-P{number:02d}"
            chinese, in_english = (words.format(stem) for words in WORDS[kind])
            directions = "一楼进门处"
            if number == 1 and code in KNOWN:
                chinese, in_english, directions = KNOWN[code]
            else:
                in_english = in_english.replace(
                    stem, f"{english.split(' Subdistrict')[0].split(' Town')[0]} No. {number}"
                )
            where = positions[number - 1]
            status, reason, until, moved = statuses.get((code, number), ("open", None, None, None))
            moved_to = f"{code}-P{moved:02d}" if moved else None
            sheets["points"].append(
                [
                    point, code, kind, chinese, in_english, None, f"{short}演示弄 {number * 10} 号", directions,
                    f"021-5551{order:02d}{number:02d}", *where, "否" if number % 7 == 0 else "是",
                    "是" if kind != "self_service" else "否", status, reason, until, moved_to, None, "是",
                ]
            )  # fmt: skip
            if is_round and number == 1:
                sheets["hours"].append([point, "1-7", None, "0:00", "24:00", "是"])
            elif kind == "committee":
                sheets["hours"].append([point, "1-5", None, "9:00", "11:30", "否", "是"])
                sheets["hours"].append([point, "1-5", None, "13:00", "17:00", "否", "是"])
                if committees % 2 == 0:
                    # Some committees have a Saturday morning, some only the second of the month.
                    sheets["hours"].append([point, "6", 2 if committees % 4 == 2 else None, "9:00", "11:30", "否"])
                committees += 1
            elif kind == "party_centre":
                sheets["hours"].append([point, "2-7", None, "9:00", "20:00", "是"])
            elif kind == "self_service":
                sheets["hours"].append([point, "1-7", None, "0:00", "24:00", "是"])
            else:
                sheets["hours"].append([point, "1-5", None, "9:00", "17:30", "否"])
        employ(f"helper.{account}", "helper", f"{code}-P01")
    for username, role in [
        ("expert.medical", "expert"), ("expert.civil", "expert"), ("adviser", "adviser"), ("editor", "editor"),
        ("supervisor.district", "district_supervisor"), ("auditor", "auditor"), ("devices", "device_keeper"),
        ("admin.system", "system_admin"), ("admin.security", "security_admin"), ("admin.audit", "audit_admin"),
    ]:  # fmt: skip
        employ(username, role, "310106")
    return sheets


def write(target: Path) -> None:
    import django
    from django.conf import settings

    if not settings.configured:
        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        django.setup()
    from portal.base.places.district import SHEETS

    book = openpyxl.Workbook()
    book.remove(book.active)
    for kind, lines in rows().items():
        label, columns = SHEETS[kind]
        sheet = book.create_sheet(label)
        sheet.append(list(columns.values()))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for line in lines:
            sheet.append(line)
        sheet.freeze_panes = "A2"
        for column in sheet.columns:
            widest = max(sum(2 if ord(sign) > 0x2E80 else 1 for sign in str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(48, widest + 3)
    # A fixed date keeps the workbook the same when nothing in it changed.
    book.properties.created = book.properties.modified = datetime(2026, 11, 23)
    book.properties.creator = "Linban"
    book.save(target)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
