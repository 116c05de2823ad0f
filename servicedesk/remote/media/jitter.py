"""Puts RTP packets back in order and whole frames together; pure logic, the caller gives the time."""

from collections.abc import Iterable
from dataclasses import dataclass, field

GIVE_UP_AFTER_S = 0.6
FIRST_NACK_AFTER_S = 0.01
NACK_EVERY_S = 0.1
KEYFRAME_JUMP_AFTER_S = 0.1
AUDIO_WAIT_S = 0.06
LARGE_GAP_PACKETS = 60
JUMP_PACKETS = 3000
MAX_HELD_PACKETS = 1024


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One RTP packet after its payload header was taken off."""

    sequence: int
    timestamp: int
    payload: bytes
    marker: bool = False
    starts_frame: bool = True
    arrived_at: float = 0.0

    @property
    def is_filler(self) -> bool:
        """Padding to probe the bandwidth takes a sequence number but carries nothing."""
        return not self.payload

    @property
    def starts_keyframe(self) -> bool:
        """RFC 7741 section 4.3: the lowest bit of a VP8 frame's first byte is 0 in a keyframe."""
        return self.starts_frame and bool(self.payload) and not self.payload[0] & 1


@dataclass(frozen=True, slots=True)
class WholeFrame:
    timestamp: int
    payload: bytes
    arrived_at: float
    is_keyframe: bool = True


@dataclass(slots=True)
class _Missing:
    since: float
    asked_at: float | None = None


@dataclass(slots=True)
class Due:
    """What the passing of time asks for: sequence numbers to ask for again, and frames that need wait no longer."""

    nack: list[int] = field(default_factory=list)
    frames: list[WholeFrame] = field(default_factory=list)


class _Unwrapper:
    """Turns 16-bit sequence numbers into ones that only grow."""

    def __init__(self) -> None:
        self.highest: int | None = None

    def unwrap(self, sequence: int) -> int:
        if self.highest is None:
            return sequence + (1 << 16)
        delta = (sequence - self.highest) & 0xFFFF
        return self.highest + (delta - 0x10000 if delta & 0x8000 else delta)


class AudioReassembler:
    """Sound: every packet is a frame; a hole is waited for a moment, then passed over; good packets stay."""

    def __init__(self, *, wait_s: float = AUDIO_WAIT_S) -> None:
        self._wait_s = wait_s
        self._unwrapper = _Unwrapper()
        self._next: int | None = None
        self._held: dict[int, MediaPacket] = {}
        self.late = 0

    @property
    def is_waiting(self) -> bool:
        return bool(self._held)

    @property
    def wants_keyframe(self) -> bool:
        return False

    def add(self, packet: MediaPacket) -> list[WholeFrame]:
        position = self._unwrapper.unwrap(packet.sequence)
        highest = self._unwrapper.highest
        if highest is None or abs(position - highest) > JUMP_PACKETS:
            self._held.clear()
            self._unwrapper.highest = self._next = position
        elif position > highest:
            self._unwrapper.highest = position
        assert self._next is not None
        if position < self._next:
            self.late += 1
            return []
        self._held[position] = packet
        return self._take()

    def due(self, now: float) -> Due:
        due = Due()
        while self._held:
            first = min(self._held)
            if now - self._held[first].arrived_at < self._wait_s:
                break
            self._next = first
            due.frames += self._take()
        return due

    def _take(self) -> list[WholeFrame]:
        frames = []
        assert self._next is not None
        while (packet := self._held.pop(self._next, None)) is not None:
            self._next += 1
            if not packet.is_filler:
                frames.append(WholeFrame(packet.timestamp, packet.payload, packet.arrived_at))
        return frames


class VideoReassembler:
    """
    VP8: hands out whole frames in order, and after a loss that nobody could repair nothing until the next keyframe.

    While `wants_keyframe` the stream cannot go on by itself and the publisher must be asked for a keyframe.
    """

    def __init__(self, *, give_up_after_s: float = GIVE_UP_AFTER_S) -> None:
        self._give_up_after_s = give_up_after_s
        self._unwrapper = _Unwrapper()
        self._held: dict[int, MediaPacket] = {}
        self._missing: dict[int, _Missing] = {}
        self._next = 0
        self._scanned = 0
        self.wants_keyframe = True
        self.late = 0
        self.given_up = 0

    @property
    def is_waiting(self) -> bool:
        return bool(self._missing)

    def add(self, packet: MediaPacket) -> list[WholeFrame]:
        position = self._unwrapper.unwrap(packet.sequence)
        highest = self._unwrapper.highest
        if highest is None or abs(position - highest) > JUMP_PACKETS:
            self._start_over(position)
        elif position - highest > LARGE_GAP_PACKETS:
            self.given_up += 1
            self._start_over(position)
        elif position > highest:
            for lost in range(highest + 1, position):
                self._missing[lost] = _Missing(packet.arrived_at)
            self._unwrapper.highest = position
        else:
            self._missing.pop(position, None)
        if position < self._next:
            self.late += 1
            return []
        self._held.setdefault(position, packet)
        if self.wants_keyframe:
            if packet.starts_keyframe:
                self._go_on_from(position)
            elif len(self._held) > MAX_HELD_PACKETS:
                self._drop_below(position - MAX_HELD_PACKETS // 2)
        elif len(self._held) > MAX_HELD_PACKETS:
            self._give_up(self._next)
        return self._take()

    def due(self, now: float) -> Due:
        due = Due()
        oldest = min(self._missing, default=None)
        if oldest is None:
            return due
        age = now - self._missing[oldest].since
        if age > self._give_up_after_s:
            expired = [p for p, m in self._missing.items() if now - m.since > self._give_up_after_s]
            for position in expired:
                del self._missing[position]
            if not self.wants_keyframe:
                self._give_up(max(expired) + 1)
        elif age > KEYFRAME_JUMP_AFTER_S and not self.wants_keyframe:
            start = self._whole_keyframe_after(oldest)
            if start is not None:
                self._go_on_from(start)
        due.frames = self._take()
        for position, missing in sorted(self._missing.items()):
            never_asked = missing.asked_at is None and now - missing.since >= FIRST_NACK_AFTER_S
            if never_asked or (missing.asked_at is not None and now - missing.asked_at >= NACK_EVERY_S):
                missing.asked_at = now
                due.nack.append(position & 0xFFFF)
        return due

    def _start_over(self, position: int) -> None:
        self._held.clear()
        self._missing.clear()
        self._unwrapper.highest = self._next = self._scanned = position
        self.wants_keyframe = True

    def _give_up(self, position: int) -> None:
        """Forget the frames below `position`; go on from a keyframe that is already here, else wait for one."""
        self.given_up += 1
        self._drop_below(position)
        start = min((p for p, held in self._held.items() if held.starts_keyframe), default=None)
        if start is None:
            self.wants_keyframe = True
        else:
            self._go_on_from(start)

    def _go_on_from(self, position: int) -> None:
        self._drop_below(position)
        self.wants_keyframe = False

    def _drop_below(self, position: int) -> None:
        for positions in (self._held, self._missing):
            for old in [p for p in positions if p < position]:
                del positions[old]
        self._next = self._scanned = max(self._next, position)

    def _whole_keyframe_after(self, position: int) -> int | None:
        for start in sorted(p for p, held in self._held.items() if p > position and held.starts_keyframe):
            if self._end_of_frame(start) is not None:
                return start
        return None

    def _end_of_frame(self, start: int) -> int | None:
        """The position after the frame that begins at `start`, None while it is incomplete."""
        timestamp = self._held[start].timestamp
        position = max(start, self._scanned) if start == self._next else start
        while (packet := self._held.get(position)) is not None:
            if packet.timestamp != timestamp and not packet.is_filler:
                return position
            position += 1
            if packet.marker and not packet.is_filler:
                return position
        if start == self._next:
            # What was contiguous stays so: the next packet need not be compared from the frame's beginning again.
            self._scanned = position
        return None

    def _take(self) -> list[WholeFrame]:
        frames: list[WholeFrame] = []
        while not self.wants_keyframe:
            while (packet := self._held.get(self._next)) is not None and packet.is_filler:
                del self._held[self._next]
                self._next += 1
                self._scanned = max(self._scanned, self._next)
            if packet is None:
                break
            if not packet.starts_frame:
                self._give_up(self._next + 1)
                continue
            end = self._end_of_frame(self._next)
            if end is None:
                break
            parts = [self._held.pop(p) for p in range(self._next, end)]
            self._next = self._scanned = end
            frames.append(_join(parts))
        return frames


def _join(parts: Iterable[MediaPacket]) -> WholeFrame:
    parts = list(parts)
    return WholeFrame(
        timestamp=parts[0].timestamp,
        payload=b"".join(part.payload for part in parts),
        arrived_at=parts[0].arrived_at,
        is_keyframe=parts[0].starts_keyframe,
    )
