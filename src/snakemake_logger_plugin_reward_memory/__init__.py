"""One plain line for each finished job, with overall progress and time left.

A Snakemake logger plugin, `--logger reward-memory`, named in profiles/default. Jobs write progress lines to the same
terminal, so this plugin never redraws or erases. A dry run prints Snakemake's own output.
"""

import logging
import sys
import time

from snakemake.logging import DefaultFilter, DefaultFormatter, get_event
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from .run import Run

#: Prefixes of Snakemake's own messages that are noise to users of this workflow.
IDLE = (
    *(
        "Assuming unrestricted shared filesystem",
        "Building DAG of jobs",
        "Using shell",
        "Provided cores",
        "Rules claiming",
    ),
    *(
        "Provided resources",
        "Select jobs to execute",
        "Execute ",
        "Singularity containers",
        "host:",
        "Complete log",
        "Elapsed",
    ),
    *("Shutting down, this might take some time", "Exiting because a job execution failed", "Removing output files"),
)


class LogHandler(LogHandlerBase):
    """Turns Snakemake's log events into lines on standard error, or standard output in a dry run."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        settings = self.common_settings
        self.run = Run(time.monotonic)
        self.stream = sys.stdout if settings.stdout else sys.stderr
        self.plain = DefaultFormatter(settings.quiet, settings.show_failed_logs)
        self.addFilter(
            DefaultFilter(
                settings.quiet, settings.debug_dag, settings.verbose, settings.dryrun, settings.printshellcmds
            ).filter
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Print the lines of one record; an error here must not stop a run."""
        try:
            lines = [self.plain.format(record)] if self.common_settings.dryrun else self._lines(record)
            for line in lines:
                print(line, file=self.stream, flush=True)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        for line in self.run.ended():
            print(line, file=self.stream, flush=True)
        super().close()

    def _lines(self, record: logging.LogRecord) -> list[str]:
        event, values = get_event(record), vars(record)
        match event:
            case LogEvent.RUN_INFO:
                return self.run.begins(values["stats"])
            case LogEvent.JOB_INFO:
                return self.run.learns(values)
            case LogEvent.JOB_STARTED:
                return self.run.starts(values["jobs"])
            case LogEvent.JOB_FINISHED:
                return self.run.finishes(values["job_id"])
            case LogEvent.JOB_ERROR:
                return self.run.fails(values["jobid"])
            case LogEvent.PROGRESS | LogEvent.WORKFLOW_STARTED | LogEvent.RESOURCES_INFO | LogEvent.GROUP_INFO:
                return []
        text = self.plain.format(record).strip()
        if not text or (record.levelno < logging.WARNING and text.startswith(IDLE)):
            return []
        return [text]
