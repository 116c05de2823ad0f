"""The wire format of the kiosk: what page, bridge and portal say to each other (standard library only).

Transcripts (``=>`` towards the bridge, ``<-`` from the bridge)::

    page   <- bridge.hello {device, version, virtual, peripherals}
    page   => device.prove {id, nonce}             <- device.proof {id, device, nonce, signature}
    page   => reader.arm {id, nonce}               <- card.present, card.reading, card.read {nonce, payload, signature},
                                                      card.removed, card.error {code}
    page   => reader.disarm {id}
    page   => wipe {id}                            <- wiped {id}
    page   <- peripherals {peripherals}            (on every change)

    portal => challenge {nonce}                    <- hello {device, version, virtual, signature}
    portal => welcome {heartbeat_s}                (or it closes with 4401)
    portal => print.job {id, printer, format, title, data, copies}
                                                   <- print.outcome {id, outcome, code, detail}
    portal => print.ack {id}
    portal <- health {peripherals}

Every message is one JSON object with ``type``. Commands carry ``id``; repeating one is harmless.
"""

import base64
import binascii
import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Self, get_args, get_origin, get_type_hints

#: The portal closes the bridge's socket with this code when the signature or the device is not accepted.
CLOSE_NOT_AUTHORISED: Final = 4401

#: A message larger than this is refused on both sides; a print job of 20 MB still fits after base64.
MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024

ReaderErrorCode = Literal["unreadable", "pulled_early", "not_authorised", "reader_absent"]
PeripheralState = Literal["ok", "absent", "fault", "paper_out", "paper_low"]
PrinterName = Literal["receipt", "a4"]
PrintFormat = Literal["escpos", "pdf"]
PrintResult = Literal["printed", "failed", "uncertain"]
CardKind = Literal["resident_id", "hmt_residence", "foreign_residence"]
Sex = Literal["male", "female"]


class WireError(Exception):
    """A message cannot be used; `code` and the text are what the sender is answered."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Malformed(WireError):
    """The message is not JSON, lacks a field, or a field has the wrong kind of value."""

    def __init__(self, message: str) -> None:
        super().__init__("malformed", message)


class UnknownType(WireError):
    """The message has a `type` that this side does not know: log it and go on."""

    def __init__(self, type_: str) -> None:
        super().__init__("unknown_type", f"Unknown message type {type_!r}.")
        self.type = type_


@dataclass(frozen=True, kw_only=True, slots=True)
class Peripheral:
    """One device on the kiosk: its state, a plain sentence for the keeper, and whether it is a virtual one."""

    state: PeripheralState
    detail: str = ""
    virtual: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Peripherals:
    """The three devices of a kiosk."""

    reader: Peripheral
    receipt: Peripheral
    a4: Peripheral


class Message:
    """The base of all messages: `type` on the wire, fields as declared."""

    __slots__ = ()
    type: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object as a dict, `type` first."""
        return {"type": self.type, **dataclasses.asdict(self)}  # type: ignore[call-overload]

    def to_json(self) -> str:
        """Return the message as it goes over the wire."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Self:
        """Build the message from a JSON object; keys that are not declared are left out.

        Raises `Malformed` when a field is missing or has the wrong kind of value.
        """
        return _build(cls, raw, where=cls.type)


# Page and bridge ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class BridgeHello(Message):
    type: ClassVar[str] = "bridge.hello"
    device: str
    version: str
    virtual: bool
    peripherals: Peripherals


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceProve(Message):
    type: ClassVar[str] = "device.prove"
    id: str
    nonce: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceProof(Message):
    """`signature` is base64url Ed25519 over `device_proof_bytes(nonce)`."""

    type: ClassVar[str] = "device.proof"
    id: str
    device: str
    nonce: str
    signature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderArm(Message):
    type: ClassVar[str] = "reader.arm"
    id: str
    nonce: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderDisarm(Message):
    type: ClassVar[str] = "reader.disarm"
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wipe(Message):
    type: ClassVar[str] = "wipe"
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiped(Message):
    type: ClassVar[str] = "wiped"
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CardPresent(Message):
    type: ClassVar[str] = "card.present"


@dataclass(frozen=True, kw_only=True, slots=True)
class CardReading(Message):
    type: ClassVar[str] = "card.reading"


@dataclass(frozen=True, kw_only=True, slots=True)
class CardRead(Message):
    """`payload` is a `CardPayload` (see `encode_payload`); `signature` is over `card_read_bytes(payload)`.

    The payload is left out of the representation, so that a log line never shows a person's data.
    """

    type: ClassVar[str] = "card.read"
    nonce: str
    payload: str = dataclasses.field(repr=False)
    signature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CardRemoved(Message):
    type: ClassVar[str] = "card.removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class CardError(Message):
    type: ClassVar[str] = "card.error"
    code: ReaderErrorCode


@dataclass(frozen=True, kw_only=True, slots=True)
class PeripheralsChanged(Message):
    type: ClassVar[str] = "peripherals"
    peripherals: Peripherals


# Portal and bridge ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge(Message):
    type: ClassVar[str] = "challenge"
    nonce: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello(Message):
    """`signature` is base64url Ed25519 over `bridge_hello_bytes(nonce)`."""

    type: ClassVar[str] = "hello"
    device: str
    version: str
    virtual: bool
    signature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome(Message):
    type: ClassVar[str] = "welcome"
    heartbeat_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintJob(Message):
    """`data` is base64 (standard alphabet): ESC/POS bytes for the receipt printer, a PDF for the A4 printer."""

    type: ClassVar[str] = "print.job"
    id: str
    printer: PrinterName
    format: PrintFormat
    title: str
    data: str = dataclasses.field(repr=False)
    copies: int = 1

    def content(self) -> bytes:
        """Return the document's bytes; raises `Malformed` when `data` is not base64."""
        try:
            return base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Malformed("print.job: data is not base64.") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintOutcome(Message):
    """What became of a job; `code` is "" or paper_out, offline, refused, restart, cancelled, silent, fault."""

    type: ClassVar[str] = "print.outcome"
    id: str
    outcome: PrintResult
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintAck(Message):
    type: ClassVar[str] = "print.ack"
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Health(Message):
    type: ClassVar[str] = "health"
    peripherals: Peripherals


@dataclass(frozen=True, kw_only=True, slots=True)
class Error(Message):
    """The answer to a malformed message."""

    type: ClassVar[str] = "error"
    code: str
    message: str


_TYPES: Final[dict[str, type[Message]]] = {
    cls.type: cls
    for cls in (
        BridgeHello,
        DeviceProve,
        DeviceProof,
        ReaderArm,
        ReaderDisarm,
        Wipe,
        Wiped,
        CardPresent,
        CardReading,
        CardRead,
        CardRemoved,
        CardError,
        PeripheralsChanged,
        Challenge,
        Hello,
        Welcome,
        PrintJob,
        PrintOutcome,
        PrintAck,
        Health,
        Error,
    )
}


def parse(raw: str | bytes | dict[str, Any]) -> Message:
    """Turn one received message (text, or an object that was already decoded) into its dataclass.

    Raises `UnknownType` for a type that is not in this module, `Malformed` for everything else that is wrong.
    """
    if not isinstance(raw, dict):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Malformed("The message is not JSON.") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise Malformed("The message is not an object with a type.")
    cls = _TYPES.get(raw["type"])
    if cls is None:
        raise UnknownType(raw["type"])
    return cls.from_dict(raw)


# The card's payload ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CardPayload:
    """What was read from an identity card; dates are ISO 8601, `read_at` is UTC, `valid_to` may be "long".

    Its representation shows none of it.
    """

    nonce: str
    device: str
    read_at: str
    kind: CardKind
    name: str
    sex: Sex
    nation: str
    birth_date: str
    address: str
    number: str
    issuer: str
    valid_from: str
    valid_to: str
    photo: str | None = None

    def __repr__(self) -> str:
        return f"<CardPayload {self.kind}>"


def encode_payload(card: CardPayload) -> str:
    """Return the payload of `card.read`: base64url (without padding) of the card as JSON in UTF-8."""
    return encode_base64url(json.dumps(dataclasses.asdict(card), ensure_ascii=False).encode())


def decode_payload(payload: str) -> CardPayload:
    """Return the card in a `card.read` payload; raises `Malformed`. Check the signature first."""
    try:
        raw = json.loads(decode_base64url(payload))
    except ValueError as error:
        raise Malformed("card.read: the payload is not JSON.") from error
    if not isinstance(raw, dict):
        raise Malformed("card.read: the payload is not an object.")
    return _build(CardPayload, raw, where="card.read payload")


# What is signed (Ed25519, RFC 8032; the prefix keeps a signature from serving another purpose) ------------------------


def device_proof_bytes(nonce: str) -> bytes:
    """Return what the device signs for `device.proof`."""
    return b"linban-device:" + nonce.encode()


def bridge_hello_bytes(nonce: str) -> bytes:
    """Return what the device signs for the bridge's `hello`."""
    return b"linban-bridge:" + nonce.encode()


def card_read_bytes(payload: str) -> bytes:
    """Return what the device signs for `card.read`: the payload's base64url text as it goes over the wire."""
    return b"linban-card:" + payload.encode()


def encode_base64url(content: bytes) -> str:
    """Return base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Return the bytes of a base64url text, padded or not; raises `Malformed`."""
    try:
        ascii_text = text.rstrip("=").encode("ascii")
        return base64.b64decode(ascii_text + b"=" * (-len(ascii_text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("The text is not base64url.") from error


# Building from JSON ---------------------------------------------------------------------------------------------------


def _build(cls: type, raw: dict[str, Any], *, where: str) -> Any:
    hints = get_type_hints(cls)
    values = {}
    for field in dataclasses.fields(cls):
        if field.name in raw:
            values[field.name] = _checked(raw[field.name], hints[field.name], where=f"{where}: {field.name}")
        elif field.default is dataclasses.MISSING:
            raise Malformed(f"{where}: {field.name} is missing.")
    return cls(**values)


def _checked(value: Any, hint: Any, *, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise Malformed(f"{where} is not an object.")
        return _build(hint, value, where=where)  # type: ignore[arg-type]
    if get_origin(hint) is Literal:
        if value not in get_args(hint) or not isinstance(value, str):
            raise Malformed(f"{where} must be one of {', '.join(get_args(hint))}.")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    allowed = get_args(hint) or (hint,)
    # A JSON true is an int to Python, and must not pass as a number of copies.
    if isinstance(value, bool) and bool not in allowed:
        raise Malformed(f"{where} has the wrong kind of value.")
    if not isinstance(value, allowed):
        raise Malformed(f"{where} has the wrong kind of value.")
    return value
