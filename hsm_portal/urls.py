"""Every address of the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from hsm_portal.health import healthz
from hsm_portal.metrics import metrics
from hsm_portal.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("manager/", admin.site.urls),
]
