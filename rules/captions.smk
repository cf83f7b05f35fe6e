# What the report says of each result.
import yaml

from reward_memory.report import captions
from reward_memory.report.tables import comparison

CAPTIONS = yaml.safe_load((HERE / "report/captions.yaml").read_text(encoding="utf-8"))
# a suite that no paper has
for suite in arms.accuracy_tables(CONFIG):
    CAPTIONS.setdefault(
        suite, CAPTIONS["suite"] | {"title": f"Accuracy in suite {suite}"}
    )
# said of every result: the numbers of a small run are read as results all too easily
STAND_INS = (
    "Synthetic benchmarks (generated stand-ins) show that the pipeline works, and nothing about a paper's claim."
    if any(one.source == "generated" for one in CONFIG.benchmarks.values())
    else ""
)


def intervals_of(table):
    """What the intervals of a table cover in this run."""
    of_meds = CAPTIONS[table]["category"] == "MEDS"
    suite = "meds" if of_meds else table if table in SUITES else "main"
    return captions.intervals(
        len(suites.seeds(CONFIG, suite)), CONFIG.data.redraw_labels
    )


def caption(table, kind):
    """What the report says of a table or figure."""
    said = CAPTIONS[table][kind].replace("{intervals}", intervals_of(table))
    return f"{said} {STAND_INS}".strip()


def captioned(kind):
    """A wildcard constraint: the results that have a caption of this kind."""
    return "|".join(name for name, one in CAPTIONS.items() if kind in one)


def table_file(table):
    """The data audit describes the data and lies beside them."""
    folder = "data" if table == "audit" else "tables"
    return f"<results>/{folder}/{table}.csv"


def compared():
    """The tables with published figures beside ours."""
    return [name for name in arms.shown(CONFIG) if name in comparison.VALUES]


def pages():
    """One page a table, what is said of the whole run, and the first page."""
    found = [*arms.shown(CONFIG), "audit", "cost"] + (
        ["comparison"] if compared() else []
    )
    start = ["<results>/pages/start.rst"] if "main" in arms.shown(CONFIG) else []
    return expand("<results>/pages/{name}.html", name=found) + response_pages() + start
