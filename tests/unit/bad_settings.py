"""Further changes of the good configuration that are mistakes, beside those of bad_configurations."""

LAST = "sandbox: reduced"
BATCH = "train_batch_size: 8"
PIQA = "{suite: ood, source: generated"
TINY = "{bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}"
MEDS = "training: {train_batch_size: 4}}"

#: what is replaced in GOOD, what by, what the sentence says
MORE = {
    "seed that YAML counts in eights": ("seeds: [0]", "seeds: [010]", "line 2: seeds: 010 is another number to YAML"),
    "steps that YAML counts in sixties": ("steps: 4", "steps: 1:20", "training: steps: 1:20 is another number to YAML"),
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
    "variant of nothing new": (LAST, f"{LAST}\nvariants: {{x: {{like: dapo}}}}", "x: changes nothing of dapo; give it"),
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
        "rollouts: temperature: 0 makes the 4 responses of samples_per_query alike; set samples_per_query: 1",
    ),
    "bad rows of no import": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, bad_rows: skip}",
        "rollouts: bad_rows: is about the rows of rollouts: import, which names no file; leave it out",
    ),
    "copies over too few GPUs of a job": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, engine: vllm, tensor_parallel_size: 4}",
        "rollouts: tensor_parallel_size: 4 does not divide the 1 GPUs of tiny in resources: sample_rollouts: gpu",
    ),
    "GPUs in the plural": (LAST, f"{LAST}\nresources: {{train_policy: {{gpus: 4}}}}", "gpus: no such key.*perhaps gpu"),
    "memory with a unit": (LAST, f"{LAST}\nresources: {{train_policy: {{mem_mb: 64GB}}}}", "'64GB' is not a whole"),
    "time as on a clock": (LAST, f"{LAST}\nresources: {{train_policy: {{runtime: 12:00}}}}", "12:00 is another number"),
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
        "sets what the workflow sets for each run and relies on; use training: steps instead",
    ),
    "override of the folder": (
        BATCH,
        f"{BATCH}, verl: [trainer.default_local_dir=/tmp/x]",
        "default_local_dir=/tmp/x' sets what the workflow sets .*; use results instead",
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
        "reward_model: variants: wide: changes nothing of graph; give it a setting",
    ),
    "predictor's variant of no predictor": (
        "predictor: graph",
        "predictor: graph, variants: {wide: {hidden_channels: 64}}",
        "variants: wide: predictor: None is not one of",
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
    "results of Snakemake": ("results: results", "results: .snakemake/out", "lies in .snakemake, which other programs"),
    "results in the mirror": (
        "results: results",
        "data: {mirror: released}\nresults: released",
        "results: released would be mixed with the files of data: mirror, released; choose a folder of its own",
    ),
    "mirror in the downloads": (
        "results: results",
        "data: {mirror: results/raw}\nresults: results",
        "would be mixed with",
    ),
    "quotes of a word processor": (
        "results: results",
        "results: \u201cresults\u201d",
        "line 1: results: \u201cresults\u201d is in the quotes of a word processor, .*; use",
    ),
    "a key in such quotes": ("seeds: [0]", "\u2018seeds\u2019: [0]", "is in the quotes of a word|no such key"),
    "a space that is none": ("results: results", "results: my\u00a0results", r"holds U\+00A0, .*; type it anew"),
    "nothing that can be seen": (LAST, f"{LAST}\u200b", r"line 13: sandbox: .* holds U\+200B"),
    "a policy by a variable": (TINY, "{path: $HOME/models/tiny}", "variables are not filled in here; write the path"),
    "a policy by a placeholder": (TINY, "{path: '{{ models }}/tiny'}", "variables are not filled in here; write"),
    "adapters of layers that are not there": (
        BATCH,
        f"{BATCH}, lora: {{rank: 8, target_modules: [q_proj, query_key_value]}}",
        "target_modules: query_key_value is no linear layer of tiny, which has down_proj, .*; correct the name",
    ),
    "override by an unknown name": (
        BATCH,
        f"{BATCH}, verl: [algorithm.adv_estimator=grop]",
        "gives 'grop' where verl has one of gae, grpo, .*; correct the value",
    ),
    "override by an unknown loss": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.policy_loss.loss_mode=gpso]",
        "gives 'gpso' where verl has one of vanilla",
    ),
    "override by an unknown sampler": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.rollout.name=hf]",
        "gives 'hf' where verl has one of vllm",
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
        "adds a key beside actor_rollout_ref.actor.ppo_epochs, which verl has; write that one, without the",
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
        r"gives 'model' where verl has a list; write actor_rollout_ref.actor.checkpoint.save_contents=\[model\]",
    ),
    "override as an option": (BATCH, f"{BATCH}, verl: [--trainer.nnodes=2]", "is not a Hydra override such as key=va"),
    "override of a count": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.ppo_epochs=1.5]",
        "gives 1.5 where verl counts; give a whole number",
    ),
    "override beyond a limit": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.optim.lr=-1e-6]",
        "gives -1e-06, which is not from 0 to 1; correct the value",
    ),
    "override of a number by null": (
        BATCH,
        f"{BATCH}, verl: [actor_rollout_ref.actor.optim.lr=null]",
        "gives null where verl computes with a number; give one",
    ),
    "a long name of a policy": ("  tiny:", f"  {'a' * 101}:", r"is not a name of letters, .* .at most 100.\."),
    "a long name of a suite": ("{suite: ood", f"{{suite: {'a' * 101}", "is not a name of letters"),
}
