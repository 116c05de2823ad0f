"""Who may see suggestions (everybody) and the editors' list of searches that found nothing."""

from datetime import date

from content.search.models import UnfoundQuery
from tests.access import PUBLIC, SIGN_IN, Row


def make_unfound(cast) -> UnfoundQuery:
    return UnfoundQuery.objects.create(fingerprint="f" * 64, text="宇航员体检", count=3, last_day=date(2026, 11, 20))


ROWS = [
    Row("search/suggestions/", "/search/suggestions/?q=1", PUBLIC),
    Row("cms/searches/", "/cms/searches/", {"editor": 200, "clerk": SIGN_IN, "anonymous": SIGN_IN}),
    Row(
        "cms/searches/<int:number>/", lambda query: f"/cms/searches/{query.pk}/",
        {"editor": 302, "clerk": SIGN_IN, "anonymous": SIGN_IN}, method="post",
        data=lambda query: {"do": "dismiss"}, prepare=make_unfound,
    ),
]  # fmt: skip
