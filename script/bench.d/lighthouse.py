"""Google's Lighthouse on public pages, as its mobile profile sees them: performance and accessibility of 100."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _portal import DATA, ROOT, first_guide, open_page, portal, prepare, told_once

PINNED = Path(__file__).parent / "_lighthouse"
FOLDER = ROOT / ".tools/lighthouse"
LEAST = 95
TRIES = 3
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"


def install() -> None:
    """Lighthouse in the version that the lock names, into .tools/; nothing is installed for the whole machine."""
    for program in ("node", "npm", "chromium"):
        if shutil.which(program) is None:
            raise SystemExit(
                f"{program} is missing. Run:  sudo apt-get install --no-install-recommends nodejs npm chromium"
            )
    lock = (PINNED / "package-lock.json").read_bytes()
    installed = FOLDER / "installed.lock"
    if installed.exists() and installed.read_bytes() == lock:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, FOLDER / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
    installed.write_bytes(lock)


def look_at(url: str, name: str, number: int) -> dict[str, float]:
    """One run: both scores, and the figures that the performance score is made of (ms, and the shift as it is)."""
    report = DATA / f"lighthouse-{name.replace(' ', '-')}-{number}.json"
    for left in reversed(range(TRIES)):
        done = subprocess.run(
            ["node", str(FOLDER / "node_modules/lighthouse/cli/index.js"), url, "--quiet", "--output=json",
             f"--output-path={report}", "--only-categories=performance,accessibility", f"--chrome-flags={FLAGS}"],
            env=dict(os.environ) | {"CHROME_PATH": shutil.which("chromium") or "chromium"},
            capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        found = json.loads(report.read_text("utf-8")) if done.returncode == 0 else {"runtimeError": done.stderr[-1500:]}
        if not found.get("runtimeError"):
            break
        # On a busy machine the browser's trace sometimes lacks its beginning; a run without scores is run again.
        if not left:
            raise SystemExit(f"Lighthouse could not look at {url}: {found['runtimeError']}")
    audits = found["audits"]
    return {
        "performance": found["categories"]["performance"]["score"] * 100,
        "accessibility": found["categories"]["accessibility"]["score"] * 100,
        "first picture, s": audits["first-contentful-paint"]["numericValue"] / 1000,
        "largest picture, s": audits["largest-contentful-paint"]["numericValue"] / 1000,
        "blocked, ms": audits["total-blocking-time"]["numericValue"],
        "shift": audits["cumulative-layout-shift"]["numericValue"],
        "bytes": audits["total-byte-weight"]["numericValue"],
    }


def main(argv: list[str]) -> str:
    """Run the table; ends with an error where a median is below 95."""
    parser = argparse.ArgumentParser(prog="bench lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(argv)
    install()
    prepare()
    version = json.loads((FOLDER / "node_modules/lighthouse/package.json").read_text("utf-8"))["version"]
    rows: dict[str, dict[str, float]] = {}
    with portal() as address:
        guide = first_guide(address)
        paths = {
            "front door": "/",
            "guide": guide,
            "question": f"{guide}notice/",
            "notice": told_once(address, f"{guide}notice/"),
            "points": "/points/",
        }
        for name, path in paths.items():
            open_page(address + path)
            runs = [look_at(address + path, name, number) for number in range(options.runs)]
            rows[name] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    keys = list(next(iter(rows.values())))
    lines = [
        f"Lighthouse {version}, its mobile profile (slow 4G and a slow processor, simulated), headless Chromium; medians of "
        f"{options.runs} runs against one web process with collected static files. Load: {os.getloadavg()[0]:.1f}.",
        "",
        f"| page | {' | '.join(keys)} |",
        "|---" * (len(keys) + 1) + "|",
    ]
    for name, row in rows.items():
        shown = [f"{row[key]:.3f}" if key == "shift" else f"{row[key]:,.1f}" if key.endswith(", s") else f"{row[key]:,.0f}"
                 for key in keys]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(shown)} |")
    low = [name for name, row in rows.items() if min(row["performance"], row["accessibility"]) < LEAST]
    if low:
        raise SystemExit("\n".join([*lines, "", f"Below {LEAST}: {', '.join(low)}."]))
    lines += ["", f"The bar is {LEAST} for both scores."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
