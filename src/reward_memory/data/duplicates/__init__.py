"""Questions that occur more than once: exactly, nearly, or as instances of one template."""
