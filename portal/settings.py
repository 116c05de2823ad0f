"""Django's settings; everything that differs between places comes from the environment (see environment.py)."""

import environ
import xstatic.pkg.leaflet as leaflet
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from portal.environment import ROOT, flag, keyring, mailer, port_range, text, time_zone, url, whole_number

BASE_DIR = ROOT
DATA_DIR = ROOT / text("DATA_DIR", "var")
DEMO = flag("DEMO")
DEBUG = flag("DEBUG")
SECRET_KEY = text("SECRET_KEY")
KEYRING = keyring("KEYRING")
PORTAL_URL = url("PORTAL_URL", "http://127.0.0.1:8000", ("http", "https")).rstrip("/")
SECURE = PORTAL_URL.startswith("https://")
ALLOWED_HOSTS = [host.strip() for host in text("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
NODE_TOKEN = text("NODE_TOKEN", SECRET_KEY)
MEDIA_UDP_PORTS = port_range("MEDIA_UDP_PORTS", "40000-40999")
MEDIA_ADDRESS = text("MEDIA_ADDRESS", "")
TURN_URLS = [part for part in text("TURN_URLS", "").split(",") if part]
TURN_SECRET = text("TURN_SECRET", "")
RECORDINGS_DIR = DATA_DIR / "recordings"
if text("RECORDINGS_STORAGE", ""):
    RECORDINGS_DIR = ROOT / text("RECORDINGS_STORAGE")
SMS_GATEWAY = url("SMS_GATEWAY", "", ("http", "https"))
RATINGS_GATEWAY = url("RATINGS_GATEWAY", "", ("http", "https"))
ACCEPTANCE_GATEWAY = url("ACCEPTANCE_GATEWAY", "", ("http", "https"))
MAIL_SERVER = url("MAIL_SERVER", "", ("smtp", "smtps", "smtp+tls"))
MAIL_FROM = text("MAIL_FROM", "linban@localhost")
SEAL_GATEWAY = url("SEAL_GATEWAY", "", ("http", "https"))
MAP_GATEWAY = url("MAP_GATEWAY", "", ("http", "https"))
MAP_TILES = text("MAP_TILES", "")
REDIS_URL = url("REDIS_URL", "", ("redis", "rediss", "unix"))
PAGE_CACHE_MB = whole_number("PAGE_CACHE_MB", 64, most=4096)

INSTALLED_APPS = [
    "themes",
    "portal",
    "portal.base.accounts",
    "portal.base.rights",
    "portal.base.places",
    "portal.base.journal",
    "portal.base.streams",
    "portal.base.outbox",
    "portal.base.idempotency",
    "portal.base.calendars",
    "portal.base.clock",
    "content.images",
    "content.documents",
    "content.items",
    "content.guides",
    "content.notices",
    "content.bulletin",
    "content.editing",
    "content.points",
    "content.search",
    "servicedesk.residents",
    "servicedesk.devices",
    "servicedesk.queueing",
    "servicedesk.booking",
    "servicedesk.cases",
    "servicedesk.printouts",
    "servicedesk.remote",
    "servicedesk.ratings",
    "servicedesk.kiosk",
    "servicedesk.desk",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "channels",
    "formtools",
    "django_htmx",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Wagtail's search index needs it on PostgreSQL; on SQLite it does nothing.
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "portal.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.base.accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
FORM_RENDERER = "themes.forms.LinbanRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "themes/base/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "portal.context.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "portal.context.look",
                "content.bulletin.context.bulletin",
            ],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": environ.Env().db_url_config(text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'linban.sqlite3'}"))}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # A committed ticket must survive a kill: WAL keeps it, and IMMEDIATE makes writers queue instead of failing late.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
else:
    # Under ASGI a connection per thread runs out under load; the pool does not.
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": int(text("DATABASE_POOL", "12")), "timeout": 20}
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
# The layer waits five seconds at a time for a message; the client's own limit must be longer, or a wait is an error.
REDIS_HOSTS = [{"address": REDIS_URL, "socket_timeout": 30}]
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": REDIS_HOSTS, "capacity": 1000}}
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "linban"}
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- mail: only what the outbox sends -----------------------------------------------------------------------------
MAILERS = {"default": mailer(MAIL_SERVER)}
DEFAULT_FROM_EMAIL = MAIL_FROM

# --- who ----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "portal.base.accounts.adapter.StaffAccountAdapter"
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key,20/5m/ip"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Linban"
MFA_PASSKEY_LOGIN_ENABLED = False
SESSION_COOKIE_AGE = 10 * 3600
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "media-src": [CSP.SELF, "blob:"],
    "connect-src": [CSP.SELF, "ws://127.0.0.1:*"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "form-action": [CSP.SELF],
}

# --- language, time, look -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = time_zone("TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
WAGTAIL_I18N_ENABLED = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [
    ROOT / "themes/base/static",
    ROOT / "themes/jingan/static",
    ROOT / "themes/kaifu/static",
    ("vendor/leaflet", leaflet.BASE_DIR),
]
STATICFILES_FINDERS = [
    "themes.stylesheet.StylesheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = DEBUG or DEMO
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or DEMO
        else "portal.static_files.HashedFilesStorage"
    },
}
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"

# --- search ------------------------------------------------------------------------------------------------------
SEARCH_MEANING = flag("SEARCH_MEANING", "1")

# --- Wagtail ------------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Linban"
WAGTAILADMIN_BASE_URL = PORTAL_URL
WAGTAILIMAGES_IMAGE_MODEL = "content_images.PortalImage"
WAGTAILDOCS_DOCUMENT_MODEL = "content_documents.PortalDocument"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
# The databases' own full-text search knows no Chinese words: this backend looks for what was typed inside the texts,
# in the explorer, in choosers, for pictures and documents alike. The public search has an index of its own.
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database.fallback"}}
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "xlsx", "odt", "ods", "txt"]
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
# One place, one clock; the list of all zones names some that browsers do not know.
WAGTAIL_USER_TIME_ZONES = [TIME_ZONE]
WAGTAILADMIN_LOGIN_URL = "account_login"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# The demo tells its terminal alone; an installation keeps a file a day, which the clock removes after six months.
LOG_DIR = text("LOG_DIR", "" if DEBUG or DEMO else str(DATA_DIR / "logs"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "portal.logs.JsonFormatter"},
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain" if DEBUG or DEMO else "json"},
    }
    | (
        {"file": {"class": "portal.logs.DayFileHandler", "formatter": "json", "folder": ROOT / LOG_DIR}}
        if LOG_DIR
        else {}
    ),
    "root": {"handlers": ["console", "file"] if LOG_DIR else ["console"], "level": "WARNING" if DEMO else "INFO"},
    "loggers": {"linban": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
