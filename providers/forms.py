"""The account's form: its fields, and the credentials that its provider declares. A stored secret is never shown again."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers.accounts import account_credentials
from providers.contracts import CredentialField
from providers.credentials import credential_masked
from providers.models import ProviderAccount
from providers.registry import adapter_class, providers_available

PREFIX = "credential_"
LONGEST = 4000


class AccountAddForm(forms.ModelForm[ProviderAccount]):
    """The first step: which provider. Its credentials are asked for once it is known."""

    class Meta:
        model = ProviderAccount
        fields = ("name", "provider", "external_id", "time_zone", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(choice.slug, choice.label) for choice in providers_available()]
        self.fields["provider"] = forms.ChoiceField(
            choices=choices, widget=UnfoldAdminSelectWidget, label=self.fields["provider"].label
        )


class AccountForm(forms.ModelForm[ProviderAccount]):
    """An account of a known provider. `account_form` adds the fields of its credentials."""

    credential_fields: tuple[CredentialField, ...] = ()

    class Meta:
        model = ProviderAccount
        fields = ("name", "external_id", "time_zone", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = account_credentials(self.instance)
        for declared in self.credential_fields:
            field, value = self.fields[PREFIX + declared.name], stored.get(declared.name, "")
            if declared.secret:
                field.help_text = _secret_help(declared, value)
            else:
                field.initial = value

    def clean(self) -> dict[str, Any]:
        """An account that may send has every credential that its provider requires, and none that no header can carry."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stored = account_credentials(self.instance)
        for declared in self.credential_fields:
            name = PREFIX + declared.name
            value = str(cleaned.get(name) or "").strip()
            kept = stored.get(declared.name, "") if declared.secret else ""
            if declared.required and cleaned.get("is_active") and not (value or kept):
                self.add_error(name, _("This provider needs it. To save the account without it, switch it off."))
            elif any(not character.isprintable() and character not in "\r\n\t" for character in value):
                self.add_error(
                    name, _("There are characters in it that cannot be seen. Copy it again at the provider.")
                )
        return cleaned

    def credential_values(self) -> dict[str, str]:
        """The entered values by their declared names; an untouched secret is empty."""
        return {field.name: self.cleaned_data.get(PREFIX + field.name) or "" for field in self.credential_fields}


@cache
def account_form(provider: str) -> type[AccountForm]:
    """The form of this provider's accounts. Raises registry.UnknownProvider or registry.BadAdapter."""
    declared = tuple(adapter_class(provider).credential_fields)
    fields: dict[str, Any] = {PREFIX + field.name: _form_field(field) for field in declared}
    return type("ProviderAccountForm", (AccountForm,), {**fields, "credential_fields": declared})


def _form_field(declared: CredentialField) -> forms.CharField:
    """Not required by itself: an account that is switched off may be prepared before its token is there."""
    widget: Any = UnfoldAdminTextInputWidget()
    if declared.secret:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
    return forms.CharField(
        label=gettext_lazy(declared.label),
        help_text=gettext_lazy(declared.help_text) if declared.help_text else "",
        widget=widget,
        required=False,
        max_length=LONGEST,
    )


def _secret_help(declared: CredentialField, value: str) -> str:
    if value:
        state = _("Stored: %(masked)s. Leave it empty to keep it.") % {"masked": credential_masked(value)}
    else:
        state = _("Missing.") if declared.required else _("Not set.")
    words = _(declared.help_text) if declared.help_text else ""
    return f"{words} {state}".strip()
