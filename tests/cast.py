"""The fixed people and places of the tests: two subdistricts of one district, their centres, points and staff."""

from dataclasses import dataclass, field
from datetime import time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.hashers import make_password

from content.editing import groups
from portal.base.accounts.models import User
from portal.base.places.models import Counter, OpeningInterval, Place
from portal.base.rights.models import Role, RoleAssignment

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(region: str, born: str, serial: str) -> str:
    """A made-up resident ID number with its check digit (GB 11643-1999); the region 999999 was never assigned."""
    body = region + born + serial
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


@dataclass(frozen=True)
class CardHolder:
    """What a made-up person's card says, in the shape of the bridge's card payload."""

    name: str
    sex: str
    nation: str
    birth_date: str
    number: str
    address: str = "上海市静安区虚构路 1 号"
    issuer: str = "虚构市公安局"
    valid_from: str = "2020-01-01"
    valid_to: str = "long"
    kind: str = "resident_id"

    def payload(self, **more: str) -> dict[str, str | None]:
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "photo": None, **more}


RESIDENT = CardHolder("邻小安", "female", "01", "1949-12-31", id_number("999999", "19491231", "002"))
SECOND_RESIDENT = CardHolder("办大宁", "male", "01", "1985-05-20", id_number("999999", "19850520", "017"))
STANDARD_RESIDENT = CardHolder("标准例", "female", "03", "1949-12-31", "11010519491231002X")


@dataclass
class Cast:
    """Everybody and everywhere; places of the other subdistrict begin with `other_`."""

    district: Place
    subdistrict: Place
    centre: Place
    counter: Counter
    second_counter: Counter
    point: Place
    second_point: Place
    other_subdistrict: Place
    other_centre: Place
    other_counter: Counter
    other_point: Place
    clerk: User
    second_clerk: User
    other_clerk: User
    supervisor: User
    helper: User
    other_helper: User
    auditor: User
    other_auditor: User
    editor: User
    device_keeper: User
    manager: User
    system_admin: User
    security_admin: User
    stranger: User
    resident: CardHolder = field(default=RESIDENT)
    second_resident: CardHolder = field(default=SECOND_RESIDENT)
    # Made by the rows of the access table that are about them.
    office_editor: User | None = None
    district_supervisor: User | None = None

    def staff(self) -> dict[str, User]:
        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


def open_all_day(place: Place) -> Place:
    """Open round the clock on every day, so that no test depends on the time at which it runs."""
    OpeningInterval.objects.bulk_create(
        OpeningInterval(place=place, weekday=weekday, opens=time.min, closes=time.max) for weekday in range(7)
    )
    return place


def make_user(username: str, display_name: str, *roles: tuple[str, Place], second_factor: bool = True) -> User:
    """A member of staff with roles; with an authenticator app unless the test is about lacking one."""
    return make_users([(username, display_name, roles)], second_factor=second_factor)[username]


def make_users(
    people: list[tuple[str, str, tuple[tuple[str, Place], ...]]], *, second_factor: bool = True
) -> dict[str, User]:
    """Many at once: straight into the tables, since nearly every test needs them and none is about making them."""
    users = User.objects.bulk_create(
        User(username=username, display_name=name, password=make_password(f"password-of-{username}"))
        for username, name, _roles in people
    )
    for user in users:
        user.staff_number = f"T{user.pk:05d}"
    User.objects.bulk_update(users, ["staff_number"])
    by_name = {user.username: user for user in users}
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=by_name[username], role=role, place=place)
        for username, _name, roles in people
        for role, place in roles
    )
    if second_factor:
        secret = get_adapter().encrypt(generate_totp_secret())
        Authenticator.objects.bulk_create(
            Authenticator(user=user, type=Authenticator.Type.TOTP, data={"secret": secret}) for user in users
        )
    for username, _name, roles in people:
        if any(role == Role.EDITOR for role, _place in roles):
            groups.follow_roles(by_name[username])
    return by_name


def _subdistrict(district: Place, code: str, name: str) -> tuple[Place, Place, list[Counter], list[Place]]:
    subdistrict = district.add_child(code=code, name=name, short_name=name.removesuffix("街道"), level="subdistrict")
    centre = subdistrict.add_child(
        code=f"{code}-C", name=f"{name}社区事务受理服务中心", short_name=f"{name}受理中心", level="centre",
        latitude=31.27, longitude=121.45,
    )  # fmt: skip
    open_all_day(centre)
    counters = [Counter.objects.create(centre=centre, number=number, name=f"{number}号窗口") for number in (1, 2)]
    points = [
        open_all_day(
            subdistrict.add_child(
                code=f"{code}-P0{n}",
                name=f"{name}第{n}居委会",
                level="point",
                kind="committee",
                has_remote_window=True,
                is_step_free=True,
                latitude=31.27 + n / 1000,
                longitude=121.45,
            )  # fmt: skip
        )
        for n in (1, 2)
    ]
    return subdistrict, centre, counters, points


def make_cast() -> Cast:
    """Build the cast in the test's database."""
    city = Place.add_root(code="31", name="上海市", level="city")
    district = city.add_child(code="310106", name="静安区", level="district")
    # In the order of their codes: adding one before another would rewrite the paths of what is in memory already.
    other_sub, other_centre, other_counters, other_points = _subdistrict(district, "310106012000", "南京西路街道")
    sub, centre, counters, points = _subdistrict(district, "310106019000", "大宁路街道")
    staff = make_users(
        [
            ("clerk", "陈晓雯", ((Role.CLERK, centre),)),
            ("second_clerk", "李一鸣", ((Role.CLERK, centre),)),
            ("other_clerk", "周别处", ((Role.CLERK, other_centre),)),
            ("supervisor", "何班长", ((Role.DUTY_SUPERVISOR, centre),)),
            ("helper", "徐阿姨", ((Role.HELPER, points[0]),)),
            ("other_helper", "吴阿姨", ((Role.HELPER, other_points[0]),)),
            ("auditor", "沈审计", ((Role.AUDITOR, sub),)),
            ("other_auditor", "陆审计", ((Role.AUDITOR, other_sub),)),
            ("editor", "顾编辑", ((Role.EDITOR, district),)),
            ("device_keeper", "郑设备", ((Role.DEVICE_KEEPER, sub),)),
            ("manager", "杨主任", ((Role.CENTRE_MANAGER, centre),)),
            ("system_admin", "系统员", ((Role.SYSTEM_ADMIN, district),)),
            ("security_admin", "安全员", ((Role.SECURITY_ADMIN, district),)),
            ("stranger", "无岗位", ()),
        ]
    )
    return Cast(
        district=district,
        subdistrict=sub,
        centre=centre,
        counter=counters[0],
        second_counter=counters[1],
        point=points[0],
        second_point=points[1],
        other_subdistrict=other_sub,
        other_centre=other_centre,
        other_counter=other_counters[0],
        other_point=other_points[0],
        **staff,
    )
