"""What a repeated failure costs: one file a penalty, chosen by `error_memory: penalty`."""
