"""Text keeps 4.5 to 1 and borders of controls 3 to 1 in both themes and in high contrast (7 to 1 for text there)."""

import re
from pathlib import Path

import pytest

THEMES = Path(__file__).resolve().parents[2] / "themes"
TEXT_ON = [
    ("ink", "paper"), ("ink", "sunk"), ("ink-2", "paper"), ("ink-2", "sunk"), ("ink-3", "paper"), ("link", "paper"),
    ("on-brand", "brand"), ("brand", "brand-tint"), ("on-lamp", "lamp"), ("lamp-ink", "lamp-tint"), ("ok", "ok-tint"),
    ("warn", "warn-tint"), ("stop", "stop-tint"), ("info", "info-tint"), ("stop", "surface"), ("on-dusk", "dusk"),
    ("on-dusk-2", "dusk"), ("on-dusk", "dusk-2"), ("lamp", "dusk"), ("stop-on-dusk", "dusk"),
]  # fmt: skip
EDGE_ON = [("edge", "paper"), ("edge", "surface"), ("dusk-edge", "dusk-2"), ("brand", "paper"), ("focus", "paper")]


def colours(theme: str, contrast: str) -> dict[str, str]:
    """All colour tokens of a theme in a contrast, as they come to apply."""
    shared = (THEMES / "base/static/linban/css/tokens.css").read_text()
    own = (THEMES / theme / f"static/linban-themes/{theme}/tokens.css").read_text()
    blocks = [own, re.search(r":root \{(.*?)\n\}", shared, re.S).group(1)]
    if contrast == "high":
        blocks.append(re.search(r'\[data-contrast="high"\] \{(.*?)\n\}', shared, re.S).group(1))
    return {name: value for block in blocks for name, value in re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", block)}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["jingan", "kaifu"])
@pytest.mark.parametrize(("contrast", "least"), [("normal", 4.5), ("high", 7.0)])
def test_text(theme, contrast, least):
    tokens = colours(theme, contrast)
    low = {f"{front} on {back}": round(ratio(tokens[front], tokens[back]), 2)
           for front, back in TEXT_ON if ratio(tokens[front], tokens[back]) < least}  # fmt: skip
    assert low == {}


@pytest.mark.parametrize("theme", ["jingan", "kaifu"])
@pytest.mark.parametrize("contrast", ["normal", "high"])
def test_edges(theme, contrast):
    tokens = colours(theme, contrast)
    low = {f"{front} on {back}": round(ratio(tokens[front], tokens[back]), 2)
           for front, back in EDGE_ON if ratio(tokens[front], tokens[back]) < 3}  # fmt: skip
    assert low == {}
