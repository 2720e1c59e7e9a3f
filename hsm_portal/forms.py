"""The forms of everybody: logging in and own preferences."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

#: Zones with a place's name; the rest are aliases and offsets nobody looks for.
_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def _styled(form: forms.BaseForm) -> None:
    for form_field in form.fields.values():
        classes = SELECT_CLASSES if isinstance(form_field.widget, forms.Select) else INPUT_CLASSES
        form_field.widget.attrs["class"] = " ".join(classes)


class LoginForm(AuthenticationForm):
    """Anybody with an account; where he lands is decided by his role."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _styled(self)


class OwnPasswordForm(PasswordChangeForm):
    """The own password, with the old one asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _styled(self)


class PreferencesForm(forms.Form):
    """Language and time zone of the user's screens."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("All times on your screens are shown in it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        zone = self.fields["time_zone"]
        assert isinstance(language, forms.ChoiceField) and isinstance(zone, forms.ChoiceField)  # noqa: S101, PT018 -- narrows for mypy
        language.choices = [("", _("The browser's")), *settings.LANGUAGES]
        default = _("The portal's (%(zone)s)") % {"zone": settings.TIME_ZONE}
        zone.choices = [("", default), *((name, name.replace("_", " ")) for name in _zones())]
        _styled(self)


def _zones() -> list[str]:
    return sorted(name for name in zoneinfo.available_timezones() if name.split("/")[0] in _AREAS)
