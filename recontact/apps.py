from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecontactConfig(AppConfig):
    name = "recontact"
    verbose_name = _("Recontact")
