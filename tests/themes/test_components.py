"""Components draw what they are given: shape and word together, fields with their errors in place, no inline code."""

import re
from pathlib import Path

import pytest
from django import forms
from django.template.loader import get_template

from themes.styleguide import SampleForm, icon_names

BASE = Path(__file__).resolve().parents[2] / "themes/base"
TEMPLATES = sorted(path for path in (BASE / "templates").rglob("*.html"))
STYLES = sorted((BASE / "static/linban/css").glob("*.css"))


def test_a_badge_never_says_its_state_by_colour_alone(draw):
    for status in ("open", "partly", "closed", "supplement", "unmanned", "here"):
        html = draw("components/status_badge.html", status=status, text="开着")
        assert "<use" in html and "开着" in html, status


def test_an_unknown_state_is_drawn_as_off(draw):
    assert "badge--off" in draw("components/status_badge.html", status="nonsense", text="不知道")


def test_an_error_stands_below_its_field_and_is_tied_to_it():
    html = str(SampleForm({"name": "周秀英", "year": "75"})["year"].as_field_group())
    assert 'class="field field--error"' in html
    described = re.search(r'aria-describedby="([^"]+)"', html).group(1).split()
    for part in described:
        assert f'id="{part}"' in html
    assert html.index("<input") < html.index("field__error")
    assert 'value="75"' in html, "what was typed stays"


def test_optional_fields_say_so_and_required_ones_do_not():
    form = SampleForm()
    assert "<small>" in str(form["note"].as_field_group())
    assert "<small>" not in str(form["name"].as_field_group())


def test_controls_get_our_class_and_keep_their_own():
    class Form(forms.Form):
        text = forms.CharField(widget=forms.TextInput(attrs={"class": "mine"}))
        tick = forms.BooleanField()
        hidden = forms.CharField(widget=forms.HiddenInput)

    form = Form()
    assert 'class="mine control"' in str(form["text"])
    assert "control" not in str(form["tick"])
    assert "control" not in str(form["hidden"])


def test_five_ratings_look_equal_and_none_is_chosen(draw):
    buttons = [draw("components/rating.html", value=value, title="满意") for value in range(1, 6)]
    shapes = {re.sub(r'value="\d"|star-full|star| class="icon( rating__full)?"', "", html) for html in buttons}
    assert len(shapes) == 1
    assert all("checked" not in html and "autofocus" not in html for html in buttons)


def test_the_safe_answer_of_a_dialog_is_first_and_primary(draw):
    html = draw(
        "components/dialog.html", id="x", title="要结束吗？", safe_text="继续办", act_text="结束", act_url="/end/"
    )
    assert html.index("继续办") < html.index("结束</button>")
    assert 'class="button button--stop"' in html and "csrfmiddlewaretoken" in html


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE / "templates")))
def test_templates_compile_and_hold_no_inline_code(path):
    get_template(str(path.relative_to(BASE / "templates")))
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_use_no_ids_and_no_important(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    assert "!important" not in text
    for selector in re.findall(r"([^{}]+)\{", text):
        assert "#" not in selector, selector


def test_every_icon_that_a_template_names_exists():
    known = set(icon_names())
    for path in TEMPLATES:
        for name in re.findall(
            r'components/(?:icon|door|kiosk_door|call_tile)\.html" with[^%]*?(?:name|icon)="([a-z-]+)"',
            path.read_text(),
        ):
            assert name in known, (name, path.name)


def test_a_theme_redefines_tokens_only():
    tokens = {}
    for theme in ("jingan", "kaifu"):
        text = (BASE.parent / theme / f"static/linban-themes/{theme}/tokens.css").read_text()
        body = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        assert body.count("{") == 1 and f'[data-theme="{theme}"]' in body
        tokens[theme] = set(re.findall(r"(--[a-z0-9-]+):", body))
    assert tokens["jingan"] == tokens["kaifu"]
