"""transformers without scikit-learn and scipy: import this before any of transformers' classes.

Only assisted decoding and the losses of models that detect objects use them there, which nothing here does. Every Auto
class imports both, which takes 2 s of a processor, a quarter of what a short job spends on imports.
"""

import transformers.utils

transformers.utils.is_sklearn_available = transformers.utils.is_scipy_available = lambda: False
