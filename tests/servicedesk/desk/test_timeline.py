"""What has happened is told in sentences."""

import pytest

from servicedesk.cases.states import TRANSITIONS as CASES
from servicedesk.desk.timeline import SENTENCES
from servicedesk.queueing.states import TRANSITIONS as TICKETS
from servicedesk.remote.states import TRANSITIONS as SESSIONS


@pytest.mark.parametrize(("kind", "table"), [("ticket", TICKETS), ("session", SESSIONS), ("case", CASES)])
def test_every_verb_of_a_state_machine_has_its_sentence(kind, table):
    assert {verb for _state, verb in table} - {verb for about, verb in SENTENCES if about == kind} == set()
