"""verl on a machine without an accelerator. A GPU run never imports this package."""
