"""A copy of the project that a test may run and change, and runs of Snakemake in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from planner import Plan, plan

# a busy machine is no failure; and the same examples everywhere
settings.register_profile("project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
# two workers with two threads each would spin while they wait for one another
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "config", "rules", "scripts", "src", "report", "reference", "envs")
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser) -> None:
    parser.addoption("--all", action="store_true", help="tests marked long, too: an hour on two cores")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config) -> None:
    """Long tests are left out of a run of everything without --all."""
    everything = config.args_source is config.ArgsSource.TESTPATHS
    if everything and not (config.option.all or config.option.markexpr):
        config.option.markexpr = "not long"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """`pytest -n 2`: files stay whole and begin in their order, in which the long ones come first."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            # one SLURM at a time: its tests wait for jobs, and not for another SLURM's
            return "slurm" if "/test_slurm" in nodeid else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)


#: What verl makes of a training, plans of both papers, whole releases.
SLOW = {"effective", "matrix", "real", "loaded"}
#: A finished run of the workflow, what verl makes of each training of both papers.
LONG = {"finished", "composed"}


def pytest_collection_modifyitems(items) -> None:
    """Whatever needs a slow fixture is slow: it waits for it. What is long is slow, too."""
    for item in items:
        needed = getattr(item, "fixturenames", ())
        if LONG.intersection(needed):
            item.add_marker(pytest.mark.long)
        if SLOW.intersection(needed) or item.get_closest_marker("long"):
            item.add_marker(pytest.mark.slow)


class Workflow:
    """The workflow in a folder of its own, with its own copy of the library."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}

    def command(self, *arguments: str) -> list[str]:
        # our logger's output is for people; the plain one can be read by a test
        return [sys.executable, "-m", "snakemake", *arguments, "--workflow-profile", "none", "--resources", "gpu=0"]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess | Plan:
        command = self.command(*arguments)
        if "-n" in arguments:
            done = plan(self.folder, command[3:], self.environment)
        else:
            done = subprocess.run(
                command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
            )
        if check and done.returncode:
            logs = "\n".join(
                f"--- {path}\n{path.read_text()[-3000:]}" for path in (self.folder / "results/logs").rglob("*.log")
            )
            raise AssertionError(f"snakemake failed:\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}\n{logs[-20000:]}")
        return done

    def plan(self, *arguments: str) -> Plan:
        """A dry run for one target, which comes first."""
        return self.run(*arguments[:1], "-n", *arguments[1:])

    def jobs(self, *arguments: str) -> list[tuple[str, dict[str, str]]]:
        """(rule, wildcards) of every job of a dry run."""
        return [(job.rule, job.wildcards) for job in self.plan(*arguments).jobs]

    def rules(self, *arguments: str) -> set[str]:
        """Names of the rules of a dry run."""
        return {rule for rule, _ in self.jobs(*arguments)}

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that must be there in one of the project's files."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} does not contain {old!r}"
        file.write_text(text.replace(old, new, 1))

    def append(self, path: str, text: str) -> None:
        """Add text at the end of one of the project's files."""
        with (self.folder / path).open("a") as file:
            file.write(text)

    def copy(self, folder: Path) -> "Workflow":
        """The same workflow with its results and Snakemake's records of them, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Workflow(folder)


def documented_import(folder: Path) -> str:
    """Write the configuration and the rows that docs/import.md shows; its Python example is returned."""
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "docs/import.md").read_text(), re.MULTILINE | re.DOTALL))
    (folder / "my.yaml").write_text(blocks["yaml"])
    (folder / "mine.jsonl").write_text(blocks["json"])
    return blocks["python"]


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """A fresh copy of the project without results."""
    return make(tmp_path / "project")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A copy without results that the tests of a module share: for plans, which change nothing."""
    return make(tmp_path_factory.mktemp("pristine") / "project")


def make(folder: Path) -> Workflow:
    folder.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, folder / name)
    return Workflow(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """The test-size pipeline, run whole once a session, by the first worker to need it. Copy it before changing it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, whole = base / "finished/project", base / "finished/whole"
    with FileLock(base / "finished.lock"):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder).run("all", "--cores", "2", "--configfile", "config/test.yaml")
            whole.touch()
    return Workflow(folder)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real benchmark files beside the project's root."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder ../shared with real benchmark files")
    return SHARED


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that selenium drives."""
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # containers run as root and have a small /dev/shm
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield found
    found.quit()
