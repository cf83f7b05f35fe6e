"""transformers without scikit-learn: import this before anything that imports transformers' generation.

Only assisted decoding uses scikit-learn there, which nothing here does. Its import takes 2 s of a processor, a quarter
of what a short job spends on imports.
"""

import transformers.utils

transformers.utils.is_sklearn_available = lambda: False
