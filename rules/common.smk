# Helpers shared by several rules. None of them reads a file for each job: planning would take too long.
import functools

from reward_memory.config import arms, fidelity, methods, suites, variants
from reward_memory.jobs import code_hash as code_hashes
from reward_memory.jobs import finished
from reward_memory.storage import records
from reward_memory.data.registry import DOMAINS
from reward_memory.config.resources import allocation
from reward_memory.report.tables.registration import TABLES
from reward_memory.seeds import derive

SCRIPTS = HERE / "scripts"
SUITES = suites.names(CONFIG)
# Results kept even if code or config changed; rules/finished.smk reports the changes.
FINISHED, DAMAGED = records.survey(RESULTS)
if DAMAGED and CONFIG.finished != "rebuild":
    raise WorkflowError(str(DAMAGED[0]))
KEPT = [] if CONFIG.finished == "rebuild" else FINISHED
MEDS_GRADES = "<results>/evaluation/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/meds.parquet"


wildcard_constraints:
    policy="|".join(map(re.escape, CONFIG.policies)),
    benchmark="|".join(map(re.escape, CONFIG.benchmarks)),
    suite="|".join(map(re.escape, SUITES)),
    tested="|".join(map(re.escape, SUITES)),
    split="train|valid|test",
    method="|".join(map(re.escape, suites.all_methods(CONFIG))) or "(?!)",
    predictor="|".join(
        sorted(
            {
                re.escape(name)
                for suite in SUITES
                for name in suites.predictors(CONFIG, suite)
            }
        )
    )
    or "(?!)",
    ratio=r"\d+",
    seed=r"\d+",
    # of the labels: empty if all seeds share one draw
    draw=r"(-seed\d+)?",


def plain(section):
    """A section as plain data, which Snakemake can compare between runs; None if there is no section."""
    return None if section is None else section.model_dump(by_alias=True)


@functools.cache
def code_hash(script, *parts):
    """Hash of a script and of the parts of the library that it uses, because Snakemake does not follow imports."""
    return code_hashes.code_hash(SCRIPTS / f"{script}.py", *parts)


def get_resource(rule, name):
    """One resource of a rule's jobs, from the section `resources`."""

    def of_job(wc, attempt):
        return allocation(CONFIG, rule, wc.get("policy"), attempt)[name]

    return of_job


def times_attempt(amount):
    """A resource in MB or minutes that grows with each retry."""
    return lambda wc, attempt: amount * attempt


def if_several_nodes(rule, value):
    """A resource that only jobs on several nodes have: `value` of the number of nodes."""

    def of_job(wc):
        nodes = allocation(CONFIG, rule, wc.get("policy"))["nodes"]
        return value(nodes) if nodes > 1 else None

    return of_job


def members(suite):
    return suites.members(CONFIG, suite)


def sampled_splits(suite):
    """The splits on which a suite's reward models are measured: train, and any other split with queries."""
    held = [
        split
        for split in ("valid", "test")
        if any(getattr(CONFIG.benchmarks[name], split) for name in members(suite))
    ]
    return ["train", *held]


def tested_benchmarks(suite):
    """The benchmarks of a suite that have test queries; others are only trained on."""
    return [name for name in members(suite) if CONFIG.benchmarks[name].test]


def enabled_quirks(stage):
    """The behaviors of the published code that the configuration enables for one stage."""
    return fidelity.of_stage(fidelity.resolve(CONFIG.fidelity), stage)


def policy_folder(policy):
    """The folder of a policy: its `path` if the configuration has one, else the output of a rule."""
    return CONFIG.policies[policy].path or f"<results>/policies/{policy}"


def policy_files(policy):
    """The files of a policy that has a `path`."""
    folder = Path(policy_folder(policy))
    return sorted(str(path) for path in folder.iterdir() if path.is_file())


def size_mb(paths):
    return sum(os.path.getsize(path) for path in paths) // 1_000_000


def policy_check(policy):
    """The check of a policy that has a `path`; policies from rules need none."""
    path = CONFIG.policies[policy].path
    return f"<results>/checked_policies/{policy}.json" if path else []


def policies_from(*kinds):
    """Wildcard constraint: the policies that come from one of `kinds`."""
    names = [name for name, policy in CONFIG.policies.items() if policy.source in kinds]
    return "|".join(map(re.escape, names)) or "(?!)"


def without_finished(rule, *kinds):
    """Wildcard constraint that hides finished results from the rule, so that Snakemake sees plain input files."""
    names = (
        policies_from(*kinds) if kinds else "|".join(map(re.escape, CONFIG.policies))
    )
    return finished.constraint(KEPT, rule, RESULTS, names)


def kept_until_replaced(rule, path):
    """Mark the output `update()` when an old version exists: it survives a failed rebuild."""
    exists = CONFIG.finished == "rebuild" and any(
        made.rule == rule for made in FINISHED
    )
    return update(path) if exists else path


def evaluated_policy(wc):
    """The base policy, or the trained one."""
    if wc.method == "base":
        return policy_folder(wc.policy)
    return "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/policy"


def released_folder(benchmark):
    """The folder with a benchmark's released files, None where it is generated."""
    source = CONFIG.benchmarks[benchmark].source
    folders = {"hub": f"{RESULTS}/raw/{benchmark}", "mirror": CONFIG.data.mirror}
    return folders.get(source)


def released_files(benchmark):
    """A benchmark's released files: those of the mirror, or the downloaded folder."""
    if CONFIG.benchmarks[benchmark].source == "hub":
        return [f"<results>/raw/{benchmark}"]
    return MIRRORED.get(benchmark, [])


def runs_solutions(benchmark):
    """Whether a benchmark's tests are made by running its canonical solutions."""
    released = CONFIG.benchmarks[benchmark].source in ("mirror", "hub")
    return released and DOMAINS[benchmark] == "code"


def from_source(*origins):
    """Wildcard constraint: the benchmarks that come from one of `origins`."""
    names = [
        name
        for name, benchmark in CONFIG.benchmarks.items()
        if benchmark.source in origins
    ]
    return "|".join(map(re.escape, names)) or "(?!)"


def get_rewards(method):
    """The source of a method's rewards, see config/methods.py."""
    return methods.find(CONFIG, method).rewards


def label_draw(seed):
    """The wildcard `draw` of a seed's labels."""
    return f"-seed{seed}" if CONFIG.data.redraw_labels else ""


def revealed_rewards(wc):
    """The rewards from which the reward models of a seed may learn."""
    return f"<results>/labels/{wc.suite}/{wc.policy}/rewards{wc.ratio}{label_draw(wc.seed)}.parquet"


def prompts_to_train_on(wc):
    """The training prompts of a run; methods without labels have the same for all seeds."""
    rewards = get_rewards(wc.method)
    draw = "" if rewards in methods.WITHOUT_DRAW else label_draw(wc.seed)
    return f"<results>/training_queries/{wc.suite}/{rewards}/ratio{wc.ratio}{draw}/train.parquet"


def fitted_files(wc):
    """The inputs of a training that refits its reward model: all texts, and the rewards of labeled queries."""
    if not suites.refits(CONFIG, wc.suite, wc.method):
        return []
    vectors = f"<results>/embeddings/{wc.policy}/{wc.suite}/train"
    return [
        f"{vectors}.queries.parquet",
        f"{vectors}.responses.parquet",
        f"{vectors}.safetensors",
        revealed_rewards(wc),
    ]


def valid_file(wc, pattern):
    """A file of the valid queries, if the reward model is selected on them."""
    selects = variants.selects_on_valid(CONFIG, wc.predictor)
    return f"<results>/{pattern}".format(**wc) if selects else []


def selecting_on_valid():
    """The methods whose reward model is selected on the truths of valid queries."""
    return [
        method
        for method in suites.methods(CONFIG)
        if get_rewards(method) == "predicted"
        and variants.selects_on_valid(CONFIG, methods.predictor(CONFIG, method))
    ]


def validation_files(suite, pattern):
    """One file for each benchmark on which a suite's checkpoints are compared."""
    return [
        f"<results>/data/{pattern.format(name=name, split=split)}"
        for name, split in suites.validation(CONFIG, suite)
    ]


def has_empty_turn(wc):
    """Whether the prompts of a suite end with an empty reply, as in the code of MEDS."""
    return wc.suite == suites.MEDS and "empty-turn" in enabled_quirks("training")


def prompt_limits(suite, policy):
    """The distinct settings about long prompts among the methods that train on a suite."""
    found = {}
    for method in suites.trained(CONFIG, suite):
        training, _ = suites.run_settings(CONFIG, suite, method, policy)
        names = ("max_prompt_tokens", "overlong_prompts", "train_batch_size")
        limits = {name: getattr(training, name) for name in names}
        found[str(limits)] = limits
    return list(found.values())


def rooms(suite, policy):
    """The lengths that prompts must leave room for, as split:section:max_new_tokens:max_model_len (0 for none)."""
    where = "" if suite == suites.MAIN else f"suites.{suite}."
    sampled = [("test", f"{where}evaluation", suites.evaluation(CONFIG, suite))]
    if suites.predictors(CONFIG, suite):
        sampled.append(("train", "rollouts", CONFIG.rollouts))
    runs = {
        suites.run_settings(CONFIG, suite, method, policy)[0].max_new_tokens
        for method in suites.trained(CONFIG, suite)
    }
    return [
        f"{split}:{section}:{one.max_new_tokens}:{one.max_model_len or 0 if one.engine != 'transformers' else 0}"
        for split, section, one in sampled
    ] + [f"training:{where}training:{max(runs, default=0)}:0"]


def prompt_files():
    """(policy, smallest max_prompt_tokens, file of its prompts) for each suite with a training."""
    return [
        (
            policy,
            min(
                filter(None, (one["max_prompt_tokens"] for one in found)), default=None
            ),
            f"<results>/prompts/{policy}/{suite}.parquet",
        )
        for suite in SUITES
        for policy in suites.policies(CONFIG, suite)
        if (found := prompt_limits(suite, policy))
    ]


def response_files():
    """(stage, policy, split, file) of all sampled or imported responses."""
    found = []
    if "reward_models" in arms.available_tables(CONFIG):
        found += [
            (
                "rollouts",
                policy,
                split,
                f"<results>/rollouts/{policy}/{name}/{split}.parquet",
            )
            for policy in suites.policies(CONFIG)
            for name in members("main")
            for split in sampled_splits("main")
        ]
    if "top_k" in arms.available_tables(CONFIG):
        found += [
            (
                "rollouts",
                policy,
                "test",
                f"<results>/rollouts/{policy}/{name}/test.parquet",
            )
            for suite, _ in arms.top_k(CONFIG)
            for policy in suites.policies(CONFIG, suite)
            for name in tested_benchmarks(suite)
        ]
    shown = [*arms.accuracy_tables(CONFIG), "transfer"]
    runs = [
        file
        for table in shown
        if table in arms.available_tables(CONFIG)
        for file in graded_files(table)
    ]
    if "meds_main" in arms.available_tables(CONFIG):
        runs += meds_files(MEDS_GRADES, "meds_main")
    for file in runs:
        _, _, suite, policy, method, ratio, seed, _ = file.split("/")
        responses = file.removesuffix("parquet") + "responses.parquet"
        found.append((f"evaluation {method}", policy, "test", responses))
        trained = f"<results>/training/{suite}/{policy}/{method}/{ratio}/{seed}/responses.parquet"
        if method != "base":
            found.append((f"training {method}", policy, "train", trained))
    return list(dict.fromkeys(found))


def sampled_files(wc):
    """Queries, responses, embeddings and verdicts of a suite, as inputs named after their split."""
    found = {}
    for split in sampled_splits(wc.suite):
        embedded = f"<results>/embeddings/{wc.policy}/{wc.suite}/{split}"
        found |= {
            f"{split}_queries": f"{embedded}.queries.parquet",
            f"{split}_responses": f"{embedded}.responses.parquet",
            f"{split}_embeddings": f"{embedded}.safetensors",
            f"{split}_verdicts": f"<results>/verdicts/{wc.policy}/{wc.suite}/{split}.parquet",
        }
    return found
