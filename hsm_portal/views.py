"""Logging in and out, where a person lands, and own preferences: the same for both sides of the portal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import check_for_language, get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from hsm_portal.forms import LoginForm, OwnPasswordForm, PreferencesForm
from hsm_portal.models import User
from hsm_portal.users import user_preferences_set

CUSTOMER_SERVICE = "/service/"


class ShellMixin:
    """Gives a page the context of the shell."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # of the view it is mixed into
        return {**admin.site.each_context(self.request), **context}


class PortalLoginView(ShellMixin, LoginView):
    """One login for everybody."""

    template_name = "hsm_portal/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "title": _("Log in"),
            "languages": settings.LANGUAGES,
            "language": get_language(),
        }


def manager_login(request: HttpRequest) -> HttpResponse:
    """The Manager's own login address: the one login for who is nobody yet, 403 for who may not enter."""
    if request.user.is_authenticated:
        return forbidden(request)
    address = request.GET.get("next") or reverse("admin:index")
    return redirect(f"{reverse('login')}?{urlencode({'next': address})}")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The screen of the user's work, by what he may do; without any role, a page that says so."""
    user = request.user
    if user.has_perm("recontact.bulk_recontact") or user.has_perm("hsm_portal.view_user"):
        return redirect("admin:index")
    if user.has_perm("recontact.recontact_query"):
        return redirect(CUSTOMER_SERVICE)
    if user.is_staff and user.has_perm("recontact.view_message"):
        return redirect("admin:index")
    return render(request, "hsm_portal/no_role.html", {**admin.site.each_context(request), "title": "HSM Portal"})


class PreferencesView(LoginRequiredMixin, ShellMixin, FormView[PreferencesForm]):
    """The user's own language and time zone."""

    template_name = "hsm_portal/preferences.html"
    form_class = PreferencesForm
    success_url = reverse_lazy("preferences")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"title": _("Language and time zone")}

    def get_initial(self) -> dict[str, Any]:
        user = self.request.user
        return {"language": user.language, "time_zone": user.time_zone} if isinstance(user, User) else {}

    def form_valid(self, form: PreferencesForm) -> HttpResponse:
        if isinstance(self.request.user, User):
            user_preferences_set(user=self.request.user, **form.cleaned_data)
        with override(form.cleaned_data["language"] or get_language()):
            messages.success(self.request, _("Your preferences were saved."))
        return super().form_valid(form)


class OwnPasswordView(ShellMixin, PasswordChangeView):
    """The own password."""

    template_name = "hsm_portal/password_change.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("home")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"title": _("Change password")}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password was changed."))
        return super().form_valid(form)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language: kept with the user who is logged in, in a cookie for who is not."""
    code = request.POST.get("language", "")
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        address = resolve_url("home")
    response = redirect(address)
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86400, httponly=True, samesite="Lax")
        if isinstance(request.user, User):
            user_preferences_set(user=request.user, language=code, time_zone=request.user.time_zone)
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 in the shell: what happened, and the way back to one's own work."""
    return _error(request, HTTPStatus.FORBIDDEN, _("This page is not for your role"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """404 in the shell. Also for what exists and is somebody else's."""
    return _error(request, HTTPStatus.NOT_FOUND, _("There is nothing here"))


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *args: Any) -> HttpResponse:
    """What axes answers after too many wrong passwords."""
    return _error(request, HTTPStatus.TOO_MANY_REQUESTS, _("Too many wrong passwords"))


def _error(request: HttpRequest, status: HTTPStatus, title: str) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "status": status.value}
    # Unfold's shell greets somebody who has logged in; who has not gets the frame of the login.
    template = "hsm_portal/error.html" if request.user.is_authenticated else "hsm_portal/error_outside.html"
    return render(request, template, context, status=status)
