"""What a job needs besides its science: log, locks, GPUs, processes, code hash, records of finished results."""
