"""Between the service desk's rooms only their public modules pass, and no edge writes past a service."""

import ast
import sys
from pathlib import Path

from demo_environment import ROOT

# What another room may import. Models come along as types and for reading; writing stays with the room's services.
DOORS = {"services", "states", "errors", "models", "events"}
# Further public modules of single rooms: they read, describe or pass on; `extras` writes its own table, which no service does.
FURTHER_DOORS = {
    "servicedesk.booking": {"capacity"},
    "servicedesk.cases": {"extras", "paperforms", "progress"},
    "servicedesk.kiosk": {"captures"},
    "servicedesk.queueing": {"snapshots"},
    "servicedesk.remote": {"dossier", "instructions", "playback", "signalling", "verification"},
}
ROOM_PARENTS = ("portal.base", "content", "servicedesk")
EDGES = {"views.py", "consumers.py", "live_views.py"}


def room_of(module: str) -> str | None:
    """'servicedesk.cases' for 'servicedesk.cases.models'; None outside the rooms."""
    for parent in ROOM_PARENTS:
        if module.startswith(parent + "."):
            return ".".join(module.split(".")[: parent.count(".") + 2])
    return None


def imported_modules(tree: ast.AST, package: str) -> list[tuple[int, str]]:
    """(line, dotted module) of every import, `from a import b` being a.b when it may be a module."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")
                base = ".".join([*parent[: len(parent) - node.level + 1], *([base] if base else [])])
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def door_faults(path: Path) -> list[str]:
    """Imports of another room's inner modules, and writes at the edges, in one file."""
    place = path.relative_to(ROOT)
    package = ".".join(place.parent.parts)
    own_room = room_of(package + ".x")
    tree = ast.parse(path.read_text("utf-8"))
    faults = []
    for line, module in imported_modules(tree, package):
        room = room_of(module)
        if not room or room == own_room or not room.startswith("servicedesk.") or not package.startswith("servicedesk"):
            continue
        door = module.removeprefix(room).lstrip(".").split(".")[0]
        doors = DOORS | FURTHER_DOORS.get(room, set())
        if door and door not in doors:
            faults.append(f"{place}:{line}: imports {module}; other rooms may use only {', '.join(sorted(doors))}.")
    if path.name in EDGES:
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if (
                is_call
                and node.func.attr == "save"
                and not any(part in ("form", "formset") for part in _names(node.func))
            ):
                faults.append(f"{place}:{node.lineno}: saves a row itself; a service does that.")
    return faults


def _names(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]


def main() -> int:
    files = [
        path
        for room in ("portal", "content", "servicedesk")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    faults = [fault for path in files for fault in door_faults(path)]
    sys.stdout.write("\n".join([*faults, f"{len(files)} modules, {len(faults)} faults."]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
