"""What the styleguide shows: the components' sample values and the names of all icons."""

import re
from pathlib import Path

from django import forms

SPRITE = Path(__file__).parent / "base/static/linban/icons.svg"


class SampleForm(forms.Form):
    """One field of each kind, to see how Django's forms are drawn."""

    name = forms.CharField(label="姓名", max_length=30)
    year = forms.IntegerField(label="登记的年份", help_text="4位数字，例如1975", min_value=1900)
    way = forms.ChoiceField(
        label="怎么拿", choices=[("print", "在居委会打印"), ("post", "寄到家")], widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="要帮忙吗",
        choices=[("read", "读给我听"), ("stepfree", "无台阶")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(label="还有什么要说", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agree = forms.BooleanField(label="我看过录音录像的说明")


def icon_names() -> list[str]:
    """Names of all icons in the sprite, in its order."""
    return re.findall(r'<symbol id="([a-z-]+)"', SPRITE.read_text())


def styleguide_context() -> dict[str, object]:
    """Context of components/styleguide.html."""
    return {
        "icon_names": icon_names(),
        "form": SampleForm({"name": "周秀英", "year": "75"}),
        "tags_original": ["原件1份"],
        "guesses": [{"title": "敬老卡申领", "url": "#"}, {"title": "社保卡申领", "url": "#"}],
        "progress": [
            {"title": "收到", "text": "11月23日 14:20", "state": "done"},
            {"title": "受理", "text": "11月23日 14:22", "state": "done"},
            {"title": "档案馆审核", "text": "正在办", "state": "now"},
            {"title": "出证", "text": "还没到", "state": ""},
        ],
        "form_steps": [
            {"title": "填表", "state": "done"},
            {"title": "核对签名", "state": "now"},
            {"title": "打印", "state": ""},
        ],
    }
