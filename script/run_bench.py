"""Runs script/bench.d/NAME.py, whose main(arguments) returns Markdown, and puts that into its part of docs/bench.md."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

from demo_environment import ROOT

PAGE = ROOT / "docs/bench.md"
BENCHES = ROOT / "script/bench.d"


def replace_part(page: str, name: str, text: str) -> str:
    """The page with the part between NAME's markers replaced, or added at its end."""
    opening, closing = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    part = f"{opening}\n{text.strip()}\n{closing}"
    if opening not in page:
        return f"{page.rstrip()}\n\n{part}\n"
    before, rest = page.split(opening, 1)
    _old, after = rest.split(closing, 1)
    return before + part + after


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    names = sorted(path.stem for path in BENCHES.glob("*.py") if not path.stem.startswith("_"))
    chosen = arguments[:1] or names
    unknown = set(chosen) - set(names)
    if unknown:
        sys.stderr.write(f"There is no benchmark {sorted(unknown)[0]!r}; there are: {', '.join(names) or 'none'}.\n")
        return 2
    sys.path.insert(0, str(ROOT))
    for name in chosen:
        text = _load(BENCHES / f"{name}.py").main(arguments[1:])
        sys.stdout.write(text.strip() + "\n")
        stamped = f"{text.strip()}\n\nMeasured on {datetime.now(UTC):%Y-%m-%d} by `script/bench {name}`."
        PAGE.write_text(replace_part(PAGE.read_text("utf-8"), name, stamped), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
