"""A good configuration as text, and what is said of changes that are mistakes."""

import re

GOOD = """\
results: results
seeds: [0]
benchmarks:
  gsm8k: {suite: main, source: generated, train: 200, valid: 5, test: 5}
  piqa: {suite: ood, source: generated, test: 5}
  dapo_math_17k: {suite: meds, source: generated, train: 16, valid: 4, test: 0}
  math500: {suite: meds, source: generated, test: 8}
policies:
  tiny: {bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}
  maths: {bootstrap: {hidden_size: 32, num_hidden_layers: 14, steps: 10, benchmarks: meds}}
label_ratios: [20, 50]
methods: [base, r1-p, memreward, oracle]
sandbox: reduced
rollouts: {samples_per_query: 4}
reward_model: {predictor: graph}
training: {steps: 4, train_batch_size: 8, samples_per_query: 4, save_freq: 2}
evaluation: {samples_per_query: 2}
suites: {meds: {policies: [maths], methods: [base, dapo, meds], training: {train_batch_size: 4}}}
"""

#: what is replaced in GOOD, what by, what the sentence says
TEXTS = {
    "benchmark twice": ("  piqa:", "  gsm8k:", "line 5: benchmarks: gsm8k: is given twice, first in line 4; keep one"),
    "section twice": ("sandbox: reduced", "training: {steps: 2}", "training: is given twice"),
    "policy twice": ("  maths:", "  tiny:", "line 10: policies: tiny: is given twice, first in line 9"),
    "key twice in one line": (
        "samples_per_query: 4",
        "samples_per_query: 4, samples_per_query: 5",
        "rollouts: samples_per_query: is given twice",
    ),
    "key twice in quotes": ("seeds: [0]", "seeds: [0]\n'seeds': [1]", "line 3: seeds: is given twice"),
    "deep key twice": (
        "hidden_size: 32, num_hidden_layers",
        "hidden_size: 32, hidden_size: 64, layers",
        "tiny: bootstrap: hidden_size: is given",
    ),
    "list that does not end": ("[20, 50]", "[20, 50", "line 12: not YAML"),
    "brace that does not end": ("{samples_per_query: 4}", "{samples_per_query: 4", "not YAML"),
    "tab": ("  piqa", "\tpiqa", "line 5: not YAML"),
    "wrong indentation": ("  piqa", "   piqa", "line 5: not YAML"),
    "no colon": ("sandbox: reduced", "sandbox reduced", "line 1[34]: not YAML"),
    "colon without a space": ("sandbox: reduced", "sandbox:reduced", "not YAML"),
    "quote that does not end": ("sandbox: reduced", 'sandbox: "reduced', "not YAML"),
    "two documents": ("sandbox: reduced", "---\nsandbox: reduced", "line 13|line 14: not YAML"),
    "unknown alias": ("[20, 50]", "*ratios", "line 11: not YAML .*undefined alias"),
    "Python object": ("[20, 50]", "!!python/object:os.system [a]", "line 11: not YAML"),
    "tag": ("[20, 50]", "!ratios [20]", "line 11: not YAML"),
    "impossible date": ("[20, 50]", "2024-13-45", "cannot be read .*; put it in quotes"),
    "control character": ("reduced", "redu\x07ced", r"line 13: the character U\+0007 is not allowed"),
    "section around itself": (
        "rollouts: {samples_per_query: 4}",
        "rollouts: &a {samples_per_query: *a}",
        "refers to itself",
    ),
    "date": ("[20, 50]", "2024-01-02", "label_ratios: .*is not a list"),
    "results as a date": ("results: results", "results: 2024-01-02", "results: .*is not a folder"),
    "results as a number": ("results: results", "results: 2024", "results: 2024 is not a folder"),
    "no results": ("results: results", "results:", "results: null is not a folder"),
    "results with braces": ("results: results", "results: 'results/{seed}'", r"'results/\{seed\}' contains '\{'"),
    "results with angles": ("results: results", "results: <results>", "contains '<'"),
    "results with a star": ("results: results", "results: out*", r"contains '\*'"),
    "results with a variable": ("results: results", "results: $SCRATCH/out", r"contains '\$'"),
    "results with a newline": ("results: results", 'results: "a\\nb"', r"contains '\\n'"),
    "results with a space": ("results: results", 'results: "results "', "begins or ends with a space"),
    "results at an address": ("results: results", "results: s3://bucket/out", "is a URL"),
    "results as an option": ("results: results", "results: -n", "begins with a dash"),
    "results here": ("results: results", "results: .", "is or holds the folder that Snakemake runs in; choose"),
    "results here with a slash": ("results: results", "results: ./", "is or holds the folder that Snakemake runs in"),
    "results above": ("results: results", "results: ..", "is or holds the folder that Snakemake runs in"),
    "results around": ("results: results", "results: a/../..", "is or holds the folder that Snakemake runs in"),
    "results at the root": ("results: results", "results: /", "is or holds"),
    "results in a system folder": ("results: results", "results: /etc/out", "is the home folder or a system folder"),
    "results in a device": ("results: results", "results: /dev/null", "is the home folder or a system folder"),
    "results at home": ("results: results", "results: '~'", "is the home folder or a system folder|is or holds"),
    "results of nobody": ("results: results", "results: ~nobody-here/out", "home folder of a user who does not exist"),
    "results in a file": ("results: results", "results: mine.yaml", "mine.yaml is a file; choose another folder"),
    "results below a file": ("results: results", "results: mine.yaml/out", "mine.yaml is a file"),
    "results of a long name": ("results: results", f"results: {'a' * 300}", "cannot be a folder"),
    "seeds as a number": ("seeds: [0]", "seeds: 0", "seeds: 0 is not a list"),
    "no seeds": ("seeds: [0]", "seeds: []", r"seeds: \[\] is not a list"),
    "null seeds": ("seeds: [0]", "seeds:", "seeds: null is not a list"),
    "seed twice": ("seeds: [0]", "seeds: [0, 0]", "different whole numbers"),
    "seed twice as text": ("seeds: [0]", "seeds: [0, '0']", "different whole numbers"),
    "negative seed": ("seeds: [0]", "seeds: [-1]", "seeds: -1 is not a whole number of at least 0"),
    "huge seed": ("seeds: [0]", f"seeds: [{2**40}]", f"seeds: {2**40} is too large; give at most 2147483647"),
    "seed of 5000 digits": ("seeds: [0]", f"seeds: [{'9' * 5000}]", "cannot be read|is not a whole|is too large"),
    "seed as a float": ("seeds: [0]", "seeds: [0.5]", "seeds: 0.5 is not a whole number"),
    "seed as a truth value": ("seeds: [0]", "seeds: [yes]", "seeds: True is not a whole number"),
    "seeds in a list of lists": ("seeds: [0]", "seeds: [[0]]", r"seeds: \[0\] is not a whole number"),
    "ratio of 0": ("[20, 50]", "[0]", "label_ratios: 0 leaves r1-p no query to train on"),
    "ratio of 101": ("[20, 50]", "[101]", "label_ratios: 101 is not a whole percentage between 0 and 100"),
    "ratio as a share": ("[20, 50]", "[0.2]", "label_ratios: 0.2 is not a whole percentage"),
    "ratio with a sign": ("[20, 50]", "[20%]", "label_ratios: '20%' is not a whole percentage"),
    "ratio twice": ("[20, 50]", "[20, 20]", "different percentages"),
    "one arm in two spellings": (
        "memreward, oracle",
        "memreward, 'memreward:graph'",
        "memreward and memreward:graph are",
    ),
    "one arm in two spellings with a memory": (
        "memreward, oracle",
        "memreward+meds, 'memreward:graph+meds'",
        r"memreward\+meds and memreward:graph\+meds are the same arm; leave one of them out",
    ),
    "method twice": ("memreward, oracle", "oracle, oracle", "methods: .*different methods"),
    "unknown method": ("memreward, oracle", "gspo", "methods: 'gspo' is not one of base, r1-p"),
    "method in capitals": ("memreward, oracle", "Oracle", "methods: 'Oracle' is not one of"),
    "methods as text": ("[base, r1-p, memreward, oracle]", "base", "methods: 'base' is not a list"),
    "all policies in meds": (
        "policies: [maths]",
        "policies: [tiny, maths]",
        "none is left for the methods of suite main, base, r1-p, mem",
    ),
    "unknown policy in meds": (
        "policies: [maths]",
        "policies: [matsh]",
        "suites: meds: policies: 'matsh' is not one of",
    ),
    "meds without policies": ("policies: [maths]", "policies: []", r"suites: meds: policies: \[\] is not a list"),
    "unknown method in meds": (
        "base, dapo, meds]",
        "base, gspo]",
        "suites: meds: methods: 'gspo' is not one of base, r1-p",
    ),
    "misspelt section": (
        "training: {steps: 4",
        "trainings: {steps: 4",
        "trainings: no such key; .*perhaps training is m",
    ),
    "misspelt key": (
        "train_batch_size: 8",
        "train_batch_sizes: 8",
        "training: train_batch_sizes: no such key; .*perhaps train_batch_size is meant",
    ),
    "old key": ("train_batch_size: 8", "batch: 8", "training: batch: this key is called train_batch_size now."),
    "old key of vLLM": (
        "train_batch_size: 8",
        "train_batch_size: 8, cuda_graphs: true",
        "training: cuda_graphs: this key is called enforce_eager now, and its value is the opposite.",
    ),
    "old key of sampling": (
        "{samples_per_query: 4}",
        "{samples: 4}",
        "rollouts: samples: this key is called samples_per",
    ),
    "old key of a policy": (
        "{hidden_size: 32",
        "{hidden: 32",
        "tiny: bootstrap: hidden: this key is called hidden_size now.",
    ),
    "key in capitals": ("train_batch_size: 8", "Train_batch_size: 8", "training: Train_batch_size: no such key"),
    "key that is a number": ("sandbox: reduced", "5: reduced", "5: YAML takes this key for a number"),
    "key that is a truth value": ("sandbox: reduced", "on: reduced", "True: YAML takes this key .true, yes or on. for"),
    "null section": ("evaluation: {samples_per_query: 2}", "evaluation:", "evaluation: null is not settings such as"),
    "section as a list": (
        "evaluation: {samples_per_query: 2}",
        "evaluation: [2]",
        r"evaluation: \[2\] is not settings",
    ),
    "no policies": (re.compile(r"policies:\n.*\n.*maths: .*\n"), "policies:\n", "policies: null is not at least one"),
    "benchmarks as a list": (re.compile(r"benchmarks:\n(  .*\n)+"), "benchmarks: [gsm8k]\n", "benchmarks: .* is not"),
    "null benchmark": ("{suite: ood, source: generated, test: 5}", "", "benchmarks: piqa: null is not"),
    "policy named by a number": ("  tiny:", "  7:", "policies: 7: YAML takes this key for a number"),
    "policy with a slash": ("  tiny:", "  org/tiny:", "policies: org/tiny: 'org/tiny' is not a name of letters"),
    "policy with a space": ("  tiny:", "  my tiny:", "policies: my tiny: 'my tiny' is not a name"),
    "policy with a brace": ("  tiny:", "  'a{b}':", "is not a name of letters"),
    "policy of dots": ("  tiny:", "  ..:", "is not a name of letters"),
    "policy that is null": ("  tiny:", "  null:", "policies: None: YAML takes this key .null"),
    "policy at no folder": (
        "{bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}",
        "{path: none/here}",
        "tiny: .*no such",
    ),
    "policy at a file": (
        "{bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}",
        "{path: mine.yaml}",
        "tiny: .*is a file",
    ),
    "width of 33": (
        "hidden_size: 32, num_hidden_layers: 1, steps: 10}}",
        "hidden_size: 33, num_hidden_layers: 1, steps: 10}}",
        "not a multiple of 32",
    ),
    "huge width": (
        "hidden_size: 32, num_hidden_layers: 1, steps: 10}}",
        "hidden_size: 320000, num_hidden_layers: 1, steps: 1}}",
        "is too large; give",
    ),
    "steps of 10^15": ("steps: 4", f"steps: {10**15}", f"training: steps: {10**15} is too large; give at most 1000000"),
    "steps as a power": ("steps: 4", "steps: 1e3", "training: steps: '1e3' is not a whole number"),
    "steps as text": ("steps: 4", "steps: many", "training: steps: 'many' is not a whole number"),
    "half a step": ("steps: 4", "steps: 4.5", "training: steps: 4.5 is not a whole number"),
    "no steps": ("steps: 4", "steps: 0", "training: steps: 0 is not a whole number of at least 1"),
    "learning rate of 1e300": (
        "train_batch_size: 8",
        "train_batch_size: 8, learning_rate: 1.0e+300",
        r"learning_rate: 1e\+300 is too large",
    ),
    "learning rate of 1e-300": (
        "train_batch_size: 8",
        "train_batch_size: 8, learning_rate: 1e-300",
        "learning_rate: 1e-300 is too small",
    ),
    "learning rate nan": (
        "train_batch_size: 8",
        "train_batch_size: 8, learning_rate: .nan",
        "learning_rate: nan is not a number above 0",
    ),
    "learning rate inf": (
        "train_batch_size: 8",
        "train_batch_size: 8, learning_rate: .inf",
        "learning_rate: inf is not a number",
    ),
    "learning rate -0.0": (
        "train_batch_size: 8",
        "train_batch_size: 8, learning_rate: -0.0",
        "learning_rate: 0.0 is not a number above 0",
    ),
    "learning rate of 500 digits": (
        "train_batch_size: 8",
        f"train_batch_size: 8, learning_rate: {'9' * 500}",
        "is too large",
    ),
    "batch of millions": (
        "train_batch_size: 8",
        "train_batch_size: 8000000",
        "training: train_batch_size: 8000000 is too large",
    ),
    "batch beyond the queries": (
        "train_batch_size: 8",
        "train_batch_size: 500",
        "training: train_batch_size: 500 is more than the",
    ),
    "one rollout": (
        "8, samples_per_query: 4",
        "8, samples_per_query: 1",
        "training: samples_per_query: 1 is not at least 2 responses",
    ),
    "mini batch that does not divide": (
        "train_batch_size: 8",
        "train_batch_size: 8, ppo_mini_batch_size: 3",
        "ppo_mini_batch_size: 3 does not divide train_batch_size, 8",
    ),
    "save every 3": ("save_freq: 2", "save_freq: 3", "save_freq: 3 does not divide steps, 4"),
    "warm-up beyond the end": (
        "train_batch_size: 8",
        "train_batch_size: 8, lr_warmup_steps: 5",
        "lr_warmup_steps: 5 is more than steps, 4",
    ),
    "overlong buffer": (
        "train_batch_size: 8",
        "train_batch_size: 8, overlong_buffer: 65",
        "overlong_buffer: 65 is more than max_new_tokens",
    ),
    "few tokens a GPU": (
        "train_batch_size: 8",
        "train_batch_size: 8, ppo_max_token_len_per_gpu: 100",
        "ppo_max_token_len_per_gpu: 100 is less than",
    ),
    "almost no temperature": (
        "samples_per_query: 4",
        "samples_per_query: 4, temperature: 1e-9",
        "rollouts: temperature: 1e-09 is too small",
    ),
    "validated almost greedily": (
        "train_batch_size: 8",
        "train_batch_size: 8, validation_temperature: 1e-300",
        "is too small; give at least",
    ),
    "training beyond the context": (
        "train_batch_size: 8",
        "train_batch_size: 8, max_new_tokens: 500",
        "more than the 512 positions of the policy",
    ),
    "sampling beyond the context": (
        "samples_per_query: 4",
        "samples_per_query: 4, max_new_tokens: 512",
        "since the policy tiny has 512",
    ),
    "evaluation beyond it": (
        "{samples_per_query: 2}",
        "{samples_per_query: 2, max_new_tokens: 600}",
        "evaluation: max_new_tokens: 600 leaves",
    ),
    "no room for a prompt": (
        "samples_per_query: 4",
        "samples_per_query: 4, max_model_len: 64",
        "max_model_len: 64 leaves no token for the p",
    ),
    "switch as text": (
        "train_batch_size: 8",
        "train_batch_size: 8, free_cache_engine: 'false'",
        "training: free_cache_engine: 'false' is not true or false",
    ),
    "switch as a number": (
        "train_batch_size: 8",
        "train_batch_size: 8, free_cache_engine: 1",
        "training: free_cache_engine: 1 is not true or false",
    ),
    "GPUs that cannot share": (
        "sandbox: reduced",
        "resources: {train_policy: {gpu: 3}}",
        "which do not divide evenly among 3 GPUs; change",
    ),
    "copies over too few GPUs": (
        "train_batch_size: 8",
        "train_batch_size: 8, tensor_model_parallel_size: 2",
        "tensor_model_parallel_size: 2 does not divide the 1 GPUs of .* gpu and nodes in resources: train_policy",
    ),
    "endless runtime": (
        "sandbox: reduced",
        "resources: {train_policy: {runtime: 9999999d}}",
        "is not a time such as 30m",
    ),
    "unknown override": (
        "train_batch_size: 8",
        "train_batch_size: 8, verl: [actor.lrr=1]",
        "'actor.lrr=1' names a key that verl does not have",
    ),
    "override of a wrong kind": (
        "train_batch_size: 8",
        "train_batch_size: 8, verl: [actor_rollout_ref.actor.ppo_epochs=x]",
        "gives 'x' where verl has a number",
    ),
    "override without an end": (
        "train_batch_size: 8",
        "train_batch_size: 8, verl: ['trainer.logger=[a']",
        "is refused by Hydra",
    ),
    "override as text": (
        "train_batch_size: 8",
        "train_batch_size: 8, verl: trainer.nnodes=1",
        "verl: 'trainer.nnodes=1' is not a list",
    ),
    "override of meds": (
        "training: {train_batch_size: 4}",
        "training: {train_batch_size: 4, verl: [nope=1]}",
        "suites: meds: training: verl: 'nope=1'",
    ),
    "override of a policy": (
        "train_batch_size: 8",
        "train_batch_size: 8, per_policy: {tiny: {verl: [nope=1]}}",
        "training: verl: 'nope=1'",
    ),
    "unknown predictor": (
        "predictor: graph",
        "predictor: forest",
        "reward_model: predictor: 'forest' is not one of graph",
    ),
    "heads that do not divide": ("predictor: graph", "predictor: graph, heads: 5", "heads: 5 does not divide hidden"),
    "unknown fidelity": ("sandbox: reduced", "fidelity: published", "fidelity: 'published' is not corrected"),
    "validation on what is not there": (
        "sandbox: reduced",
        "fidelity: [aime-validation]",
        "fidelity: aime-validation: aime24 has no test query in suite meds; add it, or leave this out",
    ),
    "value of a choice": (
        "predictor: graph",
        "predictor: graph, answer_features: {qa: [value]}",
        "reward_model: answer_features: qa: 'value' is not",
    ),
    "unknown sandbox": ("sandbox: reduced", "sandbox: none", "sandbox: 'none' is not bubblewrap"),
    "mirror that is not there": (
        "piqa: {suite: ood, source: generated",
        "piqa: {suite: ood, source: mirror",
        "data: mirror",
    ),
    "negative size": ("valid: 5", "valid: -5", "valid: -5 is not a whole number of queries"),
    "huge size": ("valid: 5", "valid: 50000000000", "valid: 50000000000 is too large"),
}
