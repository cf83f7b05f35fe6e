"""Released files from the Hugging Face hub, at a pinned commit and verified."""
