"""The configuration: read, check and complete it, and look up its methods, variants, suites and resources."""
