"""The hall display's live screen; it holds no rule."""

from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from content.items.services import CONTENT_STREAM
from portal.base.places.models import Place
from portal.base.streams.consumers import LiveConsumer
from servicedesk.queueing import services


class BoardConsumer(LiveConsumer):
    """A centre's hall display; public, since it shows numbers and windows alone.

    => {"type": "snapshot", "seq": 12, "data": {"current", "recent", "hall", "remote", "rule", "say"}}
    <- {"type": "spoken", "id": "1", "call": "<id of a call>"}   => {"type": "done", "id": "1", "data": {"first": true}}
    """

    def _language(self) -> str:
        # The page's own language: a hall's display has no reader whose cookie could say it.
        asked = parse_qs(self.scope["query_string"].decode("ascii", "replace")).get("lang", [""])[0]
        return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    def authorise(self) -> bool:
        code = self.scope["url_route"]["kwargs"]["centre"]
        centre = Place.objects.filter(code=code, level=Place.Level.CENTRE).first()
        if centre is None:
            return False
        self.centre = centre
        return True

    def stream_names(self) -> list[str]:
        return [services.centre_stream(self.centre), CONTENT_STREAM]

    def snapshot(self) -> dict[str, Any]:
        return services.board_snapshot(self.centre)

    def command(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        if kind != "spoken":
            return super().command(kind, message)
        return {"first": services.mark_spoken(self.centre, str(message.get("call", "")))}
