"""Pages in a headless browser: results are inside a wide and a narrow window, and no text lies on another."""

import itertools

import pandas as pd
import pytest
from page_geometry import OUTSIDE, OVERLAPS, SHOWN, resize
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from reward_memory.report.pages import page

pytestmark = pytest.mark.slow

METHODS = ["base", "r1-p", "memreward", "oracle", *(f"memreward:variant-{n}" for n in range(10))]
BENCHMARKS = [
    *("gsm8k", "gsm_symbolic", "math", "mmlu", "commonsenseqa", "openbookqa", "arc_c", "gpqa", "humaneval_plus"),
    *("mbpp_plus", "average (sample-weighted)", "average (macro)"),
]
LONG = "an assumption about a device that nobody has tested, as said in the table of throughputs, for all of its rows"


def accuracies() -> pd.DataFrame:
    rows = itertools.product(["qwen2.5-3b"], METHODS, [20], BENCHMARKS)
    table = pd.DataFrame(rows, columns=["policy", "method", "label_ratio", "benchmark"])
    return table.assign(n=range(len(table)), accuracy=41.3, ci_low=30.0, ci_high=52.2, seed_sd=1.5, mean_tokens=812.5)


def costs() -> pd.DataFrame:
    names = [
        f"{kind}_{how}"
        for kind in ("job_hours", "elapsed_hours", "sampled_tokens", "trained_tokens", "disk_gb")
        for how in ("estimated", "measured")
    ]
    numbers = {name: [1234567.25, 0.5, 2.0] for name in names}
    return pd.DataFrame(
        {"policy": ["tiny-math", "-", "-"], "rule": ["train_policy", "audit_data", "total"]}
        | numbers
        | {"estimate": [f"{LONG} {n}" for n in range(3)]}
    )


def models() -> pd.DataFrame:
    metrics = ["auc", "within_query_auc", "accuracy", "precision", "recall", "f1", "fpr", "calibration_error"]
    rows = itertools.product(["tiny"], ["graph", "graph-plus"], ["train", "test"], ["overall", "mmlu"], metrics)
    table = pd.DataFrame(rows, columns=["policy", "predictor", "split", "benchmark", "metric"])
    return table.assign(seeds=1, mean=0.5, ci_low=0.25, ci_high=0.75)


TABLES = {"main": accuracies, "cost": costs, "reward_models": models}


@pytest.fixture
def opened(browser, tmp_path):
    """Write the page of a table and open it in a window of some width."""

    def opened(name: str, width: int):
        path = tmp_path / f"{name}.csv"
        TABLES[name]().to_csv(path, index=False)
        (tmp_path / f"{name}.html").write_text(page("A table", "What it holds.", path))
        resize(browser, width)
        browser.get(f"file://{tmp_path}/{name}.html")
        WebDriverWait(browser, 60).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".dt-container"))
        return browser

    yield opened
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("name", TABLES)
def test_results_are_in_the_window_and_no_text_lies_on_another(opened, name, width):
    browser = opened(name, width)
    for unfolded in (False, True):
        if unfolded and browser.find_elements(By.TAG_NAME, "summary"):
            browser.find_element(By.TAG_NAME, "summary").click()
            browser.find_element(By.ID, "intervals").click()
        assert browser.execute_script(SHOWN) > 0
        assert browser.execute_script(OUTSIDE) == 0
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.execute_script(OVERLAPS) == []


def test_intervals_are_shown_when_asked_for(opened):
    browser = opened("main", 1400)
    small = browser.find_element(By.CSS_SELECTOR, "#grid small")
    assert not small.is_displayed()
    browser.find_element(By.ID, "intervals").click()
    assert small.is_displayed()
    assert small.text == "30.0 to 52.2"
