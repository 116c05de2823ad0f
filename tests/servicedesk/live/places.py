"""A point with its kiosk, a staffed counter and some items: what the live screens show."""

from django.conf import settings
from django.test import Client

from portal.base.accounts.models import User
from portal.base.places import services as places
from servicedesk.devices import services as devices
from servicedesk.queueing.models import Ticket
from servicedesk.remote import services as remote
from servicedesk.remote.models import RemoteSession
from tests.cast import RESIDENT, Cast, make_cast
from tests.servicedesk.cases import at_desk
from tests.servicedesk.kiosk.screens import device_client, staff_client
from tests.servicedesk.live.browser import Bridge, Player, Tab
from tests.servicedesk.remote.calls import connected

KIOSK = (1080, 1920)
DESK = (1440, 900)
SMALL_DESK = (1280, 800)
NAMES = ("社会保障卡办理", "敬老卡申领", "医保关系转移", "独生子女证明", "残疾人证办理", "居住证办理", "灵活就业登记",
         "住房保障申请", "失业登记")  # fmt: skip


class Point:
    """The cast's first point and the counter that serves it."""

    def __init__(self) -> None:
        self.cast: Cast = make_cast()
        self.device, private = at_desk.a_kiosk(self.cast.point)
        self.bridge = Bridge(self.device, private)
        self.item = at_desk.an_item()
        for number, name in enumerate(NAMES):
            at_desk.an_item(name, f"item-{number}")
        places.sit_down(self.cast.counter, clerk=self.cast.clerk)
        devices.record_health(self.device, {kind: {"state": "ok"} for kind in ("reader", "receipt", "a4")})

    def open(self, player: Player, portal: str, path: str = "/kiosk/", **more) -> Tab:
        """A screen of the kiosk."""
        session = session_of(device_client(self.device))
        return player.open(portal + path, size=KIOSK, session=session, bridge=self.bridge, **more)

    def called(self, *, has_card: bool = True) -> RemoteSession:
        """A number of this kiosk, called to the counter."""
        if not Ticket.objects.filter(device=self.device, state="waiting").exists():
            person = at_desk.a_person(RESIDENT) if has_card else None
            at_desk.a_ticket(self.cast, person=person, item=self.item, device=self.device)
        remote.call_next(self.cast.counter, clerk=self.cast.clerk, actor=f"user:{self.cast.clerk.pk}")
        session = remote.active_session_of(self.device)
        assert session is not None
        return session

    def live(self, **more) -> RemoteSession:
        return connected(self.called(**more))


def session_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def as_staff(player: Player, url: str, user: User, *, size: tuple[int, int] = DESK, **more) -> Tab:
    """A window of somebody who has signed in."""
    return player.open(url, size=size, session=session_of(staff_client(user)), **more)
