"""What the clock takes away: the papers of cases closed long ago, and codes of messages that are too old."""

from datetime import datetime

from django.utils import timezone

from servicedesk.cases.models import Case, CasePage, FilledForm, Handover, Result, Signature, TrackingCode


def forget_papers(closed_before: datetime) -> int:
    """Delete what cases closed before that time are made of; their numbers, stages and journals stay as figures."""
    old = Case.objects.filter(closed_at__lt=closed_before)
    pages = CasePage.objects.filter(case__in=old)
    forms = FilledForm.objects.filter(case__in=old)
    handovers = Handover.objects.filter(case__in=old)
    results = Result.objects.filter(case__in=old)
    count = pages.count() + forms.count() + handovers.count() + results.count()
    Signature.objects.filter(form__in=forms).delete()
    Signature.objects.filter(handover__in=handovers).delete()
    for rows in (pages, forms, handovers.filter(returns__isnull=False), handovers, results):
        rows.delete()
    old.filter(phone_sealed__isnull=False).update(phone_sealed=None)
    return count


def forget_codes() -> int:
    """Delete the codes of messages that are too old to be used."""
    deleted, _rows = TrackingCode.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
