"""The two shapes of the product, and real Chromium with fake cameras."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.stack import Stack

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    # Of Chromium's fake cameras the second is a depth camera, which no codec takes; the third is the document's.
    "--use-fake-device-for-media-stream=device-count=3",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


# Three screens, two calls and the portal share two cores in a test; a step that comes late is not a step that fails.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module", params=["embedded", "scaled"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.running(tmp_path_factory.mktemp(request.param), shape=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
