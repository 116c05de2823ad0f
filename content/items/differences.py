"""What an import changes: field by field, old and new, between two snapshots of what is published."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from content.items.exporting import Identity

Row = dict[str, Any]
# Columns that name a thing and so never differ.
NAMES = {"key", "valid_from", "place"}


@dataclass
class Change:
    """One thing that an import adds or changes; `before` is None where it was not there."""

    kind: str
    key: str
    label: str
    before: Row | None
    after: Row | None
    fields: list[dict[str, Any]] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return (self.kind, self.key)

    def lines(self) -> list[str]:
        """Sentences for a terminal: what, which field, old → new."""
        if self.before is None:
            return [_("%(label)s: new") % {"label": self.label}]
        return [f"{self.label} · {one['name']}: {one['old'] or '–'} → {one['new'] or '–'}" for one in self.fields]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(before: dict[Identity, Row], after: dict[Identity, Row]) -> list[Change]:
    """What differs between two snapshots, in the order of the newer one."""
    names = {row["key"]: row["name"] for (kind, _key), row in (before | after).items() if kind == "editions"}
    changes = []
    for identity in [*after, *(gone for gone in before if gone not in after)]:
        old, new = before.get(identity), after.get(identity)
        if old == new:
            continue
        kind, key = identity
        change = Change(kind, key, _label(kind, key, new or old or {}, names), old, new)
        if old is not None and new is not None:
            change.fields = _fields(old, new)
        changes.append(change)
    return changes


def _label(kind: str, key: str, row: Row, names: dict[str, str]) -> str:
    """What people call the thing: its name, with the day or place that tells it apart."""
    if kind == "items":
        return names.get(key, key)
    if kind == "places":
        return f"{names.get(row['key'], row['key'])} · {row['place']}"
    if kind == "editions":
        return f"{row['name']} ({row['valid_from']})"
    return row.get("name") or key


def _fields(old: Row, new: Row) -> list[dict[str, Any]]:
    found = []
    for name in new:
        if name in NAMES or old.get(name) == new[name]:
            continue
        found.append({"name": name, "old": _said(old.get(name)), "new": _said(new[name])})
    return found


def _said(value: Any) -> str:
    """A value as one line of text."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _("; ").join(_said(part) for part in value)
    if isinstance(value, dict):
        return _(", ").join(f"{name} {said}" for name, part in value.items() if (said := _said(part)))
    return str(value).replace("\n", _("; "))
