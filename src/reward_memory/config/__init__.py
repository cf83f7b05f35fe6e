"""The experiment: configuration files, checked and completed, and what they say of methods, variants and resources."""
