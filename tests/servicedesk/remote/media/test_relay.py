"""Two sides through one node: pictures and sound arrive, are recorded, and survive a side that comes back."""

import asyncio
import json
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from servicedesk.remote.media.ice import GuardedStunProtocol
from servicedesk.remote.media.join import JoinTrack, join_tracks
from servicedesk.remote.media.node import MediaNode, NodeSettings, SessionRefused
from servicedesk.remote.media.peer import LegRefused
from servicedesk.remote.media.sealing import open_track, verify_track

from .conftest import KEY, UDP_PORTS, RunningNode
from .peers import MadeUpBrowser, until


def probe(path: Path) -> list[dict]:
    """Count what ffmpeg decodes; fails on any decoding error."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)["streams"]


def sees_all(kiosk: MadeUpBrowser, clerk: MadeUpBrowser, count: int) -> bool:
    return (
        min(kiosk.decoded["voice"], kiosk.decoded["face"]) >= count
        and min(clerk.decoded["voice"], clerk.decoded["face"], clerk.decoded["document"]) >= count
    )


async def test_both_sides_decode_each_other_and_the_recording_plays(
    running: RunningNode, node_settings: NodeSettings, tmp_path: Path
):
    node = running.node
    node.open_session("s1")
    node.give_key("s1", KEY, recording=True)
    kiosk = await running.join("s1", "kiosk", "leg-k")
    clerk = await running.join("s1", "clerk", "leg-c")
    await until(lambda: sees_all(kiosk, clerk, 45), what="45 frames of each track")
    assert "document" not in kiosk.decoded
    await until(lambda: len({m["track"] for m in running.told("checkpoint")}) == 5, what="a check-point of each track")
    assert {m["state"] for m in running.told("leg.state")} == {"connected"}

    await node.close_session("s1")
    tracks = {track["track"]: track for track in running.told("session.closed")[0]["tracks"]}
    assert set(tracks) == {"voice-kiosk", "face-kiosk", "document-kiosk", "voice-clerk", "face-clerk"}
    directory = node_settings.recordings_root / "s1"
    joinable = []
    for name, track in tracks.items():
        path = directory / f"{name}.seg"
        assert verify_track(path, None, track["count"], track["head"]) == []
        assert verify_track(path, KEY, track["count"], track["head"]) == []
        plain = tmp_path / f"{name}.mkv"
        plain.write_bytes(open_track(path, KEY))
        stream = probe(plain)[0]
        assert stream["codec_name"] == track["codec"]
        assert int(stream["nb_read_frames"]) >= 40
        joinable.append(JoinTrack(plain, track["kind"], track["side"], track["started_at"]))
    manifest = json.loads((directory / "manifest.json").read_text())
    assert {t["track"]: t["head"] for t in manifest["tracks"]} == {n: t["head"] for n, t in tracks.items()}

    joined = join_tracks(joinable, tmp_path / "all.mkv")
    assert [s["codec_name"] for s in probe(joined)] == ["vp8"] * 3 + ["opus"] * 2
    mixed = join_tracks(joinable, tmp_path / "all.webm", has_mixed_voices=True)
    assert [s["codec_name"] for s in probe(mixed)] == ["opus"] + ["vp8"] * 3 + ["opus"] * 2


async def test_a_side_that_comes_back_goes_on_in_the_same_recording(running: RunningNode, node_settings: NodeSettings):
    node = running.node
    node.open_session("s1")
    node.give_key("s1", KEY, recording=True)
    kiosk = await running.join("s1", "kiosk", "leg-k")
    clerk = await running.join("s1", "clerk", "leg-c")
    await until(lambda: sees_all(kiosk, clerk, 20), what="20 frames of each track")
    await kiosk.close()
    back = await running.join("s1", "kiosk", "leg-k2")
    seen = dict(clerk.decoded)
    await until(
        lambda: all(clerk.decoded[line] >= seen[line] + 20 for line in seen), what="more of each track for the clerk"
    )
    await until(lambda: min(back.decoded["voice"], back.decoded["face"]) >= 20, what="the clerk at the new kiosk leg")
    states = [(m["leg"], m["state"]) for m in running.told("leg.state")]
    assert ("leg-k", "closed") in states and ("leg-k2", "connected") in states
    assert ("leg-c", "closed") not in states

    await node.close_session("s1")
    tracks = {track["track"]: track for track in running.told("session.closed")[0]["tracks"]}
    assert "face-kiosk-2" not in tracks
    plain = node_settings.recordings_root / "face.mkv"
    plain.write_bytes(open_track(node_settings.recordings_root / "s1" / "face-kiosk.seg", KEY))
    assert int(probe(plain)[0]["nb_read_frames"]) >= 40


async def test_a_session_taken_up_again_records_into_new_files(node_settings: NodeSettings):
    closed = []
    for turn in range(2):
        messages: list[dict] = []
        node = MediaNode(node_settings, emit=messages.append)
        node.open_session("s1")
        node.give_key("s1", KEY, recording=True)
        clerk = MadeUpBrowser("clerk")
        await clerk.accept(await node.answer_leg("s1", side="clerk", leg=f"l{turn}", sdp=await clerk.offer()))
        feed = node._sessions["s1"].feeds["clerk", "face"]
        await until(lambda feed=feed: feed.frames > 10, what="frames of the clerk")
        await clerk.close()
        await node.close()
        closed = next(m for m in messages if m["type"] == "session.closed")["tracks"]
    assert sorted(t["track"] for t in closed) == ["face-clerk", "face-clerk-2", "voice-clerk", "voice-clerk-2"]
    for track in closed:
        path = node_settings.recordings_root / "s1" / f"{track['track']}.seg"
        assert verify_track(path, KEY, track["count"], track["head"]) == []


async def test_recording_that_starts_in_a_call_begins_with_a_keyframe(
    running: RunningNode, node_settings: NodeSettings
):
    node = running.node
    node.open_session("s1")
    clerk = await running.join("s1", "clerk", "leg-c")
    feed = node._sessions["s1"].feeds["clerk", "face"]
    await until(lambda: feed.frames > 10, what="frames of the clerk")
    node.start_recording("s1")
    assert not node_settings.recordings_root.exists()
    node.give_key("s1", KEY, recording=False)
    await until(lambda: len(running.told("checkpoint")) >= 4, what="check-points")
    await clerk.close()
    await node.close_session("s1")
    plain = node_settings.recordings_root / "face.mkv"
    plain.write_bytes(open_track(node_settings.recordings_root / "s1" / "face-clerk.seg", KEY))
    assert int(probe(plain)[0]["nb_read_frames"]) > 5


async def test_it_refuses_above_capacity_and_what_is_no_offer(running: RunningNode):
    running.node.open_session("s1")
    running.node.open_session("s2")
    running.node.open_session("s1")
    with pytest.raises(SessionRefused) as full:
        running.node.open_session("s3")
    assert full.value.code == "full"
    with pytest.raises(LegRefused) as unknown:
        await running.node.answer_leg("s3", side="clerk", leg="l", sdp="v=0")
    assert unknown.value.code == "no_session"
    for sdp in ("", "nonsense", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"):
        with pytest.raises(LegRefused) as bad:
            await running.node.answer_leg("s1", side="clerk", leg="l", sdp=sdp)
        assert bad.value.code == "bad_offer"


async def test_a_session_id_that_is_no_plain_name_is_refused(running: RunningNode):
    for session in ("../etc", "", "a/b", ".hidden"):
        with pytest.raises(SessionRefused) as refused:
            running.node.open_session(session)
        assert refused.value.code == "bad_session"


async def test_it_binds_inside_the_range_and_says_when_no_port_is_left(node_settings: NodeSettings):
    messages: list[dict] = []
    one_port = replace(node_settings, udp_ports=(40190, 40190))
    node = MediaNode(one_port, emit=messages.append)
    node.open_session("s1")
    first, second = MadeUpBrowser("kiosk"), MadeUpBrowser("clerk")
    answer = await node.answer_leg("s1", side="kiosk", leg="k", sdp=await first.offer())
    ports = {int(line.split()[5]) for line in answer.splitlines() if line.startswith("a=candidate") and "host" in line}
    assert ports == {40190}
    with pytest.raises(LegRefused) as refused:
        await node.answer_leg("s1", side="clerk", leg="c", sdp=await second.offer())
    assert refused.value.code == "no_ports"
    await asyncio.gather(first.close(), second.close(), node.close())


async def test_it_tells_the_address_that_browsers_reach_it_by(node_settings: NodeSettings):
    node = MediaNode(replace(node_settings, address="203.0.113.10"), emit=lambda message: None)
    node.open_session("s1")
    browser = MadeUpBrowser("kiosk")
    answer = await node.answer_leg("s1", side="kiosk", leg="k", sdp=await browser.offer())
    told = [line.split()[4] for line in answer.splitlines() if line.startswith("a=candidate")]
    assert "203.0.113.10" in told
    await asyncio.gather(browser.close(), node.close())


async def test_an_offer_that_is_none_leaves_the_leg_that_is_there_alone(running: RunningNode):
    running.node.open_session("s1")
    clerk = await running.join("s1", "clerk", "c")
    await until(lambda: running.told("leg.state"), what="the clerk's leg")
    with pytest.raises(LegRefused):
        await running.node.answer_leg("s1", side="clerk", leg="c2", sdp="v=0")
    with pytest.raises(LegRefused) as bad_server:
        await running.node.answer_leg(
            "s1", side="clerk", leg="c3", sdp=clerk.peer.localDescription.sdp, ice_servers=[{"address": "x"}]
        )
    assert bad_server.value.code == "bad_offer"
    assert [m["state"] for m in running.told("leg.state")] == ["connected"]


async def test_malformed_stun_does_not_disturb_a_call(running: RunningNode):
    node = running.node
    node.open_session("s1")
    kiosk = await running.join("s1", "kiosk", "leg-k")
    clerk = await running.join("s1", "clerk", "leg-c")
    await until(lambda: sees_all(kiosk, clerk, 5), what="5 frames of each track")
    errors: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context))
    protocol = node._sessions["s1"].legs["kiosk"]._peer.getTransceivers()[0].receiver.transport.transport._connection
    candidate = protocol.local_candidates[0]
    assert isinstance(protocol._protocols[0], GuardedStunProtocol)
    assert UDP_PORTS[0] <= candidate.port <= UDP_PORTS[1]
    magic = b"\x21\x12\xa4\x42" + bytes(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for junk in (
            b"\x00\x01\x00\x04" + magic + b"\x00\x20\x00\x00",
            b"\x00\x01\x00\x08" + magic + b"\x00\x20\x00\x04\x00",
            b"\x00\x01\x00\x08" + magic + b"\x00\x06\x00\x04\xff\xff\xff\xff",
            b"",
            b"\x00",
        ):
            stranger.sendto(junk, (candidate.host, candidate.port))
    seen = dict(clerk.decoded)
    await until(lambda: all(clerk.decoded[line] > seen[line] + 5 for line in seen), what="more frames after the junk")
    assert errors == []
