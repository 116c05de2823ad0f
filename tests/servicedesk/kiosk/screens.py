"""A live screen as its page sees it: commands by id, answers, and the newest snapshot."""

from typing import Any, Self

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client

from kiosk_bridge import messages
from portal.base.accounts.models import User
from portal.base.keyring import services as keyring
from servicedesk.devices.models import Device
from tests.cast import CardHolder
from tests.sockets import WebsocketCommunicator

TIMEOUT_S = 30


def device_client(device: Device) -> Client:
    """The kiosk's browser, after it has proved which device it is."""
    client = Client()
    session: SessionBase = client.session
    session["device_id"] = str(device.pk)
    session.save()
    return client


def staff_client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def socket_of(client: Client | None, path: str) -> WebsocketCommunicator:
    from portal.asgi import routed

    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
    if client is not None:
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
    return WebsocketCommunicator(routed, path, headers=headers)


async def close_code_of(socket: WebsocketCommunicator) -> int:
    """The code with which the portal closes a socket that it does not want."""
    accepted, _code = await socket.connect(timeout=TIMEOUT_S)
    assert accepted
    output = await socket.receive_output(timeout=TIMEOUT_S)
    assert output["type"] == "websocket.close"
    return output["code"]


class Screen:
    """Needs the fixture `calm`: then a snapshot comes only at the start, after a command, and on `look`."""

    def __init__(self, socket: WebsocketCommunicator, *, draws_after_commands: bool = True) -> None:
        self.socket = socket
        self.data: dict[str, Any] = {}
        self._draws = draws_after_commands
        self._number = 0

    async def open(self) -> Self:
        accepted, code = await self.socket.connect(timeout=TIMEOUT_S)
        assert accepted, code
        await self._snapshot()
        return self

    async def next_message(self) -> dict[str, Any]:
        return await self.socket.receive_json_from(timeout=TIMEOUT_S)

    async def _snapshot(self) -> None:
        message = await self.next_message()
        assert message["type"] == "snapshot", message
        self.data = message["data"]

    async def do(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command; the answer."""
        self._number += 1
        await self.socket.send_json_to({"type": kind, "id": str(self._number), **fields})
        answer = await self.next_message()
        assert answer.get("id") == str(self._number), answer
        if self._draws and kind not in ("nonce", "offer"):
            await self._snapshot()
        return answer

    async def refusal(self, kind: str, **fields: Any) -> str:
        """Give a command that is refused; the code."""
        answer = await self.do(kind, **fields)
        assert answer["type"] == "refused" and answer["message"], answer
        return answer["code"]

    async def look(self) -> Self:
        await self.socket.send_json_to({"type": "reload"})
        await self._snapshot()
        return self

    async def close(self) -> None:
        await self.socket.disconnect(timeout=TIMEOUT_S)

    @property
    def html(self) -> str:
        return "\n".join(self.data["regions"].values())


class Kiosk(Screen):
    """A kiosk's main screen with its reader."""

    def __init__(self, device: Device, private: bytes) -> None:
        super().__init__(socket_of(device_client(device), "/ws/kiosk/"))
        self.device, self._private = device, private

    async def swipe(self, holder: CardHolder, *, private: bytes | None = None) -> dict[str, Any]:
        """A card on the reader: read for a nonce of the portal's and signed by the bridge."""
        nonce = (await self.do("nonce"))["data"]["nonce"]
        card = holder.payload(nonce=nonce, device=self.device.code, read_at="2026-11-23T01:00:00Z")
        payload = messages.encode_payload(messages.CardPayload(**card))
        signature = keyring.sign(private or self._private, messages.card_read_bytes(payload))
        return await self.do(
            "card", nonce=nonce, payload=payload, signature=messages.encode_base64url(signature)
        )  # fmt: skip

    @property
    def name(self) -> str:
        return self.data["screen"]
