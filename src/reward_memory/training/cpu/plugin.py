"""Imported by verl in each of its processes on a CPU (VERL_USE_EXTERNAL_MODULES), before it asks for a device."""


# isort: split
