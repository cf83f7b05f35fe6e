"""Infrastructure of a job: log, locks, GPUs, processes, code hash, records of finished results."""
