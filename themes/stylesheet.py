"""The one stylesheet of all pages, put together from one file a component: thirty requests would hold up the first picture.

A finder of Django's static files: the parts are what people edit, `linban/css/linban.css` is what browsers get.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage

NAME = "linban/css/linban.css"
FOLDER = Path(__file__).parent / "base/static/linban/css"
# In the order of the cascade: later ones may refine earlier ones. Print stays apart, so that no screen waits for it.
PARTS = (
    "tokens", "base", "header", "footer", "button", "badge", "panel", "steps", "table", "form", "option", "material",
    "banner", "empty", "toast", "dialog", "search", "sill-card", "ticket", "wait-line", "doors", "map-list", "breadcrumbs",
    "pagination", "call-bar", "art",
)  # fmt: skip


def put_together() -> str:
    """The parts one after the other, without the air between them."""
    texts = ((FOLDER / f"{part}.css").read_text("utf-8").strip() for part in PARTS)
    return "\n".join(texts) + "\n"


class StylesheetFinder(BaseFinder):
    """Writes the stylesheet into DATA_DIR whenever a part is newer, and finds it there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.storage = FileSystemStorage(location=settings.DATA_DIR / "stylesheet")

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return []

    def _written(self) -> Path:
        path = Path(self.storage.path(NAME))
        newest = max((FOLDER / f"{part}.css").stat().st_mtime for part in PARTS)
        newest = max(newest, Path(__file__).stat().st_mtime)
        if not path.exists() or path.stat().st_mtime < newest:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several processes may start at once: each replaces the whole.
            unfinished = path.with_suffix(f".{id(self)}.part")
            unfinished.write_text(put_together(), "utf-8")
            unfinished.replace(path)
        return path

    def find(self, path: str, find_all: bool = False) -> Any:
        if path != NAME:
            return []
        found = str(self._written())
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Any:
        self._written()
        yield NAME, self.storage
