"""Renew the pictures of docs/report.md: python docs/screenshots.py RESULTS --running LOG --failed LOG --ended LOG

RESULTS  folder of a finished run with its report.html, made by `snakemake all --report RESULTS/report.html`
LOG      what `snakemake` printed in the default profile: under way, with a failed job, and at the end

Needs Debian's packages chromium and chromium-driver, and the extra `test`.
"""

import argparse
import re
import shutil
from pathlib import Path

from rich.console import Console
from rich.text import Text
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

DOCS = Path(__file__).parent
#: Pixels of a window: a laptop's and a phone's.
SIZES = {1400: 900, 400: 800}
#: Pages beside the report's first one.
PAGES = ("main", "learning_curves", "responses/main")
#: Columns of the terminal, and lines of a picture of it.
COLUMNS, LINES = 110, 12
#: Lines before that of a failed job, the first of which says why it failed.
CAUSE = 4
MOMENTS = ("running", "failed", "ended")


def browser() -> webdriver.Chrome:
    """A headless Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def photograph(results: Path, out: Path) -> None:
    """Write report_PAGE_WIDTH.png of the report's first page and of PAGES."""
    shown = {"start": (results / "report.html", "#rulegraph canvas")}
    shown |= {name: (results / f"pages/{name}.html", ".dt-container") for name in PAGES}
    driver = browser()
    try:
        for name, (path, there) in shown.items():
            for width, height in SIZES.items():
                screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
                driver.get(path.resolve().as_uri())
                waiting = f"return document.querySelector({there!r}) !== null"
                WebDriverWait(driver, 120).until(lambda one, waiting=waiting: one.execute_script(waiting))
                driver.save_screenshot(str(out / f"report_{name.replace('/', '_')}_{width}.png"))
    finally:
        driver.quit()


def moments(running: str, failed: str, ended: str) -> dict[str, list[str]]:
    """Name -> lines of the terminal: while a run is under way, when a job has failed, at the end.

    running, failed, ended  what runs printed; one run may be all of them
    """
    begun, broken, whole = _lines(running), _lines(failed), _lines(ended)
    end = next((place for place, line in enumerate(whole) if "jobs done in" in line), len(whole))
    wrong = next((place for place, line in enumerate(broken) if line.startswith("FAILED")), len(broken))
    return {
        "running": begun[:LINES],
        "failure": broken[max(wrong - CAUSE, 0) : wrong + LINES - CAUSE],
        "end": whole[max(end - 4, 0) : end + LINES],
    }


def draw(name: str, lines: list[str], out: Path) -> None:
    """Write terminal_NAME.svg."""
    with Path("/dev/null").open("w", encoding="utf-8") as nothing:
        console = Console(record=True, width=COLUMNS, file=nothing, force_terminal=True)
        for line in lines:
            console.print(Text(line, style="bold red" if line.startswith("FAILED") else ""), soft_wrap=False)
    console.save_svg(str(out / f"terminal_{name}.svg"), title="snakemake", unique_id=f"terminal-{name}")


def _lines(text: str) -> list[str]:
    """The lines of a log, without colors and without what Snakemake says of its profile."""
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in text.splitlines()]
    return [line for line in plain if not line.startswith("Using workflow specific profile")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    for moment in MOMENTS:
        parser.add_argument(f"--{moment}", type=Path, required=True, metavar="LOG")
    parser.add_argument("--out", type=Path, default=DOCS)
    asked = parser.parse_args()
    photograph(asked.results, asked.out)
    texts = (getattr(asked, moment).read_text(encoding="utf-8", errors="replace") for moment in MOMENTS)
    for name, lines in moments(*texts).items():
        draw(name, lines, asked.out)


if __name__ == "__main__":
    main()
