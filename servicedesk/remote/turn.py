"""Short-lived TURN credentials (the REST scheme of coturn's use-auth-secret)."""

import base64
import hashlib
import hmac
import time
from typing import Any

VALID_S = 3600


def servers(urls: list[str], secret: str) -> list[dict[str, Any]]:
    """RTCIceServer entries; the user name is the time of expiry, the credential its HMAC-SHA-1."""
    if not urls:
        return []
    username = str(int(time.time()) + VALID_S)
    credential = base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
    return [{"urls": urls, "username": username, "credential": credential}]
