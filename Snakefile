from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from reward_memory import configuration
from reward_memory.errors import InputError

min_version("9.27")

# not workflow.basedir: that is the folder of the workflow that uses this one as a module
HERE = Path(str(workflow.current_basedir))

# another --configfile stands alone: merged into config.yaml it would keep that file's benchmarks and policies
if not workflow.config_settings.configfiles:

    configfile: "config.yaml"


try:
    config = configuration.load(
        config,
        HERE / "schemas/config.schema.yaml",
        " + ".join(os.path.relpath(path) for path in workflow.configfiles) or "config",
    )
    MIRRORED = configuration.check_files(config)
except InputError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    results=os.path.normpath(config["results"]),
    logs="<results>/logs",
    usage="<results>/usage",


# whoever uses this workflow as a module may have set another one
RESULTS = workflow.pathvars.apply("<results>")


rule all:
    "All tables and figures of the configuration, or the reward models on what is imported."
    input:
        lambda wc: tables() + figures() + pages() + [COST],


include: "rules/common.smk"
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


if "meds" in config:

    include: "rules/meds.smk"


if config["rollouts"]["import"]:

    include: "rules/imports.smk"


include: "rules/finished.smk"
include: "rules/cluster.smk"
