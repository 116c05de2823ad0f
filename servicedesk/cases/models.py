"""What was accepted: the case, its stages, captured pages, filled forms and signatures, hand-overs and results."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id
from portal.base.places.models import Place
from servicedesk.cases.states import CaseState


class Case(models.Model):
    """A case of one item for one applicant; `external_number` is the outside acceptance system's."""

    class Basis(models.TextChoices):
        SELF = "self", _("the applicant in person")
        AGENT = "agent", _("an agent with a letter")
        GUARDIAN = "guardian", _("a guardian")
        FAMILY = "family", _("a near relative")
        HELPER = "helper", _("a helper with collected papers")
        DECIDED = "decided", _("decided by the clerk, with a reason")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=24, unique=True)
    external_number = models.CharField(max_length=64, blank=True)
    item = models.ForeignKey("items.ServiceItem", models.PROTECT, related_name="cases")
    edition_id = models.BigIntegerField(null=True)
    notice_id = models.UUIDField(null=True, help_text="the notice that the resident brought, by id")
    ticket = models.ForeignKey("queueing.Ticket", models.PROTECT, related_name="cases")
    centre = models.ForeignKey(Place, models.PROTECT, related_name="cases")
    point = models.ForeignKey(Place, models.PROTECT, null=True, related_name="point_cases")
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="cases")
    applicant = models.ForeignKey("residents.Person", models.PROTECT, related_name="cases")
    present = models.ForeignKey("residents.Person", models.PROTECT, related_name="cases_present")
    basis = models.CharField(max_length=10, choices=Basis, default=Basis.SELF)
    phone_sealed = models.BinaryField(null=True, help_text="for messages; sealed under the applicant's key")
    state = models.CharField(max_length=14, choices=CaseState, default=CaseState.OPEN)
    track_code = models.CharField(max_length=24, unique=True, help_text="opens progress by QR; 80 random bits")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_number"], condition=~models.Q(external_number=""), name="external_number_once"
            )
        ]

    def __str__(self) -> str:
        return self.number


class TrackingCode(models.Model):
    """A code sent by message, by which a case can be looked up with its number; only its hash is kept."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="tracking_codes")
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.case_id)


class CasePage(models.Model):
    """A page captured from the document camera, re-encoded and sealed under the applicant's key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="pages")
    position = models.PositiveSmallIntegerField()
    material = models.CharField(max_length=120, blank=True)
    image_sealed = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="of the plain JPEG")
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    captured_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["case", "position"], name="page_position_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.position}"


class FilledForm(models.Model):
    """A printable form as the clerk fills it; values sealed under the applicant's key; an edit voids the signature."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="forms")
    form_key = models.CharField(max_length=40)
    form_version = models.PositiveSmallIntegerField(default=1)
    values_sealed = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="of the canonical JSON of key, version and values")
    revision = models.PositiveIntegerField(default=1)
    changed_fields = models.JSONField(default=list, help_text="names of the fields changed last")
    is_offered = models.BooleanField(default=False, help_text="sent to the second screen for signature")
    is_checked = models.BooleanField(default=False, help_text="was to be offered once; what is missing is said since")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.form_key} {self.revision}"


class Signature(models.Model):
    """A signature drawn on the touch screen or given by a clerk, bound to the hash of what was signed."""

    class Role(models.TextChoices):
        RESIDENT = "resident", _("resident")
        CLERK = "clerk", _("clerk")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    form = models.ForeignKey(FilledForm, models.PROTECT, null=True, related_name="signatures")
    handover = models.ForeignKey("cases.Handover", models.PROTECT, null=True, related_name="signatures")
    role = models.CharField(max_length=10, choices=Role)
    signed_sha256 = models.CharField(max_length=64)
    strokes_sealed = models.BinaryField(help_text="JSON list of strokes, each a list of [x, y, ms], 0..1000")
    by = models.CharField(max_length=80)
    signed_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(form__isnull=False, handover__isnull=True)
                | models.Q(form__isnull=True, handover__isnull=False),
                name="signature_on_one_paper",
            ),
            models.UniqueConstraint(
                fields=["form", "role"], condition=models.Q(voided_at__isnull=True), name="form_signed_once_a_role"
            ),
            models.UniqueConstraint(
                fields=["handover", "role"],
                condition=models.Q(voided_at__isnull=True),
                name="handover_signed_once_a_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.signed_sha256[:8]}"


class Handover(models.Model):
    """Papers left behind or given back, with a receipt 收件凭证 signed by both sides."""

    class Direction(models.TextChoices):
        LEFT = "left", _("left with us")
        RETURNED = "returned", _("given back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="handovers")
    number = models.CharField(max_length=28, unique=True)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.LEFT)
    papers = models.JSONField(help_text='list of {"name", "form", "count"}')
    returns = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        related_name="returned_by",
        help_text="the hand-over that this one gives back",
    )
    sha256 = models.CharField(max_length=64)
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class Result(models.Model):
    """What comes out of a case: a PDF, sealed; printed as original or copy."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="results")
    title = models.CharField(max_length=120)
    pdf_sealed = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()
    attached_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    attached_at = models.DateTimeField()
    originals_printed = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(originals_printed__lte=1), name="result_one_original")]

    def __str__(self) -> str:
        return self.title


class ExtraAsk(models.Model):
    """A clerk asked for something that the resident's notice does not name; the reason is sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice_id = models.UUIDField()
    notice_code = models.CharField(max_length=6)
    item_key = models.CharField(max_length=80)
    material = models.CharField(max_length=200)
    reason_sealed = models.BinaryField()
    ticket = models.ForeignKey("queueing.Ticket", models.PROTECT, null=True, related_name="extra_asks")
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    centre = models.ForeignKey(Place, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.notice_code}: {self.material}"
