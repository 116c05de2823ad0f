"""The mechanism under every state machine: lock, check, write, journal and announce in one transaction."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from portal.base.errors import Changed, InvalidTransition
from portal.base.journal import services as journal
from portal.base.places.models import Place
from portal.base.streams import services as streams


@transaction.atomic
def move[M: models.Model](
    row: M,
    action: str,
    *,
    table: Mapping[tuple[str, str], str],
    subject: str,
    actor: str,
    place: Place | None = None,
    expected: str | None = None,
    reason: str = "",
    facts: dict[str, Any] | None = None,
    text: str = "",
    changes: dict[str, Any] | None = None,
    announce: tuple[str, ...] = (),
) -> M:
    """Apply `action` to the row's `state` by `table[(state, action)] -> new state`, with `changes` to other fields.

    Raises:
        InvalidTransition: the table has no such move from the present state.
        Changed: `expected` was given and the row is in another state by now.
    """
    # Every machine's row has a `state`; a generic type cannot say so.
    locked: Any = type(row)._default_manager.select_for_update().get(pk=row.pk)
    old = locked.state
    if expected is not None and old != expected:
        raise Changed(_("Somebody was faster: this has changed meanwhile. Look at it again."))
    new = table.get((old, action))
    if new is None:
        raise InvalidTransition(_("This cannot be done now: it is already at another step."))
    for name, value in (changes or {}).items():
        setattr(locked, name, value)
    locked.state = new
    locked.save(update_fields=["state", *(changes or {})])
    journal.append(
        (subject, row.pk),
        action=action,
        actor=actor,
        place=place,
        old=old,
        new=new,
        reason=reason,
        facts=facts,
        text=text,
    )
    if announce:
        streams.bump(*announce)
    for field in locked._meta.concrete_fields:
        setattr(row, field.attname, getattr(locked, field.attname))
    return row
