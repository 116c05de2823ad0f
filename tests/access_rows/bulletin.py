"""Who may enter the bulletin's pages and the editors' own pages of the CMS."""

from content.bulletin.services import put_suggestion
from content.items.models import Line, ServiceItem
from tests.access import PUBLIC, SIGN_IN, Row


def make_item(cast):
    line, _created = Line.objects.get_or_create(code="test", defaults={"name": "测试条线"})
    return ServiceItem.objects.create(key="checked-item", line=line)


def make_suggestion(cast):
    return put_suggestion(place=cast.district, topic="other", text="多一把椅子")


EDITORS = {"editor": 200, "clerk": SIGN_IN, "stranger": SIGN_IN, "anonymous": SIGN_IN}
ROWS = [
    Row("questions/", "/questions/", PUBLIC),
    Row("questions/ask/", "/questions/ask/", {"helper": 200, "clerk": 200, "stranger": 403, "anonymous": SIGN_IN}),
    Row("suggestions/", "/suggestions/", PUBLIC),
    Row("suggestions/thanks/", "/suggestions/thanks/", PUBLIC),
    Row("suggestions/reply/", "/suggestions/reply/", PUBLIC),
    Row("cms/suggestions/", "/cms/suggestions/", EDITORS),
    Row("cms/suggestions/results/", "/cms/suggestions/results/", EDITORS),
    Row("cms/suggestions/<uuid:pk>/", lambda row: f"/cms/suggestions/{row.pk}/", EDITORS, prepare=make_suggestion),
    Row("cms/reports/attention/", "/cms/reports/attention/", EDITORS),
    Row("cms/reports/attention/results/", "/cms/reports/attention/results/", EDITORS),
    Row("cms/items/<int:pk>/checked/", lambda item: f"/cms/items/{item.pk}/checked/", EDITORS, prepare=make_item),
    Row("cms/reports/workflow/", "/cms/reports/workflow/", EDITORS),
    Row("cms/reports/workflow/results/", "/cms/reports/workflow/results/", EDITORS),
    Row("cms/reports/workflow_tasks/", "/cms/reports/workflow_tasks/", EDITORS),
    Row("cms/reports/workflow_tasks/results/", "/cms/reports/workflow_tasks/results/", EDITORS),
    Row("cms/reports/site-history/", "/cms/reports/site-history/", EDITORS),
    Row("cms/reports/site-history/results/", "/cms/reports/site-history/results/", EDITORS),
    Row("cms/reports/page-types-usage/", "/cms/reports/page-types-usage/", EDITORS),
    Row("cms/reports/page-types-usage/results/", "/cms/reports/page-types-usage/results/", EDITORS),
]
