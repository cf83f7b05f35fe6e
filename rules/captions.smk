# Captions of tables and figures in the report.
import yaml

from reward_memory.report import captions
from reward_memory.report.tables import comparison

CAPTIONS = yaml.safe_load((HERE / "report/captions.yaml").read_text(encoding="utf-8"))
# suites of the user's own
for suite in arms.accuracy_tables(CONFIG):
    CAPTIONS.setdefault(
        suite, CAPTIONS["suite"] | {"title": f"Accuracy in suite {suite}"}
    )
# in every caption, because numbers of a small run are easily taken for findings
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
    """The caption of a table or figure."""
    text = CAPTIONS[table][kind].replace("{intervals}", intervals_of(table))
    return f"{text} {STAND_INS}".strip()


def captioned(kind):
    """Wildcard constraint: the results that have a caption of this kind."""
    return "|".join(name for name, one in CAPTIONS.items() if kind in one)


def table_file(table):
    """The CSV file of a table; the audit is next to the data that it describes."""
    folder = "data" if table == "audit" else "tables"
    return f"<results>/{folder}/{table}.csv"


def compared():
    """The tables that show published figures next to ours."""
    return [name for name in arms.available_tables(CONFIG) if name in comparison.VALUES]


def pages():
    """Pages of the report: one per table, the pages about the run, and the start page."""
    found = [*arms.available_tables(CONFIG), "audit", "cost"] + (
        ["comparison"] if compared() else []
    )
    start = (
        ["<results>/pages/start.rst"] if "main" in arms.available_tables(CONFIG) else []
    )
    return expand("<results>/pages/{name}.html", name=found) + response_pages() + start
