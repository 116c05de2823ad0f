"""Every view, socket and API verb of ours has its row in the access table, and each row holds."""

import pytest
from asgiref.sync import sync_to_async

from tests.access import address, all_rows, api_verbs, page_routes, socket_routes, try_api, try_page, try_socket
from tests.cast import make_cast

ROWS = all_rows()


def cases(kind: str) -> list:
    return [pytest.param(row, member, id=f"{row}-{member}") for row in ROWS if row.kind == kind for member in row.who]


@pytest.mark.django_db
@pytest.mark.parametrize(("row", "member"), cases("page"))
def test_a_page_lets_in_whom_its_row_says(row, member, cast, client_for):
    try_page(row, cast=cast, client_factory=client_for, member=member)


@pytest.mark.django_db
@pytest.mark.parametrize(("row", "member"), cases("api"))
def test_an_api_verb_lets_in_whom_its_row_says(row, member, cast):
    try_api(row, cast=cast, member=member)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("row", "member"), cases("socket"))
async def test_a_socket_lets_in_whom_its_row_says(row, member, socket_for):
    cast = await sync_to_async(make_cast)()
    subject = await sync_to_async(row.prepare)(cast) if row.prepare else cast
    user = None if member == "anonymous" else getattr(cast, member)
    communicator = await sync_to_async(socket_for)(address(row, subject), user)
    await try_socket(row, communicator, member=member)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind != "api"], ids=str)
def test_a_row_says_who_stays_outside_unless_it_is_public(row):
    refused = [answer for answer in row.who.values() if answer in ("sign in", 401, 403, 404) or str(answer) == "4403"]
    is_public = row.who.get("anonymous") in (200, 301, 302, "opens", 4401, 400)
    assert refused or is_public


def test_every_page_of_ours_has_a_row():
    missing = page_routes() - {row.route for row in ROWS if row.kind == "page"}
    assert not missing, f"add rows to tests/access_rows/ for: {sorted(missing)}"


def test_every_socket_of_ours_has_a_row():
    missing = socket_routes() - {row.route for row in ROWS if row.kind == "socket"}
    assert not missing, f"add rows to tests/access_rows/ for: {sorted(missing)}"


@pytest.mark.django_db
def test_every_verb_of_the_api_has_a_row():
    missing = api_verbs() - {(row.method, row.route) for row in ROWS if row.kind == "api"}
    assert not missing, f"add rows to tests/access_rows/ for: {sorted(missing)}"
