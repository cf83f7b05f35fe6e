"""transformers without scikit-learn: import this before any of transformers' classes.

Only assisted decoding uses scikit-learn there, which nothing here does. Every Auto class imports it, which takes 2 s of
a processor, a quarter of what a short job spends on imports.
"""

import transformers.utils

transformers.utils.is_sklearn_available = lambda: False
