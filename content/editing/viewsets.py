"""The view set of every snippet of ours: bounded to what the editor reaches, searched as people type, with a way back."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import BooleanField, Model, QuerySet
from django.forms import CharField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import ObjectList, Panel
from wagtail.admin.ui.tables import Column
from wagtail.log_actions import registry as log_registry
from wagtail.models import DraftStateMixin, Revision, RevisionMixin, WorkflowMixin
from wagtail.permissions import policy_registry
from wagtail.snippets.bulk_actions.delete import DeleteBulkAction
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import CreateView, EditView, IndexView, SnippetViewSet, WorkflowActionView

from content.editing.panels import FindingsPanel
from content.editing.policies import PlacePolicy
from content.editing.reach import editors
from content.items.columns import LONG
from portal.base.accounts.models import User
from portal.base.accounts.requests import StaffRequest

SEEING = ("add", "change", "delete", "view")
# As much as an import takes into one text, and more than a reader does.
LONGEST_TEXT = LONG
TOO_LONG = gettext_lazy("This has %(show_value)s characters; at most %(limit_value)s fit. Keep the rest as a document.")


def place_policy(model: type[Model]) -> PlacePolicy | None:
    """The policy of a model whose rows belong to places; None for all others."""
    policy = policy_registry.get_by_type(model, fallback=False)
    return policy if isinstance(policy, PlacePolicy) else None


def seen_by(user: User, rows: QuerySet) -> QuerySet:
    """Of the rows those that the editor reaches; all of them when they belong to no place."""
    policy = place_policy(rows.model)
    if policy is None:
        return rows
    return rows.filter(pk__in=policy.instances_user_has_any_permission_for(user, SEEING).values("pk"))


def may_see(user: User, row: Model) -> bool:
    """Whether an account may open the row: by its policy, or because a workflow waits for it."""
    policy = policy_registry.get(row)
    if policy.user_has_any_permission_for_instance(user, SEEING, row):
        return True
    task = row.current_workflow_task if isinstance(row, WorkflowMixin) else None
    return task is not None and task.user_can_access_editor(row, user)


class EditorForm(WagtailAdminModelForm):
    """A form that offers, and takes, only places that the editor reaches, only editors as owners, and no endless text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, CharField) and field.max_length is None:
                # A validator and no attribute: a browser would cut off what is pasted without a word.
                field.validators.append(MaxLengthValidator(LONGEST_TEXT, TOO_LONG))
        if self.for_user is None:
            return
        for field in self.fields.values():
            if not hasattr(field, "queryset"):
                continue
            if field.queryset.model is User:
                field.queryset = User.objects.filter(pk__in=[user.pk for user in editors()])
            else:
                field.queryset = seen_by(self.for_user, field.queryset)


class _BoundChoices:
    def get_object_list(self) -> QuerySet:
        return seen_by(self.request.user, super().get_object_list())  # type: ignore[misc,attr-defined]


class EditorChooseView(_BoundChoices, ChooseView):
    pass


class EditorChooseResultsView(_BoundChoices, ChooseResultsView):
    pass


class EditorChooserViewSet(SnippetChooserViewSet):
    choose_view_class = EditorChooseView
    choose_results_view_class = EditorChooseResultsView


class YesNoColumn(Column):
    """A switch in words; Wagtail's own shows Python's True and False."""

    def get_value(self, instance: Any) -> str:
        return _("yes") if super().get_value(instance) else _("no")


class EditorIndexView(IndexView):
    def _get_custom_column(self, field_name: str, column_class: type[Column] = Column, **kwargs: Any) -> Column:
        names = {field.name for field in self.model._meta.fields if isinstance(field, BooleanField)}
        return super()._get_custom_column(field_name, YesNoColumn if field_name in names else column_class, **kwargs)


class _WayBack:
    """After saving or publishing, the message leads back to how it was before."""

    def get_success_buttons(self) -> list[Any]:
        buttons = super().get_success_buttons()  # type: ignore[misc]
        row = self.object  # type: ignore[attr-defined]
        if self.view_name == "edit" and isinstance(row, RevisionMixin):  # type: ignore[attr-defined]
            former = former_revision(row)
            if former is not None:
                viewset = type(row).snippet_viewset
                url = reverse(viewset.get_url_name("revisions_revert"), args=(quote(row.pk), former.pk))
                buttons.append(messages.button(url, _("Put the former version back")))
        return buttons


def former_revision(row: Any) -> Revision | None:
    """What was out before the newest version; drafts that saved themselves meanwhile are not what anybody wants back."""
    versions = row.revisions.order_by("-created_at", "-pk")
    if not isinstance(row, DraftStateMixin):
        return versions[1:2].first()
    out = log_registry.get_logs_for_instance(row).filter(action="wagtail.publish").values("revision")
    return versions.filter(pk__in=out).exclude(pk__in=versions.values("pk")[:1]).first()


class EditorCreateView(_WayBack, CreateView):
    pass


class EditorEditView(_WayBack, EditView):
    pass


class EditorWorkflowActionView(WorkflowActionView):
    """Approving what became faulty after it was submitted changes nothing, and says what to mend, and where."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except ValidationError as faulty:
            edit_url = reverse(type(self.object).snippet_viewset.get_url_name("edit"), args=(quote(self.object.pk),))
            sentence = _("Not approved, and nothing was published: %s Mend it, or ask for changes.")
            buttons = [messages.button(edit_url, _("Open it and mend it"))]
            messages.error(request, sentence % " ".join(faulty.messages), buttons=buttons)
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            return self.render_modal_json(request, {"step": "success", "redirect": self.redirect_url})
        return redirect(self.redirect_url)


class EditorViewSet(SnippetViewSet):
    """What all snippets share; a model with a `PlacePolicy` is bounded by it in every view, chooser and bulk action."""

    index_view_class = EditorIndexView
    add_view_class = EditorCreateView
    edit_view_class = EditorEditView
    workflow_action_view_class = EditorWorkflowActionView
    chooser_viewset_class = EditorChooserViewSet
    has_findings = True

    def get_queryset(self, request: StaffRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return seen_by(request.user, self.model._default_manager.all() if rows is None else rows)

    def construct_view(self, view_class: Any, **kwargs: Any) -> Callable[..., HttpResponse]:
        view = super().construct_view(view_class, **kwargs)
        model = self.model

        @functools.wraps(view)
        def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # Wagtail asks many of its views for a permission on the model only; here the row itself decides.
            if "pk" in kwargs:
                row = model._default_manager.filter(pk=unquote(str(kwargs["pk"]))).first()
                if row is not None and not (isinstance(request.user, User) and may_see(request.user, row)):
                    raise PermissionDenied
            return view(request, *args, **kwargs)

        return bounded

    def get_edit_handler(self) -> Panel:
        handler = super().get_edit_handler()
        handler.base_form_class = _form_class(handler.base_form_class)
        if self.has_findings:
            first = handler.children[0] if hasattr(handler.children[0], "children") and _is_tabbed(handler) else handler
            first.children.insert(0, FindingsPanel().bind_to_model(self.model))
        return handler


def _is_tabbed(handler: Panel) -> bool:
    return all(isinstance(child, ObjectList) for child in handler.children)


def _form_class(given: type | None) -> type:
    if given is None:
        return EditorForm
    return given if issubclass(given, EditorForm) else type("EditorForm", (EditorForm, given), {})


class BoundDelete(DeleteBulkAction):
    """Wagtail's bulk delete, but rows out of reach are not even named."""

    @classmethod
    def get_queryset(cls, model: type[Model], object_ids: list[Any]) -> Any:
        return model._default_manager.filter(pk__in=object_ids)

    def get_actionable_objects(self) -> tuple[list[Model], dict[str, list[Model]]]:
        rows, _others = super().get_actionable_objects()
        return rows, {"items_with_no_access": []}
