"""What residents say of their visits 好差评: one a visit, never edited."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id


class RatingOption(models.Model):
    """A reason that can be chosen with a level; a versioned table, never code."""

    version = models.PositiveSmallIntegerField(default=1)
    level = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=30)
    position = models.PositiveSmallIntegerField(default=0)
    text_zh = models.CharField(max_length=60)
    text_en = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["version", "level", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "level", "code"], name="rating_option_once")]

    def __str__(self) -> str:
        return f"{self.version}.{self.level} {self.text_zh}"


class Rating(models.Model):
    """What the resident said of one visit; a skip is a row without a level, so that it never counts as praise."""

    class Level(models.IntegerChoices):
        VERY_SATISFIED = 5, _("very satisfied")
        SATISFIED = 4, _("satisfied")
        BASICALLY_SATISFIED = 3, _("basically satisfied")
        DISSATISFIED = 2, _("dissatisfied")
        VERY_DISSATISFIED = 1, _("very dissatisfied")

    class Channel(models.TextChoices):
        KIOSK = "kiosk", _("at the kiosk")
        PHONE = "phone", _("by one's own telephone")
        DESK = "desk", _("at the counter's tablet")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.OneToOneField("queueing.Ticket", models.PROTECT, related_name="rating")
    level = models.PositiveSmallIntegerField(choices=Level, null=True)
    options = models.JSONField(default=list)
    options_version = models.PositiveSmallIntegerField(default=1)
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.KIOSK)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__isnull=True) | models.Q(level__gte=1, level__lte=5),
                name="rating_level_1_to_5",
            )
        ]

    def __str__(self) -> str:
        return str(self.level or "-")


class RatingComment(models.Model):
    """What was written in one's own words: sealed, and apart from the rating, because it alone is erased in time."""

    rating = models.OneToOneField(Rating, models.PROTECT, related_name="comment", primary_key=True)
    sealed = models.BinaryField()
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
