"""The media benchmark's figures: medians with their spread, and a ratio for each round."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_media", ROOT / "script/bench.d/media.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(*per_picture: float) -> list[dict[str, float]]:
    return [
        {"cpu_s_per_session_minute": value, "pictures_per_s": 30, "sound_per_s": 50, "cpu_ms_per_picture": value}
        for value in per_picture
    ]


def test_each_round_has_its_ratio_and_a_bad_round_does_not_move_the_median(bench):
    ratios = bench.ratios_of({"passed": rows(1, 2, 1), "encoded": rows(5, 10, 40)})
    assert ratios == [5, 5, 40]
    assert bench.spread(ratios) == "5.0 (5.0–40.0)"


def test_both_ways_take_turns(bench, monkeypatch):
    order: list[str] = []

    async def measured(way: str, **_how) -> dict[str, float]:
        order.append(way)
        return rows(1 if way == "passed" else 5)[0]

    monkeypatch.setattr(bench, "measure", measured)
    monkeypatch.setattr(bench, "make_clip", lambda: ([b"x"], [b"y"]))
    text = bench.main(["--rounds", "3", "--seconds", "1"])
    assert order == ["passed", "encoded", "encoded", "passed", "passed", "encoded"]
    assert "3 rounds of 1 s each way in turns" in text and "5.0 (5.0–5.0) times" in text
