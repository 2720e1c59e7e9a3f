"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from hsm_portal.garbage import collect_less

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hsm_portal.settings")
application = get_wsgi_application()
# Before gunicorn forks (--preload), so that the workers share these pages.
collect_less()
