"""The report as its reader meets it: made by Snakemake, opened in a headless browser."""

import functools
import time

import pandas as pd
import pytest
from page_geometry import OVERLAPS, resize
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.long

CONFIG = ("--configfile", "my.yaml", "--rerun-triggers", "mtime")
#: Two reward models on rollouts that are brought along: the only tables that need no policy.
SETTINGS = """
results: results
benchmarks:
  sums: {suite: main, source: import, domain: math, valid: 4, test: 2}
policies: {mine: {imported: true}}
rollouts: {import: mine.jsonl}
reward_model: {predictor: majority}
predictors: [majority, knn]
"""


def rows() -> str:
    """Sums with four responses each, of which one or two are wrong."""
    table = [
        {"benchmark": "sums", "id": f"s{n}", "query": f"What is {3 * n} + 7?", "ground_truth": 3 * n + 7}
        | {"responses": [f"It is so.\n#### {3 * n + 7 + ((n + place) % 3 == 0)}" for place in range(4)]}
        for n in range(30)
    ]
    return pd.DataFrame(table).to_json(orient="records", lines=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The workflow's folder with a whole report."""
    from conftest import make

    flow = make(tmp_path_factory.mktemp("report") / "project")
    (flow.folder / "my.yaml").write_text(SETTINGS)
    (flow.folder / "mine.jsonl").write_text(rows())
    flow.run("all", "--cores", "2", *CONFIG)
    flow.run("all", *CONFIG, "--report", "results/report.html")
    return flow.folder


@pytest.fixture
def opened(browser, report):
    """The report's first page, read without a network; a table has heads only in a window that is wide enough."""
    resize(browser, 1400)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    browser.get(f"file://{report}/results/report.html")
    wait(browser, lambda: "What was run" in browser.page_source)
    return browser


OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


def wait(browser, done):
    WebDriverWait(browser, 60).until(lambda _: done())


def text(browser) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def choose(browser, category: str, result: str) -> None:
    """Click a category in the menu, then the eye beside a result."""
    browser.find_element(By.XPATH, f"//nav//a[normalize-space()='{category}']").click()
    row = f"//nav//tr[td[normalize-space()='{result}']]"
    wait(browser, lambda: browser.find_elements(By.XPATH, row))
    browser.find_element(By.XPATH, f"{row}//a[1]").click()


def rows_of(browser) -> list[list[str]]:
    """The cells of the table that is shown."""
    script = "return [...document.querySelectorAll('#rows tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
    return browser.execute_script(script)


@functools.cache
def table(folder, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"results/tables/{name}.csv")


def test_the_first_page_says_what_was_run_and_shows_its_graph(opened):
    said = text(opened)
    assert "Rollouts were imported" in said
    assert "mine (imported)" in said
    assert {"Reward models", "Data", "Cost", "Published and ours"} <= set(said.split("\n"))
    graph = "#rulegraph canvas"
    wait(opened, lambda: opened.find_elements(By.CSS_SELECTOR, graph))
    assert opened.find_element(By.CSS_SELECTOR, graph).size["height"] > 300
    # nothing lies above the upper edge, where nobody can scroll
    assert opened.find_element(By.TAG_NAME, "h1").location["y"] >= 0


@pytest.mark.parametrize("width", [1400, 400])
def test_no_text_lies_on_another_on_the_first_page(opened, width):
    resize(opened, width)
    try:
        assert opened.execute_script(OVERLAPS) == []
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_every_table_and_figure_is_there(opened, report):
    held = opened.execute_script("return Object.keys(results)")
    made = [*report.glob("results/pages/*.html"), *report.glob("results/figures/*.svg")]
    assert {str(path.relative_to(report)) for path in made} <= set(held)
    assert len(made) == 10


def test_a_figure_is_drawn(opened):
    choose(opened, "Reward models", "Reward models on unlabeled queries: figure")
    wait(opened, lambda: opened.find_elements(By.CSS_SELECTOR, "img[src*='filename=reward_models.svg']"))
    picture = opened.find_element(By.CSS_SELECTOR, "img[src*='filename=reward_models.svg']")
    wait(opened, lambda: opened.execute_script("return arguments[0].naturalWidth", picture) > 100)


def test_a_table_is_read_sorted_searched_and_saved(opened, report):
    choose(opened, "Reward models", "Reward models on unlabeled queries: table")
    wait(opened, lambda: opened.find_elements(By.TAG_NAME, "iframe"))
    opened.switch_to.frame(opened.find_element(By.TAG_NAME, "iframe"))
    wait(opened, lambda: opened.find_elements(By.CSS_SELECTOR, ".dt-search input"))
    expected = table(report, "reward_models")
    # the grid comes first; the rows of the file are folded away below it
    assert opened.find_elements(By.CSS_SELECTOR, "#grid tbody tr")
    opened.find_element(By.TAG_NAME, "summary").click()
    said = text(opened)
    assert "How well each reward model predicts" in said
    assert f"In every row: policy mine, label ratio {expected['label_ratio'].iloc[0]}, seeds 1" in said
    assert f"{len(expected)} rows" in said
    assert opened.find_element(By.CSS_SELECTOR, "figure svg").size["width"] > 100

    heads = opened.find_elements(By.CSS_SELECTOR, "#rows thead th")
    names = [head.text for head in heads]
    assert names[:3] == ["predictor", "split", "benchmark"]
    place = names.index("mean")
    heads[place].click()
    wait(opened, lambda: heads[place].get_attribute("aria-sort") == "ascending")
    means = [float(row[place]) for row in rows_of(opened) if row[place]]
    assert len(means) > 20
    assert means == sorted(means)
    heads[place].click()
    wait(opened, lambda: heads[place].get_attribute("aria-sort") == "descending")
    assert float(rows_of(opened)[0][place]) == pytest.approx(expected["mean"].max(), abs=5e-4)

    opened.find_element(By.CSS_SELECTOR, ".dt-search input").send_keys("knn within")
    wait(opened, lambda: all("within_query_auc" in row for row in rows_of(opened)))
    wanted = expected[(expected["predictor"] == "knn") & (expected["metric"] == "within_query_auc")]
    assert len(rows_of(opened)) == len(wanted) > 0

    link = opened.find_element(By.LINK_TEXT, "Save reward_models.csv").get_attribute("href")
    saved = opened.execute_async_script("fetch(arguments[0]).then(r => r.text()).then(arguments[1])", link)
    assert saved == (report / "results/tables/reward_models.csv").read_text()
    opened.switch_to.default_content()


def test_an_empty_comparison_says_so(opened):
    choose(opened, "Published and ours", "Published figures next to ours: table")
    wait(opened, lambda: opened.find_elements(By.TAG_NAME, "iframe"))
    opened.switch_to.frame(opened.find_element(By.TAG_NAME, "iframe"))
    wait(opened, lambda: "The table has no row" in text(opened))
    opened.switch_to.default_content()


def test_it_opens_in_seconds(browser, report):
    start = time.monotonic()
    browser.get(f"file://{report}/results/report.html")
    wait(browser, lambda: "What was run" in browser.page_source)
    assert time.monotonic() - start < 20
