"""The one stylesheet of all pages is made of all parts, in order, and follows a part that is edited."""

import os
import re
import time

from django.contrib.staticfiles import finders

from themes import stylesheet
from themes.stylesheet import FOLDER, PARTS, StylesheetFinder

# These belong to some pages only, which name them.
OWN = re.compile(r"^(pages-.*|kiosk|kiosk-live|desk|desk-live|board|plain|print|styleguide|linban)$")


def test_every_part_of_all_pages_is_in_it_once_and_in_order():
    shared = {path.stem for path in FOLDER.glob("*.css") if not OWN.match(path.stem)}
    assert set(PARTS) == shared
    assert len(PARTS) == len(set(PARTS))
    text = stylesheet.put_together()
    places = [text.index((FOLDER / f"{part}.css").read_text("utf-8").strip()) for part in PARTS]
    assert places == sorted(places)


def test_it_is_found_where_static_files_are_looked_for():
    found = finders.find(stylesheet.NAME)
    assert found is not None
    with open(found, encoding="utf-8") as file:
        assert file.read() == stylesheet.put_together()
    assert stylesheet.NAME in [path for path, _storage in StylesheetFinder().list([])]


def test_an_edited_part_shows(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path / "data"
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "tokens.css").write_text(".a { color: red; }")
    monkeypatch.setattr(stylesheet, "FOLDER", parts)
    monkeypatch.setattr(stylesheet, "PARTS", ("tokens",))
    finder = StylesheetFinder()
    path = finder.find(stylesheet.NAME)
    assert "red" in open(path).read()  # noqa: SIM115
    (parts / "tokens.css").write_text(".a { color: blue; }")
    later = time.time() + 5
    os.utime(parts / "tokens.css", (later, later))
    assert "blue" in open(finder.find(stylesheet.NAME)).read()  # noqa: SIM115


def test_a_path_of_another_finder_is_left_to_it():
    assert StylesheetFinder().find("linban/css/print.css") == []
    assert finders.find("linban/css/print.css") is not None
