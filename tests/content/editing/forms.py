"""Addresses of snippets in the CMS, and what a browser would send back of a form."""

from django.urls import reverse


def address(row, view: str, *more) -> str:
    return reverse(type(row).snippet_viewset.get_url_name(view), args=(row.pk, *more))


def form_data(client, url: str) -> dict[str, str]:
    """What a browser would send back of the form at an address."""
    form = client.get(url).context["form"]
    data: dict[str, str] = {}

    def gather(part) -> None:
        for field in part:
            value = field.value()
            if value is True:
                data[field.html_name] = "on"
            elif value is not False:
                data[field.html_name] = "" if value is None else getattr(value, "pk", None) or str(value)

    gather(form)
    for formset in form.formsets.values():
        gather(formset.management_form)
        for child in formset.forms:
            gather(child)
            for inner in child.formsets.values() if hasattr(child, "formsets") else []:
                gather(inner.management_form)
    return {name: str(value) for name, value in data.items()}
