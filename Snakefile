import gc
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from reward_memory.config import loading, reading, results_folder
from reward_memory.cost import memory
from reward_memory.errors import InputError

min_version("9.27")

# not workflow.basedir: that is the folder of the workflow that uses this one as a module
HERE = Path(str(workflow.current_basedir))

# a module's configuration comes from the workflow around it
OWN_CONFIG = not workflow.modifier.skip_configfile

# Planning creates millions of objects and hardly any garbage, so garbage collection costs up to a quarter of its time.
# rules/cluster.smk enables it again before jobs run.
if OWN_CONFIG:
    gc.disable()

# --configfile replaces config.yaml: merged with it, it would keep that file's benchmarks and policies
if not workflow.config_settings.configfiles:
    try:
        reading.check(["config.yaml"] if OWN_CONFIG else [])
    except InputError as error:
        raise WorkflowError(str(error)) from None

    configfile: "config.yaml"


# The image of every job under `--sdm apptainer`, built from envs/Dockerfile into the working directory. Snakemake
# compares this path between runs, so it must not depend on where the checkout is.
container: "reward-memory.sif"


try:
    reading.check(workflow.configfiles)
    source = reading.named(workflow.configfiles, workflow.config_settings.config)
    # the checked configuration, with defaults filled in; rules read nothing else
    CONFIG = loading.load(config, source)
    MIRRORED = loading.check_files(CONFIG, HERE, source)
    memory.check(CONFIG, HERE / "reference", source)
except InputError as error:
    raise WorkflowError(str(error)) from None

# plain data: Snakemake passes it to scripts and to the report's templates
config = CONFIG.model_dump(by_alias=True)


pathvars:
    results=os.path.normpath(CONFIG.results),
    logs="<results>/logs",
    usage="<results>/usage",


# a workflow that uses this one as a module may have set another folder
RESULTS = workflow.pathvars.apply("<results>")

# Snakemake has not stored the targets in its settings yet
if wrong := results_folder.unexpanded(sys.argv[1:]):
    raise WorkflowError(wrong)
if OWN_CONFIG and (wrong := results_folder.no_target(sys.argv[1:])):
    raise WorkflowError(wrong)


rule all:
    "All tables and figures of the configuration; for imported rollouts, the tables of reward models."
    input:
        lambda wc: tables() + figures() + pages() + [COST],


include: "rules/common.smk"
include: "rules/targets.smk"
include: "rules/sources.smk"
include: "rules/data.smk"
include: "rules/policies.smk"
include: "rules/rollouts.smk"
include: "rules/labels.smk"
include: "rules/reward_models.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/tables.smk"
include: "rules/captions.smk"
include: "rules/report.smk"
include: "rules/figures.smk"
include: "rules/cost.smk"


if "meds" in suites.evaluated(CONFIG):

    include: "rules/meds.smk"


if CONFIG.rollouts.import_:

    include: "rules/imports.smk"


include: "rules/finished.smk"
include: "rules/cluster.smk"
