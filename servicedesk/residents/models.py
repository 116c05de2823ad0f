"""Who a person is: certificates, the encrypted identity under the person's own key, and consent."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id


class Person(models.Model):
    """A resident. What identifies them is sealed under their own key; erasing that key erases them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    identity_sealed = models.BinaryField(help_text="JSON {name, sex, nation, birth_date, address}")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class PersonKey(models.Model):
    """The person's own key, wrapped by the keyring's field key; destroying the row is the erasure."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="key")
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return str(self.person_id)


class Certificate(models.Model):
    """A paper that proves who somebody is; found by its blind index of kind and number."""

    class Kind(models.TextChoices):
        RESIDENT_ID = "resident_id", _("resident identity card")
        HMT_RESIDENCE = "hmt_residence", _("residence permit of Hong Kong, Macao and Taiwan residents")
        FOREIGN_RESIDENCE = "foreign_residence", _("foreign permanent resident identity card")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="certificates")
    kind = models.CharField(max_length=20, choices=Kind)
    number_sealed = models.BinaryField()
    index = models.CharField(max_length=64, null=True, unique=True)

    def __str__(self) -> str:
        return self.kind


class PrivacyNotice(models.Model):
    """A version of what residents are told about their data and the recording."""

    version = models.CharField(max_length=20, unique=True)
    text_zh = models.TextField()
    text_en = models.TextField(blank=True)
    valid_from = models.DateField()

    def __str__(self) -> str:
        return self.version


class Consent(models.Model):
    """A resident was told a version of the notice, and agreed or refused."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.ForeignKey(PrivacyNotice, models.PROTECT)
    person = models.ForeignKey(Person, models.SET_NULL, null=True)
    subject_type = models.CharField(max_length=30)
    subject_id = models.CharField(max_length=40)
    is_agreed = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"
