# Protects results that take long (config key `finished`). Included last because it inspects the other rules.
import shutil
import sys

from snakemake.logging import logger

LASTING = {
    "bootstrap_policy": rules.bootstrap_policy,
    "import_policy": rules.import_policy,
    "download_policy": rules.download_policy,
    "sample_rollouts": rules.sample_rollouts,
    "embed_rollouts": rules.embed_rollouts,
    "fit_reward_model": rules.fit_reward_model,
    "train_policy": rules.train_policy,
    "evaluate_policy": rules.evaluate_policy,
}
REBUILD = (
    "--config finished=rebuild rebuilds them (old files stay until the new ones are complete), --config finished=keep uses "
    "them as they are, and --config results=FOLDER keeps both."
)
GIVEN = {os.path.abspath(path) for made in KEPT for path in made.outputs}


# For a target that no rule makes, Snakemake would only report a missing rule. It has not stored the targets yet.
if workflow.is_main_process and (
    named := [word for word in sys.argv if os.path.abspath(word) in GIVEN]
):
    raise WorkflowError(
        f"{min(named)} is finished and kept, so there is nothing to make; leave it out, "
        "or rebuild it with --config finished=rebuild."
    )


def is_configured(wildcards):
    """Whether the configuration still has the policy, benchmark, suite, ... that a result is named after."""
    names = {
        "policy": CONFIG.policies,
        "benchmark": CONFIG.benchmarks,
        "suite": SUITES,
        "method": suites.all_methods(CONFIG),
        "tested": SUITES,
        "predictor": [
            name for suite in SUITES for name in suites.predictors(CONFIG, suite)
        ],
    }
    return all(value in names.get(name, [value]) for name, value in wildcards.items())


def check_placed(made):
    """Return the record if its files are the outputs of its rule, else raise a WorkflowError."""
    maker = LASTING.get(made.rule)
    exists = maker is not None and {*made.wildcards} == {*maker.rule.wildcard_names}
    outputs = maker.rule.expand_output(made.wildcards)[0] if exists else []
    now, then = ({*map(os.path.abspath, paths)} for paths in (outputs, made.outputs))
    if not exists or then < now:
        raise WorkflowError(
            f"{RESULTS}: {made.rule}, which made {made.outputs[0]}, is no job of this workflow: the results are of "
            "another version, whose files have other names. Give this version a folder of its own "
            f"(--config results=elsewhere), or move {RESULTS}/finished away: missing results are then built next to "
            "the old ones."
        )
    if now != then:
        raise WorkflowError(
            str(records.damaged(made.file, "names other results than its job makes"))
        )
    return made


def find_outdated():
    """(finished result, what has changed since) for each kept result that a rebuild would make differently."""
    found, digests = [], finished.Digests(RESULTS)
    for made in map(
        check_placed, filter(lambda made: is_configured(made.wildcards), KEPT)
    ):
        maker = LASTING[made.rule].rule
        output, _ = maker.expand_output(made.wildcards)
        inputs, *_ = maker.expand_input(made.wildcards)
        params, _ = maker.expand_params(made.wildcards, inputs, output, None)
        if changes := finished.changes(made, inputs, dict(params.items()), digests):
            found.append((made, changes))
    digests.keep()
    return found


OUTDATED = find_outdated() if workflow.is_main_process else []
for error in DAMAGED[: finished.MAX_LISTED] if workflow.is_main_process else []:
    logger.warning(str(error))
for line in finished.outdated_messages(OUTDATED):
    logger.warning(line)
if OUTDATED:
    logger.warning(f"They can stay or be rebuilt: {REBUILD}")


def check_finished():
    """Raise a WorkflowError if a job would read a result of other settings or inputs. Called by onstart in cluster.smk."""
    # Backups that Snakemake made for a killed job block its next backup. They can go: results are renamed into place,
    # so they are complete.
    shutil.rmtree(workflow.persistence.path / "backups", ignore_errors=True)
    needed = {
        os.path.abspath(path)
        for job in workflow.dag.needrun_jobs()
        for path in job.input
    }
    stale = [
        made
        for made, changes in OUTDATED
        if CONFIG.finished == "check"
        and {"settings", "inputs"} & {*changes}
        and needed & {*map(os.path.abspath, made.outputs)}
    ]
    if stale:
        raise WorkflowError(
            f"Nothing was run. The next jobs would read {len(stale)} finished results of other settings or inputs, "
            f"such as {stale[0].outputs[0]}: {REBUILD}"
        )
