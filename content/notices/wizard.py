"""The questions before a notice: one a page, back keeps answers, without JavaScript."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from formtools.wizard.views import NamedUrlSessionWizardView

from content.guides.services import url_of
from content.items.models import in_english
from content.items.rules import Answer
from content.items.rules_edition import Rules, rules_of
from content.items.rules_flow import Step, step
from content.items.services import current_edition, get_item
from content.notices import services
from content.notices.errors import UnknownNotice
from content.notices.forms import AnswerForm, as_posted
from portal.base.limits import allow, caller_address, too_many

ISSUED_LIMIT, ISSUED_WINDOW_S = 60, 600


class NoticeWizard(NamedUrlSessionWizardView):
    """Asks an edition's questions. The session holds the answers alone; who answers is nowhere known."""

    # The library wants a list when it starts; which questions there are is known with the item.
    form_list = [AnswerForm]
    template_name = "notices/question.html"
    rules: Rules

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        item = get_item(kwargs["key"])
        edition = current_edition(item) if item and item.is_active else None
        if item is None or edition is None:
            raise Http404(_("There is no such guide."))
        self.item, self.edition, self.rules = item, edition, rules_of(edition)
        self.at_kiosk = "kiosk" in request.GET
        return super().dispatch(request, *args, **kwargs)

    def get_prefix(self, request: HttpRequest, *args: Any, **kwargs: Any) -> str:
        return f"notice_{kwargs['key']}"

    def get_form_list(self) -> dict[str, type[AnswerForm]]:
        """The questions as far as the answers lead."""
        # The library forgets these two after each answer, so they must be there.
        self._resolved_form_list: dict[str, Any] = {}
        self._cache_signature = ()
        return dict.fromkeys(self._now().asked, AnswerForm)

    def _given(self) -> dict[str, Answer]:
        given: dict[str, Answer] = {}
        for key, words in self.rules.words.items():
            data = self.storage.get_step_data(key)
            form = AnswerForm(data, prefix=key, words=words, at_kiosk=self.at_kiosk) if data else None
            if form and form.is_valid():
                given[key] = form.cleaned_data["answer"]
        return given

    def _now(self) -> Step:
        return step(self.rules.flow, self._given(), today=timezone.localdate())

    def get_form_kwargs(self, step: str | None = None) -> dict[str, Any]:
        return {"words": self.rules.words[step or self.steps.current], "at_kiosk": self.at_kiosk}

    def get_step_url(self, step: str) -> str:
        address = reverse(self.url_name, kwargs={"key": self.item.key, "step": step})
        return f"{address}?kiosk" if self.at_kiosk else address

    def get_form_step_data(self, form: AnswerForm) -> MultiValueDict:
        """The answer alone: neither the token of the form nor anything else goes into the session."""
        data = MultiValueDict(form.data)
        return MultiValueDict({name: data.getlist(name) for name in data if name.startswith(f"{form.prefix}-")})

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs.get("step"):
            if kwargs["step"] == self.done_step_name and self._now().question:
                return redirect(self.get_step_url(self._now().question or ""))
            return super().get(*args, **kwargs)
        if "new" in self.request.GET:
            self.storage.reset()
        self._take_up_again(self.request.GET.get("notice", ""))
        now = self._now()
        if not now.asked:
            return self._issue(now)
        first = now.asked[0] if "notice" in self.request.GET else now.question or now.asked[-1]
        self.storage.current_step = first
        return redirect(self.get_step_url(first))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if not kwargs.get("step") or self.request.POST.get(f"{self.prefix}-current_step") not in self.get_form_list():
            # An old tab, or the questions have changed meanwhile: go on where the answers lead.
            return redirect(reverse("notice_start", kwargs={"key": self.item.key}))
        return super().post(*args, **kwargs)

    def _take_up_again(self, token: str) -> None:
        """Begin with the answers of a notice that somebody wants to change."""
        try:
            notice = services.notice_by_token(token) if token else None
        except UnknownNotice:
            return
        if notice is None or notice.item_key != self.item.key:
            return
        questions = {question.key: question for question, _rule in self.rules.flow.questions}
        for key, answer in services.answers_again(notice, self.rules).items():
            posted = {name: [value] for name, value in as_posted(questions[key], answer).items()}
            self.storage.set_step_data(key, MultiValueDict(posted))

    def get_context_data(self, form: AnswerForm, **kwargs: Any) -> dict[str, Any]:
        now = self._now()
        current = self.steps.current
        number = now.asked.index(current) + 1 if current in now.asked else 1
        at_most = max(now.at_most, number)
        return super().get_context_data(form=form, **kwargs) | {
            "layout": "base/kiosk.html" if self.at_kiosk else "base/page.html",
            "at_kiosk": self.at_kiosk,
            "idle_url": "/kiosk/" if self.at_kiosk else "",
            "item": self.item,
            "title": self.edition.said("name"),
            "guide_url": url_of(self.item),
            "question": self.rules.words[current],
            "number": number,
            "at_most": at_most,
            "is_certain": now.is_certain,
            "meter": [n < number for n in range(at_most)],
            "previous": now.asked[number - 2] if number > 1 else "",
            "leave_url": "/kiosk/" if self.at_kiosk else url_of(self.item),
            "nav_current": "guides",
            "in_english": in_english(),
        }

    def done(self, form_list: Any, form_dict: Any, **kwargs: Any) -> HttpResponse:
        return self._issue(self._now())

    def _issue(self, now: Step) -> HttpResponse:
        if not allow(f"notice:{caller_address(self.request)}", ISSUED_LIMIT, ISSUED_WINDOW_S):
            return too_many(self.request, ISSUED_WINDOW_S)
        notice = services.issue_notice(self.edition, now.given, rules=self.rules)
        address = reverse("notice", kwargs={"token": notice.token})
        return redirect(f"{address}?kiosk" if self.at_kiosk else address)
