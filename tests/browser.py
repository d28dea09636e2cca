"""Find the Chromium that the tests drive, or install it: `python tests/browser.py`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Path of an installed Chromium or Chrome; `None` where there is none, so that Playwright's own is used."""
    named = os.environ.get("PODIUM_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MACOS) if MACOS.exists() else None)


def playwright_has_one() -> bool:
    """Whether Playwright has downloaded its own browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the rest runs without it

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def install() -> int:
    """Install one with the system's package manager, else with Playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        done = subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, env=environment)
        if done.returncode == 0 and chromium():
            return 0
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode


if __name__ == "__main__":
    if chromium() or playwright_has_one():
        sys.exit(0)
    print("Installing Chromium for the tests …")
    code = install()
    if code:
        print("No browser could be installed. Install Chromium or Chrome, or name one with PODIUM_CHROMIUM.")
    sys.exit(code)
