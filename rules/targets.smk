# The tables and figures of this configuration, and the input files of each.

# Sources of rewards of methods that train.
TRAINED = set(methods.REWARDS) - {"none"}


def tables():
    return expand("<results>/tables/{name}.csv", name=arms.available_tables(CONFIG))


def figures_of(table):
    """The figures of a table: one; for the learning curves, one per suite."""
    if table == "learning_curves":
        trained = [suite for suite in SUITES if suites.trained(CONFIG, suite)]
        return expand("<results>/figures/learning_curves/{suite}.svg", suite=trained)
    drawn = "figure" in CAPTIONS[table]
    return [f"<results>/figures/{table}.svg"] if drawn else []


def figures():
    return [
        file for table in arms.available_tables(CONFIG) for file in figures_of(table)
    ]


def arms_of(table):
    """(method, label ratio) of each arm in a table of accuracies."""
    try:
        return arms.arms_of(CONFIG, table)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def graded_files(table):
    """Graded responses: one file per policy, arm, seed and tested suite."""
    suite = table if table in SUITES else "main"
    tested = suites.section(CONFIG, suite).transfer if table == "transfer" else [suite]
    return [
        # the untrained policy is evaluated once on each tested suite, not once per training suite
        f"<results>/evaluation/{on if get_rewards(method) == 'none' else suite}/{policy}/{method}/ratio{ratio}/seed{seed}/{on}.parquet"
        for policy in suites.policies(CONFIG, suite)
        for method, ratio in arms_of(table)
        for seed in suites.seeds(CONFIG, suite)
        for on in tested
    ]


def results_of(table):
    """The input files of a registered table."""
    try:
        registered = TABLES.find(table)
        if registered.inputs == "predictions":
            return PREDICTIONS or arms.nothing_predicted(table)
        return graded_files(arms.suite_of(CONFIG, table, registered.suite))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def trained_arms(suite, rewards=TRAINED):
    """The training runs of a suite whose rewards come from one of `rewards`, each as a dictionary of its names."""
    return [
        dict(policy=policy, method=method, label_ratio=ratio, seed=seed)
        for policy in suites.policies(CONFIG, suite)
        for method, ratio in suites.arms(CONFIG, suite)
        if get_rewards(method) in rewards
        for seed in suites.seeds(CONFIG, suite)
    ]


def files_of_arms(suite, folder, name, rewards=TRAINED):
    """One file per training run of a suite, in the order of `trained_arms`."""
    return [
        f"<results>/{folder}/{suite}/{arm['policy']}/{arm['method']}/ratio{arm['label_ratio']}/seed{arm['seed']}/{name}"
        for arm in trained_arms(suite, rewards)
    ]


def training_files(name, rewards=TRAINED):
    """One file per training run, for all suites."""
    return [
        file
        for suite in SUITES
        for file in files_of_arms(suite, "training", name, rewards)
    ]


def tested_files(suite, kind):
    """One file per trained policy of a suite about its test queries; none if it has no test queries."""
    return (
        files_of_arms(suite, "evaluation", f"{suite}.{kind}")
        if tested_benchmarks(suite)
        else []
    )


def response_pages():
    """One page of responses for each suite with a training."""
    trained = [suite for suite in SUITES if suites.trained(CONFIG, suite)]
    return expand("<results>/pages/responses/{suite}.html", suite=trained)


def top_k_files():
    """One file per suite, policy, reward model, label ratio and seed of top_k.csv."""
    try:
        models = arms.top_k(CONFIG)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    return list(
        dict.fromkeys(
            f"<results>/top_k/{suites.reward_model_of(CONFIG, suite)}/{policy}/{predictor}/"
            f"ratio{suites.reward_model_ratio(CONFIG, suite, ratio)}/seed{seed}/{suite}.parquet"
            for suite, predictor in models
            for policy in suites.policies(CONFIG, suite)
            for ratio in suites.label_ratios(CONFIG, suite)
            for seed in suites.seeds(CONFIG, suite)
        )
    )


def meds_methods(table):
    """The methods in one of the MEDS tables."""
    try:
        return arms.of_meds(CONFIG, table)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def meds_arms(table):
    """(method, label ratio) of each arm in a MEDS table."""
    return [
        arm for arm in suites.arms(CONFIG, suites.MEDS) if arm[0] in meds_methods(table)
    ]


def meds_files(pattern, table):
    """One file per policy, arm and seed of a MEDS table; `base` has no training files."""
    return [
        pattern.format(
            suite="meds", policy=policy, method=method, ratio=ratio, seed=seed
        )
        for policy in suites.policies(CONFIG, "meds")
        for method, ratio in meds_arms(table)
        for seed in suites.seeds(CONFIG, "meds")
        if method != "base" or "/training/" not in pattern
    ]
