"""Every address of the portal."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path

from hsm_portal.health import healthz
from hsm_portal.metrics import metrics
from hsm_portal.stopped_page import template_resume_page
from hsm_portal.views import OwnPasswordView, PortalLoginView, PreferencesView, home, language, manager_login
from providers.webhooks import webhook
from recontact.media.links import media_link

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("login/", PortalLoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", OwnPasswordView.as_view(), name="password_change"),
    path("preferences/", PreferencesView.as_view(), name="preferences"),
    path("language/", language, name="language"),
    path("manager/login/", manager_login),
    path("webhooks/<slug:provider>/<uuid:key>/", webhook, name="webhook"),
    path("files/<str:token>/<str:name>", media_link, name="media_link"),
    path("api/v1/", include("hsm_portal.api_urls")),
    path("service/", include("customer_service.urls")),
    path(
        "manager/stopped/template/<int:template_id>/resume/",
        admin.site.admin_view(template_resume_page),
        name="stopped_template_resume",
    ),
    path("manager/", admin.site.urls),
]

handler403 = "hsm_portal.views.forbidden"
handler404 = "hsm_portal.views.not_found"
