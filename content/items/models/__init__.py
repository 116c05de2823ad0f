"""What can be done here: items, editions by date, shared materials and situations, what a place does differently."""

from content.items.models.at_place import ItemAtPlace, ItemHours
from content.items.models.demand import ItemDemand
from content.items.models.edition import (
    EditionAsked,
    EditionBasis,
    EditionFee,
    EditionMaterial,
    EditionProxy,
    EditionQuestion,
    EditionStage,
    EditionStop,
    ItemEdition,
)
from content.items.models.import_run import ImportRun
from content.items.models.item import ItemCode, LifeEvent, LifeEventItem, Line, ServiceItem
from content.items.models.material import Material, MaterialSource, Situation, SituationChoice
from content.items.models.words import DAY_RULES, KEY_RULE, in_english, in_readers_language, lines_of, said

__all__ = [
    "DAY_RULES",
    "KEY_RULE",
    "EditionAsked",
    "EditionBasis",
    "EditionFee",
    "EditionMaterial",
    "EditionProxy",
    "EditionQuestion",
    "EditionStage",
    "EditionStop",
    "ImportRun",
    "ItemAtPlace",
    "ItemCode",
    "ItemDemand",
    "ItemEdition",
    "ItemHours",
    "LifeEvent",
    "LifeEventItem",
    "Line",
    "Material",
    "MaterialSource",
    "ServiceItem",
    "Situation",
    "SituationChoice",
    "in_english",
    "in_readers_language",
    "lines_of",
    "said",
]
