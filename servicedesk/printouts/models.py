"""Print jobs: a row before anything else happens, and its outcome."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id
from servicedesk.printouts.states import OPEN, JobState


class PrintJob(models.Model):
    """One sheet or slip for one device's printer; the document is sealed in the row."""

    class Printer(models.TextChoices):
        RECEIPT = "receipt", _("receipt printer")
        A4 = "a4", _("A4 printer")

    class Kind(models.TextChoices):
        TICKET = "ticket", _("ticket")
        FORM = "form", _("form")
        RESULT = "result", _("result")
        HANDOVER = "handover", _("receipt for papers 收件凭证")
        NOTICE = "notice", _("notice")
        BOOKING = "booking", _("booking")

    class Mark(models.TextChoices):
        NONE = "", _("no mark")
        ORIGINAL = "original", _("original 原件")
        COPY = "copy", _("copy 副本")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="print_jobs")
    printer = models.CharField(max_length=10, choices=Printer)
    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.CharField(max_length=40, help_text="id of the ticket, form, result or hand-over")
    ticket = models.ForeignKey("queueing.Ticket", models.PROTECT, null=True, related_name="print_jobs")
    person = models.ForeignKey(
        "residents.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="under whose own key the document lies",
    )
    title = models.CharField(max_length=120)
    mark = models.CharField(max_length=10, choices=Mark, blank=True, default=Mark.NONE)
    document_sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8, choices=[("escpos", "ESC/POS"), ("pdf", "PDF")])
    copies = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    code = models.CharField(max_length=24, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    reprint_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="reprints")
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["requested_at"], name="job_open", condition=models.Q(state__in=OPEN))]

    def __str__(self) -> str:
        return self.title
