"""The shapes that the API takes and gives; what is not named here is refused or left out."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema


class CounterOut(Schema):
    id: int
    number: int
    name: str


class CentreOut(Schema):
    code: str
    name: str
    counters: list[CounterOut]


class ItemRef(Schema):
    key: str
    name: str


class PlaceRef(Schema):
    code: str
    name: str


class WhyOut(Schema):
    code: str = Field(description="returned, rescue, remote, priority, booked, arrival, recall or picked")
    text: str
    facts: dict[str, Any]


class TicketIn(Schema):
    centre: str = Field(description="the centre's code", max_length=30)
    channel: Literal["onsite", "remote"]
    item: str | None = Field(None, description="an item's key; none is a consultation", max_length=80)
    classes: list[str] = Field(default_factory=list, max_length=8)
    point: str | None = Field(None, description="a remote ticket's service point; none is the centre", max_length=30)


class TicketOut(Schema):
    id: UUID
    number: str
    state: str
    channel: str
    classes: list[str]
    item: ItemRef | None
    point: PlaceRef | None
    ahead: int = Field(description="people who will be called before, if nobody else comes")
    wait_p50_s: int = Field(description="half wait no longer than this, in seconds")
    wait_p80_s: int = Field(description="four in five wait no longer than this, in seconds")
    issued_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    outcome: str
    counter: CounterOut | None
    why: WhyOut | None = Field(description="why it was called")


class IssuedOut(TicketOut):
    is_new: bool = True
    past_closing: bool = Field(description="four in five would be served by closing only if this is false")
    message: str = Field(description="a sentence for the person when the wait may pass closing, else empty")


class MoveIn(Schema):
    outcome: Literal["", "done", "consulted", "next_step", "unable"] = Field("", description="needed to finish")
    reason: str = Field("", max_length=200)
    to_counter: int | None = Field(None, description="transfer to this counter at once")
    expected: str | None = Field(None, description="refuse if the ticket is in another state by now", max_length=10)


class SlotOut(Schema):
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free: int = Field(description="seats left when this was asked; only booking one makes sure of it")


class BookingIn(Schema):
    place: str = Field(description="a centre's or service point's code", max_length=30)
    starts_at: datetime = Field(description="the beginning of a time of /slots, with its offset")
    item: str | None = Field(None, description="an item's key; none is for advice", max_length=80)
    notice: str | None = Field(None, description="the six signs of a notice that goes along", max_length=12)
    phone: str = Field("", description="gets one message; kept encrypted until the time is over", max_length=30)
    card_number: str = Field("", description="kept as a keyed index, by which the card is enough", max_length=30)


class BookingOut(Schema):
    id: UUID
    code: str = Field(description="six digits, said or typed when the person comes")
    url: str = Field(description="the person's page, where the booking is changed or cancelled")
    state: str
    place: PlaceRef
    item: ItemRef | None
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime
    check_in_until: datetime


class ItemOut(Schema):
    key: str
    name: str
    name_en: str
    line: str


class PointOut(Schema):
    code: str
    name: str
    kind: str
    centre: str | None
    address: str
    status: str
    status_reason: str
    open_now: bool | None
    has_remote_window: bool
    latitude: float | None
    longitude: float | None


class CaseOut(Schema):
    number: str
    state: str
    item: ItemRef
    progress: dict[str, Any] = Field(description="stages without names, as the resident sees them")


class EventIn(Schema):
    action: Literal["accept", "work", "supplement", "resume", "finish", "refuse", "withdraw"]
    reason: str = Field("", max_length=200)
    external_number: str = Field(
        "", description="the outside acceptance system's number, if it gave one", max_length=64
    )


class Problem(Schema):
    type: str
    title: str
    status: int
    code: str
    detail: str
