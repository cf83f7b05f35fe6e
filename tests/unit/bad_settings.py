"""Further changes of the good configuration that are mistakes, beside those of bad_configurations."""

LAST = "sandbox: reduced"
BATCH = "train_batch_size: 8"
PIQA = "{suite: ood, source: generated"
TINY = "{bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}"
MEDS = "training: {train_batch_size: 4}}"

#: what is replaced in GOOD, what by, what the sentence says
MORE = {
    "seed that YAML counts in eights": (
        "seeds: [0]",
        "seeds: [010]",
        "line 2: seeds: 010 is a different number to YAML",
    ),
    "steps that YAML counts in sixties": (
        "steps: 4",
        "steps: 1:20",
        "training: steps: 1:20 is a different number to YAML",
    ),
    "ratio that is true": ("[20, 50]", "[yes]", "label_ratios: True is not a whole percentage"),
    "ratio alone": ("[20, 50]", "20", "label_ratios: 20 is not a list"),
    "merge of a text": ("{samples_per_query: 4}", "{<<: 5, samples_per_query: 4}", "line 14: not YAML"),
    "meds twice": ("[base, dapo, meds]", "[base, meds, meds+meds]", r"meds and meds\+meds are the same arm; leave one"),
    "meds under dapo's name": (
        "[base, dapo, meds]",
        "[base, meds, dapo+meds]",
        r"meds and dapo\+meds are the same arm",
    ),
    "memory of base": ("[base, r1-p", "[base+meds, r1-p", r"methods: 'base\+meds' is not one of"),
    "reward model of oracle": ("memreward, oracle", "memreward, 'oracle:graph'", "'oracle:graph' is not one of"),
    "reward model without a name": ("memreward, oracle", "'memreward:', oracle", "'memreward:' is not one of"),
    "differences without pairs": (LAST, f"{LAST}\ndifferences: [memreward, r1-p]", "'memreward' is not two different"),
    "difference to itself": (LAST, f"{LAST}\ndifferences: [[oracle, oracle]]", "is not two different methods"),
    "difference to no method": (LAST, f"{LAST}\ndifferences: [[memreward, r1p]]", "differences: 'r1p' is not one of"),
    "difference of another suite": (
        LAST,
        f"{LAST}\ndifferences: [[memreward, dapo]]",
        "dapo is not one of the methods",
    ),
    "misspelt suite of a benchmark": (
        "math500: {suite: meds",
        "math500: {suite: Meds",
        "math500: suite: nothing trains on or tests Meds; write meds if that is meant",
    ),
    "suite without a benchmark": ("suites: {meds", "suites: {medz: {methods: [base]}, meds", "suites: medz: no bench"),
    "rollouts of a suite": (MEDS, "rollouts: {samples_per_query: 3}}", "suites: meds: rollouts: no such key"),
    "reward models of another suite for nothing": (
        MEDS,
        "reward_model_of: main}",
        "suites: meds: reward_model_of: none of its methods predicts rewards; leave it out",
    ),
    "transfer to itself": (MEDS, "transfer: [meds]}", "transfer: 'meds' is not one of the other suites"),
    "another suite's policy": (MEDS, "per_policy: {tiny: {training: {steps: 3}}}}", "per_policy: 'tiny' is not one of"),
    "reward model of a suite": (MEDS, "reward_model: {predictor: mlp}}", "reward_model: predictor: no such key here"),
    "greedy suite": (
        MEDS,
        "evaluation: {temperature: 0}}",
        "suites: meds: evaluation: temperature: 0 makes the 2 resp",
    ),
    "variant without its method": (LAST, f"{LAST}\nvariants: {{x: {{training: {{steps: 2}}}}}}", "x: like is missing"),
    "variant of nothing new": (LAST, f"{LAST}\nvariants: {{x: {{like: dapo}}}}", "x: changes nothing in dapo; give it"),
    "variant of a variant": (
        LAST,
        f"{LAST}\nvariants: {{x: {{like: dapo, training: {{steps: 2}}}}, y: {{like: x}}}}",
        "variants: y: like: 'x' is not one of",
    ),
    "variant with a misspelt key": (
        LAST,
        f"{LAST}\nvariants: {{x: {{like: dapo, training: {{stpes: 2}}}}}}",
        "variants: x: training: stpes: no such key",
    ),
    "variant with a memory that it has not": (
        LAST,
        f"{LAST}\nvariants: {{x: {{like: dapo, error_memory: {{alpha: 0.2}}}}}}",
        "variants: x: error_memory: dapo has no error memory",
    ),
    "greedy evaluation": ("{samples_per_query: 2}", "{samples_per_query: 8, temperature: 0}", "makes the 8 responses"),
    "greedy rollouts": (
        "rollouts: {samples",
        "rollouts: {temperature: 0, samples",
        "rollouts: temperature: 0 makes the 4 responses of samples_per_query identical; set samples_per_query: 1",
    ),
    "bad rows of no import": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, bad_rows: skip}",
        "rollouts: bad_rows: applies only to rollouts: import, which is not set; leave it out",
    ),
    "copies over too few GPUs of a job": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, engine: vllm, tensor_parallel_size: 4}",
        "rollouts: tensor_parallel_size: 4 does not divide the 1 GPUs of tiny in resources: sample_rollouts: gpu",
    ),
    "GPUs in the plural": (LAST, f"{LAST}\nresources: {{train_policy: {{gpus: 4}}}}", "gpus: no such key.*perhaps gpu"),
    "memory with a unit": (LAST, f"{LAST}\nresources: {{train_policy: {{mem_mb: 64GB}}}}", "'64GB' is not a whole"),
    "time as on a clock": (
        LAST,
        f"{LAST}\nresources: {{train_policy: {{runtime: 12:00}}}}",
        "12:00 is a different number",
    ),
    "time without a unit": (LAST, f"{LAST}\nresources: {{train_policy: {{runtime: 90}}}}", "runtime: 90 is not a time"),
    "resources of nobody": (
        LAST,
        f"{LAST}\nresources: {{train_policy: {{per_policy: {{huge: {{gpu: 2}}}}}}}}",
        "per_policy: 'huge' is not one of tiny, maths",
    ),
    "training of nobody": (BATCH, f"{BATCH}, per_policy: {{tinny: {{steps: 2}}}}", "per_policy: 'tinny' is not one of"),
    "votes of a method that has none": (
        BATCH,
        f"{BATCH}, unlabeled_rewards: majority",
        "unlabeled_rewards: majority does not go with r1-p",
    ),
    "adapters as a switch": (BATCH, f"{BATCH}, lora: true", "lora: True is not adapters such as"),
    "tracker alone": (BATCH, f"{BATCH}, logger: tensorboard", "logger: 'tensorboard' is not a list"),
    "override of the steps": (
        BATCH,
        f"{BATCH}, verl: [trainer.total_training_steps=9]",
        "sets a key that the workflow sets for each run; use training: steps instead",
    ),
    "override of the folder": (
        BATCH,
        f"{BATCH}, verl: [trainer.default_local_dir=/tmp/x]",
        "default_local_dir=/tmp/x' sets a key that the workflow sets .*; use results instead",
    ),
    "override of the policy": (BATCH, f"{BATCH}, verl: [actor_rollout_ref.model.path=Q/q]", "use policies instead"),
    "override of a section": (BATCH, f"{BATCH}, verl: [trainer=5]", "gives '5' where verl has a section; name one of"),
    "override with a colon": (BATCH, f"{BATCH}, verl: ['trainer.nnodes: 2']", "is not a Hydra override"),
    "memory by an unknown method": (
        LAST,
        f"{LAST}\nerror_memory: {{method: dbscan}}",
        "method: 'dbscan' is not hdbscan",
    ),
    "unknown penalty": (LAST, f"{LAST}\nerror_memory: {{penalty: log}}", "penalty: 'log' is not one of logarithm"),
    "neighbors beyond what is remembered": (
        LAST,
        f"{LAST}\nerror_memory: {{num_neighbors: 500, max_points_per_key: 100}}",
        "suites: meds: error_memory: num_neighbors: 500 is more than max_points_per_key, 100; lower it",
    ),
    "predictor's variant of nothing new": (
        "predictor: graph",
        "predictor: graph, variants: {wide: {predictor: graph}}",
        "reward_model: variants: wide: changes nothing in graph; give it a setting",
    ),
    "predictor's variant of no predictor": (
        "predictor: graph",
        "predictor: graph, variants: {wide: {hidden_channels: 64}}",
        "variants: wide: predictor is missing; it should be one of graph",
    ),
    "numbers of neighbors for no suite": (
        "predictor: graph",
        "predictor: graph, top_k: [1, 3]",
        "top_k: no suite with",
    ),
    "predictors without a reward model": (
        "memreward, oracle]\nsandbox: reduced\nrollouts: {samples_per_query: 4}\nreward_model: {predictor: graph}",
        "oracle]\nsandbox: reduced\npredictors: [graph]",
        "predictors: there is no reward model; add the section",
    ),
    "unknown device": (LAST, f"{LAST}\ncost: {{gpu: h1000}}", "cost: gpu: 'h1000' is not one of h100"),
    "fidelity in a list": (LAST, f"{LAST}\nfidelity: [as_published]", "fidelity: 'as_published' is not"),
    "finished as a switch": (LAST, f"{LAST}\nfinished: true", "finished: True is not check, keep or rebuild"),
    "commit of what is generated": (PIQA, f"{PIQA}, revision: {'a' * 40}", "revision: only the source hub takes it"),
    "checksum of what is generated": (
        PIQA,
        f"{PIQA}, sha256: {{a: {'a' * 64}}}",
        "sha256: only the source hub takes it",
    ),
    "branch of the hub": (PIQA, "{suite: ood, source: hub, revision: main", "'main' is not a commit of 40"),
    "unknown benchmark": ("  piqa:", "  piqaa:", "benchmarks: piqaa: 'piqaa' is not one of"),
    "policy that is a path": (TINY, "models/tiny", "policies: tiny: 'models/tiny' is not exactly one of"),
    "policy of a branch": (TINY, "{hub: {repository: Q/q, revision: main}}", "revision: 'main' is not a commit of 40"),
    "score of no benchmark": (
        TINY,
        f"{TINY[:-1]}, expected: {{gsm9k: 4}}}}",
        "expected: gsm9k is not one of the bench",
    ),
    "results of Snakemake": (
        "results: results",
        "results: .snakemake/out",
        "lies in .snakemake, which belongs to other programs",
    ),
    "results in the mirror": (
        "results: results",
        "data: {mirror: released}\nresults: released",
        "results: released would be mixed with the files of data: mirror, released; choose a separate folder",
    ),
    "mirror in the downloads": (
        "results: results",
        "data: {mirror: results/raw}\nresults: results",
        "would be mixed with",
    ),
    "quotes of a word processor": (
        "results: results",
        "results: \u201cresults\u201d",
        "line 1: results: \u201cresults\u201d has typographic quotes, .*; use",
    ),
    "a key in such quotes": ("seeds: [0]", "\u2018seeds\u2019: [0]", "has typographic quotes|no such key"),
    "a space that is none": ("results: results", "results: my\u00a0results", r"contains U\+00A0, .*; type it again"),
    "nothing that can be seen": (LAST, f"{LAST}\u200b", r"line 13: sandbox: .* contains U\+200B"),
    "a policy by a variable": (TINY, "{path: $HOME/models/tiny}", "variables are not expanded here; write the path"),
    "a policy by a placeholder": (TINY, "{path: '{{ models }}/tiny'}", "variables are not expanded here; write"),
    "adapters of layers that are not there": (
        BATCH,
        f"{BATCH}, lora: {{rank: 8, target_modules: [q_proj, query_key_value]}}",
        "target_modules: query_key_value is not a linear layer of tiny, which has down_proj, .*; correct the name",
    ),
    "override by an unknown name": (
        BATCH,
        f"{BATCH}, verl: [algorithm.adv_estimator=grop]",
        "gives 'grop' where verl expects one of gae, grpo, .*; correct the value",
    ),
    "override by an unknown loss": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.policy_loss.loss_mode=gpso]",
        "gives 'gpso' where verl expects one of vanilla",
    ),
    "override by an unknown sampler": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.rollout.name=hf]",
        "gives 'hf' where verl expects one of vllm",
    ),
    "override of what grades": (
        BATCH,
        f"{BATCH}, verl: [reward.custom_reward_function.path=mine.py]",
        "changes reward, which the workflow relies on; leave it out",
    ),
    "override that resumes": (
        BATCH,
        f"{BATCH}, verl: [trainer.resume_mode=disable]",
        "changes trainer.resume_mode, wh",
    ),
    "override with a misspelt new key": (
        BATCH,
        f"{BATCH}, verl: [+actor_rollout_ref.actor.ppo_epoch=2]",
        "adds a key similar to actor_rollout_ref.actor.ppo_epochs, which verl has; write that one, without the",
    ),
    "room beyond the policy's positions": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, engine: auto, max_model_len: 100000}",
        "rollouts: max_model_len: 100000 is more than the 512 positions of the policy tiny; lower it",
    ),
    "checksum in capitals": (
        TINY,
        f"{{hub: {{repository: Q/q, revision: {'a' * 40}, sha256: {{a: {'A' * 64}}}}}}}",
        "is not 64 hexadecimal digits in small letters",
    ),
    "commit of digits alone": (
        TINY,
        f"{{hub: {{repository: Q/q, revision: {'1' * 40}}}}}",
        "hub: revision: 1+ is not a commit .*, in quotes if all are digits",
    ),
    "override of a list": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.checkpoint.save_contents=model]",
        "changes actor_rollout_ref.actor.checkpoint.save_contents, which the workflow relies on; leave it out",
    ),
    "override as an option": (BATCH, f"{BATCH}, verl: [--trainer.nnodes=2]", "is not a Hydra override such as key=va"),
    "override of a count": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.ppo_epochs=1.5]",
        "gives 1.5 where verl expects a count; give a whole number",
    ),
    "override beyond a limit": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.optim.lr=-1e-6]",
        "gives -1e-06, which is not from 0 to 1; correct the value",
    ),
    "override of a number by null": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.optim.lr=null]",
        "gives null where verl needs a number; give one",
    ),
    "a suite called by a year": ("{suite: ood", "{suite: 2026", "suite: 2026 is not text to YAML; put it in quotes"),
    "nothing is right": (
        "predictor: graph",
        "predictor: graph, threshold: 0.9, abstain: 0.2",
        "abstain: 0.2 is too large for threshold, 0.9, so no .* counts as right; give less than 0.1",
    ),
    "nothing is wrong": (
        "predictor: graph",
        "predictor: graph, threshold: 0.2, abstain: 0.3",
        "abstain: 0.3 .*so no predicted response counts as wrong; give less than 0.2",
    ),
    "override that trains nothing": (BATCH, f"{BATCH}, verl: [trainer.val_only=true]", "changes trainer.val_only, wh"),
    "a policy called no": ("  tiny:", "  no:", "policies: False: YAML takes this key .false, no or off. for a truth"),
    "a policy called by a version": ("  tiny:", "  2.5:", "policies: 2.5: YAML takes .* looks like a number in quotes"),
    "a policy called by a day": ("  tiny:", "  2026-01-02:", "policies: 2026-01-02: YAML takes this key for a date"),
    "a decimal with a comma": (BATCH, f"{BATCH}, learning_rate: 0,0003", "training: 3: .*decimal with a point"),
    "layers beyond the policy": (
        "num_hidden_layers: 14",
        "num_hidden_layers: 2",
        "error_memory: last_layers: 14 is more than the 2 layers of the policy maths, which meds in suite meds trains",
    ),
    "differences beyond the policy": (
        MEDS,
        "training: {train_batch_size: 4}, error_memory: {differences: true}}",
        "last_layers: 14 is more than the 13 differences between layers of the policy maths",
    ),
    "stand-ins of another paper": (
        "num_hidden_layers: 14, steps: 10, benchmarks: meds",
        "num_hidden_layers: 14, steps: 10",
        "maths: bootstrap: benchmarks: memreward trains it on none of the benchmarks of suite meds, .*; set "
        "benchmarks:",
    ),
    "room for a few tokens": (
        "{samples_per_query: 2}",
        "{samples_per_query: 2, engine: vllm, max_new_tokens: 96, max_model_len: 100}",
        "evaluation: max_model_len: 100 leaves 4 tokens for the prompt after max_new_tokens, 96; raise it",
    ),
    "positions for a few tokens": (
        "rollouts: {samples",
        "rollouts: {max_new_tokens: 500, samples",
        "rollouts: max_new_tokens: 500 leaves 12 positions for the prompt, since the policy tiny has 512; lower it",
    ),
    "score as a share": (
        TINY,
        f"{TINY[:-1]}, expected: {{gsm8k: 0.54, piqa: 1}}}}",
        "tiny: expected: gsm8k: 0.54 looks like a share; give percent, such as 54",
    ),
    "memory in gigabytes": (
        LAST,
        f"{LAST}\nresources: {{train_policy: {{per_policy: {{tiny: {{mem_mb: 64}}}}}}}}",
        "train_policy: per_policy: tiny: mem_mb: 64 megabytes are too few for any job; .* give 64000",
    ),
    "override of the adapters": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.model.lora_rank=16]",
        "sets a key that the workflow sets for each run; use training: lora instead",
    ),
    "override of what a checkpoint holds": (
        BATCH,
        f"{BATCH}, verl: ['actor_rollout_ref.actor.checkpoint.save_contents=[model]']",
        "changes actor_rollout_ref.actor.checkpoint.save_contents, which the workflow relies on; leave it out",
    ),
    "GPUs that cannot share the heads": (
        "{samples_per_query: 2}",
        "{samples_per_query: 2, engine: vllm, tensor_parallel_size: 4}\nresources: {evaluate_policy: {gpu: 4}}",
        "evaluation: tensor_parallel_size: 4 GPUs cannot evenly split the attention heads of tiny, 1 for .*; "
        r"give 1\.",
    ),
    "GPUs of a training that cannot share the heads": (
        "save_freq: 2}",
        "save_freq: 2, tensor_model_parallel_size: 4}\nresources: {train_policy: {gpu: 4}}",
        "training: tensor_model_parallel_size: 4 GPUs cannot evenly split the attention heads of tiny",
    ),
    "tests that are cut where training is not": (
        BATCH,
        f"{BATCH}, max_new_tokens: 300",
        "evaluation: max_new_tokens: 64, the default, is less than the 300 tokens of training: max_new_tokens",
    ),
    "rollouts that are cut where training is not": (
        "save_freq: 2}\nevaluation: {samples_per_query: 2}",
        "save_freq: 2, max_new_tokens: 90}\nevaluation: {max_new_tokens: 90}",
        "rollouts: max_new_tokens: 64, the default, is less than the 90 tokens .*; give 90",
    ),
    "tests of another suite that are too long": (
        "suites: {",
        "suites: {main: {transfer: [ood]}, ood: {methods: [], evaluation: {max_new_tokens: 600}}, ",
        "suites: ood: evaluation: max_new_tokens: 600 leaves no position for the prompt, since the policy tiny has 512",
    ),
    "tests of another suite that are alike": (
        "suites: {",
        "suites: {main: {transfer: [ood]}, ood: {methods: [], evaluation: {temperature: 0}}, ",
        "suites: ood: evaluation: temperature: 0 makes the 2 responses of samples_per_query identical",
    ),
    "tests of another suite that GPUs cannot share": (
        "suites: {",
        "suites: {main: {transfer: [ood]}, ood: {methods: [], evaluation: {engine: vllm, tensor_parallel_size: 4}}, ",
        "suites: ood: evaluation: tensor_parallel_size: 4 does not divide the 1 GPUs of tiny in resources: evaluate_p",
    ),
    "override that deletes": (
        BATCH,
        f"{BATCH}, verl: ['~actor_rollout_ref.rollout.val_kwargs']",
        "deletes actor_rollout_ref.rollout.val_kwargs, which verl reads; give it another value, or leave",
    ),
    "override of the validation": (
        BATCH,
        f"{BATCH}, verl: [trainer.test_freq=-1]",
        "for each run; use training: test_freq",
    ),
    "one labeled query": (
        "[base, dapo, meds]",
        "[base, memreward], label_ratios: [1]",
        "suites: meds: label_ratios: 1 labels only 1 of the 16 queries in suite meds",
    ),
    "more stand-ins than there are": (
        PIQA,
        "{suite: ood, source: generated, train: 800",
        "805 .*, but only 321 generated",
    ),
    "more than the release": (
        "gsm8k: {suite: main, source: generated, train: 200",
        f"gsm8k: {{suite: main, source: hub, revision: '{'1' * 40}', train: 9000",
        "gsm8k: train, valid and test request 9010 queries in total, but only 8792 are in its release; lower them",
    ),
    "a long name of a policy": ("  tiny:", f"  {'a' * 101}:", r"is not a name of letters, .* .at most 100.\."),
    "a long name of a suite": ("{suite: ood", f"{{suite: {'a' * 101}", "is not a name of letters"),
}
