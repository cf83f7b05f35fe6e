"""verl on a machine without an accelerator. GPU runs never import this package."""
