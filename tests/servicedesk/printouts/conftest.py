"""The same visit as in the tests of cases."""

from tests.servicedesk.cases.conftest import case, item, kiosk, person, ticket

__all__ = ["case", "item", "kiosk", "person", "ticket"]
