import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()

from console.vault.checks import refuse_unusable_keys  # noqa: E402 - settings come first

refuse_unusable_keys()
