"""How long calendars are kept."""

from portal.base.clock.services import kept

kept("calendars", because="deadlines of past cases are counted by past years' holidays")
