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

# Planning makes millions of objects and hardly any garbage; looking for it takes up to a quarter of the time. What runs
# jobs looks again: rules/cluster.smk.
if OWN_CONFIG:
    gc.disable()

# another --configfile stands alone: merged into config.yaml it would keep that file's benchmarks and policies
if not workflow.config_settings.configfiles:
    try:
        reading.check(["config.yaml"] if OWN_CONFIG else [])
    except InputError as error:
        raise WorkflowError(str(error)) from None

    configfile: "config.yaml"


# The software of every job under `--sdm apptainer`: an image of envs/Dockerfile in the folder of the call. Its path is
# part of what Snakemake compares, so it is not that of the checkout.
container: "reward-memory.sif"


try:
    reading.check(workflow.configfiles)
    source = reading.named(workflow.configfiles, workflow.config_settings.config)
    # all that rules read of the configuration: complete, checked, with attributes in place of keys
    CONFIG = loading.load(config, source)
    MIRRORED = loading.check_files(CONFIG, HERE, source)
    memory.check(CONFIG, HERE / "reference", source)
except InputError as error:
    raise WorkflowError(str(error)) from None

# what Snakemake hands to scripts and to the report's templates, in plain data
config = CONFIG.model_dump(by_alias=True)


pathvars:
    results=os.path.normpath(CONFIG.results),
    logs="<results>/logs",
    usage="<results>/usage",


# whoever uses this workflow as a module may have set another one
RESULTS = workflow.pathvars.apply("<results>")

# the settings do not have the targets yet
if wrong := results_folder.unexpanded(sys.argv[1:]):
    raise WorkflowError(wrong)
if OWN_CONFIG and (wrong := results_folder.no_target(sys.argv[1:])):
    raise WorkflowError(wrong)


rule all:
    "All tables and figures of the configuration, or the reward models on what is imported."
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
