"""The bulletin's own public pages: answered questions, asking one, and the suggestion box."""

from time import time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from content.bulletin import replies, services
from content.bulletin.forms import CodeForm, QuestionForm, SuggestionForm
from content.guides.models import PortalSettings
from content.items.models import Line, in_english
from portal.base.limits import allow, caller_address
from portal.base.places.models import Place

QUESTIONS_A_PAGE = 20
SUGGESTIONS_AN_HOUR = 5
QUESTIONS_AN_HOUR = 20
HOUR_S = 3600
LOOKS_AN_HOUR = 30
# In the session of whoever has just sent something: the code, and until when the page shows it.
SENT, CODE_SHOWN_S = "suggestion_sent", 900


@require_safe
def question_list(request: HttpRequest) -> HttpResponse:
    """Policy questions with their answers; `?line=` and `?q=` narrow them."""
    line, words = request.GET.get("line", ""), request.GET.get("q", "")[:80]
    page = Paginator(services.public_questions(line=line, words=words), QUESTIONS_A_PAGE).get_page(
        request.GET.get("page")
    )
    lines = Line.objects.filter(policy_questions__is_public=True).distinct()
    context = {
        "page": page,
        "lines": lines,
        "chosen": line,
        "words": words,
        "query": f"line={line}&q={words}" if line or words else "",
        "may_ask": request.user.is_authenticated and services.place_of_staff(request.user) is not None,
        "is_missing_in_english": in_english(),
    }
    return render(request, "bulletin/question_list.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_question(request: HttpRequest) -> HttpResponse:
    """Staff ask; below the form stands what they asked before, and how far it is."""
    if services.place_of_staff(request.user) is None:
        raise PermissionDenied
    form = QuestionForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if allow(f"question:{request.user.pk}", QUESTIONS_AN_HOUR, HOUR_S):
            services.ask(user=request.user, question=form.cleaned_data["question"], line=form.cleaned_data["line"])
            messages.success(request, _("Your question is with the editors. The answer will stand here."))
            return HttpResponseRedirect(reverse("ask_question"))
        form.add_error(None, _("That was often in a short time. Wait a while; what you wrote is still here."))
        status = 429
    context = {"form": form, "asked": services.questions_of(request.user)[:50]}
    return render(request, "bulletin/ask_question.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suggest(request: HttpRequest) -> HttpResponse:
    """The suggestion box: no script, no puzzle; what was typed stays when something is wrong."""
    form = SuggestionForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if form.is_trapped:
            # A program gets the same thanks as a person, and nothing is kept.
            return HttpResponseRedirect(reverse("suggestion_thanks"))
        if form.is_valid():
            place = form.cleaned_data["place"] or _district(request)
            if place is None:
                form.add_error(None, _("The box is not set up yet. Please call 12345."))
                status = 503
            elif not allow(f"suggestion:{caller_address(request)}", SUGGESTIONS_AN_HOUR, HOUR_S):
                form.add_error(None, _("That was often in a short time. Wait a while; what you wrote is still here."))
                status = 429
            else:
                kept = services.put_suggestion(
                    place=place,
                    topic=form.cleaned_data["topic"],
                    text=form.cleaned_data["text"],
                    contact=form.cleaned_data["contact"],
                )
                request.session[SENT] = {"code": services.code_of(kept), "until": time() + CODE_SHOWN_S}
                return HttpResponseRedirect(reverse("suggestion_thanks"))
    return render(request, "bulletin/suggest.html", {"form": form}, status=status)


def _district(request: HttpRequest) -> Place | None:
    settings = PortalSettings.for_request(request)
    return settings.district if settings else None


@never_cache
@require_safe
def suggestion_thanks(request: HttpRequest) -> HttpResponse:
    """What happens now with what was written, and for a few minutes the code by which the reply is looked up."""
    sent = request.session.get(SENT, {})
    code = sent.get("code", "") if sent.get("until", 0) > time() else ""
    return render(request, "bulletin/thanks.html", {"code": code})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suggestion_reply(request: HttpRequest) -> HttpResponse:
    """How far a suggestion is, and its reply, for whoever has the code; what was written is not shown again."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    found, status = None, 200
    if request.method == "POST" and form.is_valid():
        if not allow(f"suggestion-code:{caller_address(request)}", LOOKS_AN_HOUR, HOUR_S):
            form.add_error(None, _("That was often in a short time. Wait a while; what you wrote is still here."))
            status = 429
        else:
            found = replies.suggestion_of(form.cleaned_data["code"])
            if found is None:
                sentence = _(
                    "There is no suggestion with this code, or its time is over. Look at the twelve signs again."
                )
                form.add_error("code", sentence)
    return render(request, "bulletin/suggestion_reply.html", {"form": form, "found": found}, status=status)
