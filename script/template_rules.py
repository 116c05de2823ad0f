"""Our templates parse, carry no inline script or style, and say nothing that is not translated."""

import os
import re
import sys
from pathlib import Path

from demo_environment import ROOT

ROOMS = ("portal", "content", "servicedesk", "themes")
COMMENT = re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|<!--.*?-->", re.DOTALL)
JSON_BLOCK = re.compile(r"type=[\"']application/json[\"']")
RULES = [
    (re.compile(r"<style\b", re.IGNORECASE), "has a <style>; put it into a stylesheet under static/."),
    (re.compile(r"<[^<>]*\sstyle\s*=", re.IGNORECASE), "has a style attribute; use a class."),
    (
        re.compile(r"<[^<>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
        "has an inline handler; hook by data-* from a module.",
    ),
    (re.compile(r"javascript:", re.IGNORECASE), "has a javascript: address."),
    # A form field's help text is HTML by Django's own word, and written by us.
    (re.compile(r"(?<!\.help_text)\|\s*safe\b"), "marks something safe; let format_html or a template build it."),
]
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.IGNORECASE | re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Where Chinese stands in its own right: names of languages, the product's name, and the words of drawings.
CHINESE_ALLOWED = re.compile(r"简体中文|中文|邻办|<text\b.*?</text>")
# The style guide shows the look with made-up content; it stands in the demo alone.
STYLE_GUIDE = ("/samples/", "/styleguide")


def faults_of(text: str) -> list[tuple[int, str]]:
    """(line, what is wrong) for one template's text."""
    faults = []
    bare = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for pattern, what in RULES:
        for match in pattern.finditer(bare):
            faults.append((bare.count("\n", 0, match.start()) + 1, what))
    for match in SCRIPT.finditer(bare):
        if match.group(2).strip() and not JSON_BLOCK.search(match.group(1)):
            faults.append((bare.count("\n", 0, match.start()) + 1, "has an inline script; use a module under static/."))
    for number, line in enumerate(bare.splitlines(), start=1):
        if CHINESE.search(CHINESE_ALLOWED.sub("", line)):
            faults.append((number, "has Chinese text; write the English sentence in {% translate %}."))
    return faults


def template_files() -> list[tuple[Path, str]]:
    """(file, the name by which Django finds it) of every template of ours."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("templates/**/*.html")):
            name = str(path).rsplit("/templates/", 1)[1]
            found.append((path, name))
    return found


def main() -> int:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.template import TemplateSyntaxError, engines

    django.setup()
    faults = []
    files = template_files()
    for path, _name in files:
        text = path.read_text("utf-8")
        place = path.relative_to(ROOT)
        found = faults_of(text)
        if any(part in f"/{place}" for part in STYLE_GUIDE):
            found = [(line, what) for line, what in found if "Chinese" not in what]
        faults += [f"{place}:{line}: {what}" for line, what in found]
        try:
            engines["django"].from_string(text)
        except TemplateSyntaxError as error:
            faults.append(f"{place}: does not parse: {error}")
    sys.stdout.write("\n".join([*faults, f"{len(files)} templates, {len(faults)} faults."]) + "\n")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    raise SystemExit(main())
