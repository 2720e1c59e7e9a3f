"""The form that asks a template's values: one field per variable, for every kind, used by both sides of the portal.

Field names are `var-` and the variable's key (`var-body.1`). Each input has the class `hsm-variable` and its key in
`data-variable`, for scripts and styles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from templates_app.components import ParsedTemplate, Variable
from templates_app.rendering import Rendered, RenderError, render
from templates_app.sentences import sentence

PREFIX = "var"
MULTILINE_KINDS = ("json", "sections")
INPUT_ATTRIBUTES: dict[str, dict[str, str]] = {
    "media_url": {"inputmode": "url", "placeholder": "https://"},
    "number": {"inputmode": "decimal"},
    "datetime": {"type": "datetime-local"},
}
HELP_TEXTS: dict[str, StrOrPromise] = {
    "media_url": _("A public address that begins with https://, or the id of a file uploaded at the provider."),
    "url_suffix": _("Only what comes after %(base)s"),
    "payload": _("Comes back to the portal when the customer taps the button. May stay empty."),
    "code": _("Up to 15 characters, without spaces."),
    "number": _("Degrees with a point, such as -34.603722."),
    "sections": _("One section per line: “Offers: SKU-1, SKU-2”."),
    "json": _("A JSON object. May stay empty."),
}


class VariablesForm(forms.Form):
    """Asks the values of `parsed`; valid only when a message can be rendered from them."""

    def __init__(
        self, parsed: ParsedTemplate, *, data: Mapping[str, Any] | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data=data, initial=dict(initial or {}), prefix=PREFIX)
        self.parsed = parsed
        self.rendered: Rendered | None = None
        for variable in parsed.variables:
            self.fields[variable.key] = _field(parsed, variable)

    @property
    def needed(self) -> list[forms.BoundField]:
        """The fields that a send cannot do without."""
        return [self[variable.key] for variable in self.parsed.variables if variable.required]

    @property
    def optional(self) -> list[forms.BoundField]:
        """The fields that may stay empty: pages fold them away."""
        return [self[variable.key] for variable in self.parsed.variables if not variable.required]

    @property
    def optional_open(self) -> bool:
        """Whether something was typed, or is wrong, among those folded away."""
        return any(field.errors or field.value() for field in self.optional)

    def clean(self) -> dict[str, Any]:
        """Render, and hang each problem on its field; those of the whole message on the form."""
        try:
            self.rendered = render(self.parsed, self.filled())
        except RenderError as error:
            for problem in error.problems:
                field = problem.key if problem.key in self.fields else None
                if field is not None and field in self.errors:
                    continue
                self.add_error(field, forms.ValidationError(str(problem.message), code=problem.code))
        return self.cleaned_data

    def values(self) -> dict[str, str]:
        """The values by variable key, without empty ones. Call it after `is_valid()`."""
        return {key: str(value) for key, value in self.cleaned_data.items() if value}

    def filled(self) -> dict[str, str]:
        """What is in the fields now, unchecked: for the live preview."""
        found = {key: self[key].value() for key in self.fields}
        return {key: str(value).strip() for key, value in found.items() if value and str(value).strip()}


def variables_form(
    parsed: ParsedTemplate, data: Mapping[str, Any] | None = None, initial: Mapping[str, str] | None = None
) -> VariablesForm:
    """The form for `parsed`, bound to `data` (request.POST) or showing `initial` by variable key."""
    return VariablesForm(parsed, data=data, initial=initial)


def _field(parsed: ParsedTemplate, variable: Variable) -> forms.CharField:
    # `required` only marks the input: the sentence about a missing value comes from the renderer, like all others.
    attributes = {
        "class": "hsm-variable",
        "data-variable": variable.key,
        "data-kind": variable.kind,
        **({"placeholder": variable.example} if variable.example else {}),
        **({"required": True, "aria-required": "true"} if variable.required else {}),
        **INPUT_ATTRIBUTES.get(variable.kind, {}),
    }
    multiline = variable.kind in MULTILINE_KINDS
    widget = UnfoldAdminTextareaWidget if multiline else UnfoldAdminTextInputWidget
    field = forms.CharField(
        label=variable.label,
        required=False,
        strip=True,
        widget=widget(attrs=attributes),
        help_text=_help_text(parsed, variable),
    )
    if variable.max_length is not None:
        field.widget.attrs["maxlength"] = str(variable.max_length)
    return field


def _help_text(parsed: ParsedTemplate, variable: Variable) -> StrOrPromise:
    if variable.kind != "url_suffix":
        return HELP_TEXTS.get(variable.kind, "")
    base = parsed.button_of(variable.key)
    return sentence(HELP_TEXTS["url_suffix"], base=base.base_url) if base is not None and base.base_url else ""
