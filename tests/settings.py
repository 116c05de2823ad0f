"""The settings of the tests: the product's own, with fixed secrets and a database named by the environment."""

import base64
import json
import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-enough-length-0123456789")
os.environ.setdefault(
    "DATABASE_URL", "postgres://postgres@127.0.0.1:5432/linban" + os.environ.get("TEST_DB_SUFFIX", "")
)
os.environ.setdefault("DATA_DIR", "var/tests" + os.environ.get("TEST_DB_SUFFIX", ""))
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("ALLOWED_HOSTS", "*")
os.environ.setdefault(
    "KEYRING",
    json.dumps(
        [
            {"id": f"{purpose}-1", "purpose": purpose, "secret": base64.b64encode(bytes([n]) * 32).decode()}
            for n, purpose in enumerate(["field", "index", "recording", "signing"], start=1)
        ]
    ),
)

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if IS_SQLITE:  # noqa: F405
    # A file, as in the product: the memory's shared cache locks whole tables against the other threads of a test.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}  # noqa: F405
    DATA_DIR.mkdir(parents=True, exist_ok=True)  # noqa: F405
    # No test survives a power cut; waiting for the disk would only make them slow.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"  # noqa: F405
else:
    # Tests close and reopen the database between tiers; a pool would hold its connections open.
    DATABASES["default"]["OPTIONS"] = {}  # noqa: F405
DEBUG = False
