"""Every address of the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from hsm_portal.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("manager/", admin.site.urls),
]
