"""Lost, late and swapped packets: what the re-assembler hands out, asks for again, and gives up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicedesk.remote.media.jitter import AudioReassembler, MediaPacket, VideoReassembler

KEY_BYTE, INTER_BYTE = b"\x10", b"\x11"


def sound(sequence: int, at: float = 0.0) -> MediaPacket:
    return MediaPacket(sequence & 0xFFFF, sequence * 960 & 0xFFFFFFFF, b"%d" % sequence, True, True, at)


def picture(
    first: int, number: int, *, packets: int = 3, is_keyframe: bool = False, at: float = 0.0
) -> list[MediaPacket]:
    """The packets of frame `number`, whose first packet has the sequence number `first`."""
    start = KEY_BYTE if is_keyframe else INTER_BYTE
    return [
        MediaPacket(
            sequence=(first + i) & 0xFFFF,
            timestamp=number * 3000 & 0xFFFFFFFF,
            payload=(start if i == 0 else b"") + b"%d.%d;" % (number, i),
            marker=i == packets - 1,
            starts_frame=i == 0,
            arrived_at=at + i * 0.001,
        )
        for i in range(packets)
    ]


def film(
    count: int, *, first: int = 65_500, keyframes: tuple[int, ...] = (0,), every_s: float = 0.033
) -> list[MediaPacket]:
    packets: list[MediaPacket] = []
    for number in range(count):
        packets += picture(first + 3 * number, number, is_keyframe=number in keyframes, at=number * every_s)
    return packets


def numbers(frames) -> list[int]:
    return [frame.timestamp // 3000 for frame in frames]


def test_sound_in_order_passes_at_once_across_the_wrap():
    order = AudioReassembler()
    heard = [frame.payload for n in range(65_530, 65_545) for frame in order.add(sound(n))]
    assert heard == [b"%d" % n for n in range(65_530, 65_545)]


def test_a_swapped_packet_of_sound_is_put_right():
    order = AudioReassembler()
    heard = [f.payload for n in (1, 2, 4, 3, 5) for f in order.add(sound(n))]
    assert heard == [b"1", b"2", b"3", b"4", b"5"]


def test_a_hole_in_the_sound_is_waited_for_60_ms_and_costs_only_itself():
    order = AudioReassembler()
    order.add(sound(1, 0.0))
    assert order.add(sound(3, 0.04)) == []
    assert order.due(0.09).frames == []
    assert [f.payload for f in order.due(0.101).frames] == [b"3"]
    assert order.add(sound(2, 0.11)) == []
    assert order.late == 1
    assert [f.payload for f in order.add(sound(4, 0.12))] == [b"4"]


@pytest.mark.parametrize("loss", [0.01, 0.03, 0.08])
def test_no_arrived_packet_of_sound_is_dropped_whatever_the_loss(loss: float):
    chance = random.Random(7)
    order, sent, heard, now = AudioReassembler(), 0, 0, 0.0
    for n in range(3000):
        now = n * 0.02
        if chance.random() >= loss:
            sent += 1
            heard += len(order.add(sound(n, now)))
        heard += len(order.due(now).frames)
    heard += len(order.due(now + 1).frames)
    assert heard == sent


def test_a_restarted_microphone_is_taken_up_again():
    order = AudioReassembler()
    order.add(sound(100))
    assert [f.payload for f in order.add(sound(30_000))] == [b"30000"]
    assert [f.payload for f in order.add(sound(30_001))] == [b"30001"]


def test_pictures_come_whole_and_at_their_last_packet():
    order = VideoReassembler()
    for packet in film(40):
        frames = order.add(packet)
        assert bool(frames) == packet.marker
    assert not order.wants_keyframe and not order.is_waiting


def test_before_the_first_keyframe_nothing_is_handed_out():
    order = VideoReassembler()
    frames = [frame for packet in film(10, keyframes=(6,)) for frame in order.add(packet)]
    assert numbers(frames) == [6, 7, 8, 9]
    assert frames[0].is_keyframe and not frames[1].is_keyframe


def test_swapped_packets_of_a_picture_are_put_right():
    order, packets = VideoReassembler(), film(6)
    packets[4], packets[5] = packets[5], packets[4]
    packets[8], packets[9] = packets[9], packets[8]
    assert numbers(f for p in packets for f in order.add(p)) == list(range(6))


def test_a_lost_packet_is_asked_for_again_until_it_comes():
    order, packets = VideoReassembler(), film(12)
    lost = packets.pop(7)
    asked: list[tuple[float, int]] = []
    got = []
    for packet in packets:
        got += order.add(packet)
        due = order.due(packet.arrived_at)
        asked += [(packet.arrived_at, n) for n in due.nack]
    assert [n for _, n in asked] == [lost.sequence] * len(asked) and len(asked) >= 2
    assert all(b - a >= 0.1 for (a, _), (b, _) in zip(asked, asked[1:], strict=False))
    assert numbers(got) == [0, 1]
    assert numbers(order.add(lost)) == list(range(2, 12))


def test_after_600_ms_it_gives_up_and_waits_for_a_keyframe():
    order, packets = VideoReassembler(), film(40, keyframes=(0, 30))
    del packets[10]
    got = []
    wanted_at = None
    for packet in packets:
        got += order.add(packet)
        got += order.due(packet.arrived_at).frames
        if order.wants_keyframe and wanted_at is None and packet.arrived_at > 0:
            wanted_at = packet.arrived_at
    assert numbers(got) == [0, 1, 2, *range(30, 40)]
    assert 0.7 < wanted_at < 0.8
    assert order.given_up == 1


def test_a_keyframe_that_is_already_here_ends_the_wait_early():
    order, packets = VideoReassembler(), film(20, keyframes=(0, 6))
    del packets[10]
    got = []
    for packet in packets:
        got += order.add(packet)
        got += order.due(packet.arrived_at).frames
    assert numbers(got) == [0, 1, 2, *range(6, 20)]
    assert order.given_up == 0


def test_a_large_gap_asks_for_a_keyframe_at_once():
    order, packets = VideoReassembler(), film(60)
    before, after = packets[:30], packets[30 + 75 :]
    for packet in before:
        order.add(packet)
    order.add(after[0])
    assert order.wants_keyframe and order.due(after[0].arrived_at).nack == []
    assert [f for packet in after for f in order.add(packet)] == []
    fresh = picture(65_500 + 180, 60, is_keyframe=True)
    assert numbers(f for packet in fresh for f in order.add(packet)) == [60]


def test_a_retransmission_that_comes_too_late_changes_nothing():
    order, packets = VideoReassembler(), film(40, keyframes=(0, 30))
    lost = packets.pop(10)
    for packet in packets:
        order.add(packet)
        order.due(packet.arrived_at)
    assert order.add(lost) == []
    after = picture(65_500 + 120, 40)
    assert numbers(f for packet in after for f in order.add(packet)) == [40]


def test_padding_between_pictures_is_passed_over():
    order = VideoReassembler()
    packets = picture(1, 0, is_keyframe=True) + [MediaPacket(4, 0, b"", False, False, 0.0)] + picture(5, 1)
    assert numbers(f for p in packets for f in order.add(p)) == [0, 1]


def test_duplicates_are_handed_out_once():
    order = VideoReassembler()
    assert numbers(f for p in film(10) for twice in (p, p) for f in order.add(twice)) == list(range(10))


@given(seed=st.integers(0, 10_000), loss=st.sampled_from([0.0, 0.02, 0.08]), first=st.integers(0, 65_535))
def test_frames_leave_whole_and_in_order_whatever_happens(seed: int, loss: float, first: int):
    """Drop, swap and delay at random: each frame handed out is whole and follows the one before or is a keyframe."""
    chance = random.Random(seed)
    packets = film(60, first=first, keyframes=(0, 20, 40))
    whole = {p.timestamp: b"" for p in packets}
    for packet in packets:
        whole[packet.timestamp] += packet.payload
    kept = [p for p in packets if chance.random() >= loss]
    delayed = sorted(kept, key=lambda p: p.arrived_at + chance.random() * 0.06)
    order, got, now = VideoReassembler(), [], 0.0
    for packet in delayed:
        now = max(now, packet.arrived_at)
        arrived = MediaPacket(
            packet.sequence, packet.timestamp, packet.payload, packet.marker, packet.starts_frame, now
        )
        got += order.add(arrived)
        got += order.due(now).frames
    got += order.due(now + 1).frames
    shown = numbers(got)
    assert shown == sorted(set(shown))
    assert all(frame.payload == whole[frame.timestamp] for frame in got)
    for before, after in zip(shown, shown[1:], strict=False):
        assert after == before + 1 or after in (20, 40)
    if loss == 0.0:
        assert shown[-1] == 59
