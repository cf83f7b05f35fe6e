"""The tiny policies: architecture, tokenizer, and a bootstrap on a noisy teacher."""
