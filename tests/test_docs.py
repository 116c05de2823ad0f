"""The docs keep up: variables, commands, rooms, links, languages and scripts that they name are those that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READ = re.compile(r"\b(?:text|flag|url|keyring|port_range|time_zone|whole_number)\(\s*\"([A-Z][A-Z0-9_]+)\"")
# Commands of packages that the docs name as ours to run.
ENDINGS = ("_URL", "_KEY", "_DIR", "_TOKEN", "_GATEWAY", "_STORAGE", "_PORTS", "_URLS", "_SECRET", "_HOSTS", "_TILES")
FOREIGN_COMMANDS = {
    "db_worker",
    "migrate",
    "collectstatic",
    "createsuperuser",
    "changepassword",
    "check",
    "shell",
    "makemigrations",
}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def variables_in_settings() -> set[str]:
    """Names that the portal's settings read from the environment."""
    return set(READ.findall(read("portal/settings.py"))) | {"BACKUP_PASSPHRASE"}


def own_commands() -> set[str]:
    """Management commands of our rooms."""
    found = [
        path
        for room in ("portal", "content", "servicedesk")
        for path in (ROOT / room).rglob("management/commands/*.py")
        if path.stem != "__init__"
    ]
    return {path.stem for path in found}


def rooms() -> set[str]:
    """Folders that are apps or rooms, as the tour should name them."""
    parents = ("portal/base", "content", "servicedesk")
    return {
        f"{parent}/{path.name}"
        for parent in parents
        for path in (ROOT / parent).iterdir()
        if path.is_dir() and (path / "__init__.py").exists() and path.name not in {"migrations", "management"}
    }


def test_every_variable_of_the_environment_is_documented_and_no_other():
    first_cells = re.findall(r"^\| (`[^|]+) \|", read("docs/environment.md"), re.MULTILINE)
    documented = {name for cell in first_cells for name in re.findall(r"`([A-Z][A-Z0-9_]{2,})`", cell)}
    assert variables_in_settings() - documented == set()
    assert documented - variables_in_settings() - {"LINBAN_PYTHON"} == set()


def test_every_command_of_ours_is_in_the_tour_and_every_named_one_exists():
    tour = read("docs/architecture.md").split("## Commands", 1)[1]
    named = set(re.findall(r"`(?:script/manage )?([a-z]+(?:_[a-z]+)*)(?: [^`]*)?`", tour))
    assert own_commands() - named == set()
    assert named - own_commands() - FOREIGN_COMMANDS - {"python"} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_management_command_that_a_page_tells_to_run_exists(page: Path):
    named = set(re.findall(r"(?:manage\.py|script/manage) ([a-z_]+)", page.read_text("utf-8")))
    assert named - own_commands() - FOREIGN_COMMANDS == set()


def test_every_variable_that_a_page_names_as_one_to_set_exists():
    known = variables_in_settings() | {"LINBAN_PYTHON", "POSTGRES_PASSWORD", "SITE_ADDRESS", "TEST_DB_SUFFIX"}
    for page in PAGES:
        # `NAME` or `NAME=value` in code, with an underscore: constants of the code are named with their module.
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", page.read_text("utf-8")))
        assert {name for name in named if name.endswith(ENDINGS)} - known == set(), page.name


def test_every_room_is_in_the_tour_and_every_named_one_exists():
    table = read("docs/architecture.md").split("## The rooms", 1)[1].split("## How one case flows", 1)[0]
    named = set(re.findall(r"`((?:portal/base|content|servicedesk)/[a-z_]+)`", table))
    assert rooms() - named == set()
    assert named - rooms() == set()


def test_the_states_in_the_tour_are_those_of_the_machines():
    tour = read("docs/architecture.md").split("## State machines", 1)[1].split("## ", 1)[0]
    for name, states in re.findall(r"\(`(servicedesk/\w+/states\.py)`\) \| ([^|]+) \|", tour):
        told = set(re.findall(r"[a-z_]+", re.sub(r"\(.*?\)", "", states)))
        real = set(re.findall(r"^    [A-Z_]+ = \"([a-z_]+)\"", read(name), re.MULTILINE))
        assert told == real, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        # An address of the portal itself is not a file.
        if not re.match(r"[a-z]+:|/", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_scripts_that_a_page_names_exist(page: Path):
    text = page.read_text("utf-8")
    for name in re.findall(r"\bscript/([a-z_.]+[a-z])\b", text):
        assert (ROOT / "script" / name).exists(), f"{page.name} names script/{name}"
    rooted = r"`((?:portal|content|servicedesk|kiosk_bridge|themes|tests|deploy|locale|docs)/[\w./-]+\.\w+)`"
    for name in re.findall(rooted, text):
        # NAME stands for a name that the reader chooses; the merged catalogue is built at set-up.
        if "NAME" in name or name.startswith("locale/zh_Hans/"):
            continue
        assert (ROOT / name).exists(), f"{page.name} names {name}"


def test_the_glossary_has_each_word_once_and_in_both_languages():
    rows = [line.split("|") for line in read("docs/glossary.md").splitlines() if line.startswith("| ")]
    words = [row[1].strip() for row in rows[1:]]
    assert len(words) > 40
    assert len(words) == len(set(words))
    for row in rows[1:]:
        assert re.search(r"[\u4e00-\u9fff]", row[2]), f"{row[1].strip()} has no Chinese"


def test_the_first_thing_in_the_readme_is_two_commands_that_exist():
    block = read("README.md").split("```sh\n", 1)[1].split("```", 1)[0]
    commands = [line.split()[0] for line in block.splitlines()]
    assert commands == ["script/demo", "script/test"]
    assert "virtual only" in read("README.md")


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_test_that_the_docs_name_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", read("docs/bad-input.md"))
    assert len(named) > 20
    missing = [f"{path}::{name}" for path, name in named if not re.search(rf"def {name}\(", read(path))]
    assert missing == []


def test_every_picture_is_shown_in_the_readme_and_taken_by_the_journey():
    pictures = {path.name for path in (ROOT / "docs/screenshots").glob("*.png")}
    assert set(re.findall(r"docs/screenshots/([\w-]+\.png)", read("README.md"))) == pictures
    assert {
        f"{name}.png" for name in re.findall(r'self\.shot\("([\w-]+)"', read("tests/e2e/test_journey.py"))
    } == pictures
