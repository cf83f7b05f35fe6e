"""Landlock: a process gives up files, for good and without privileges (Linux 5.13 and later; the same call numbers on
every architecture).

A process under Landlock can neither look into a process outside (no /proc/<id>/mem, no ptrace), nor, from version 6 on,
signal it or reach its abstract sockets.
"""

import ctypes
import os
import stat
import struct

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, DEVICE_COMMANDS = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_COMMANDS
DEVICE_NODES = 1 << 6 | 1 << 11
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # of files, by version; 16 from the fifth on

libc = ctypes.CDLL(None, use_errno=True)


def version():
    """The kernel's version of Landlock; 0 where it is absent or switched off."""
    return max(0, libc.syscall(CREATE, None, ctypes.c_size_t(0), 1))


def handled(landlock):
    """The rights over files that a version knows; all of them are taken away but for what a rule gives back."""
    return (1 << RIGHTS.get(landlock, 16)) - 1


class Rules:
    """A set of rules: nothing may be opened, made, renamed or removed but what `allow` names."""

    def __init__(self, landlock):
        self.rights = handled(landlock)
        # files; TCP from version 4; abstract sockets and signals to others from version 6
        words = (self.rights, 3, 3)[: 1 if landlock < 4 else 2 if landlock < 6 else 3]
        attributes = struct.pack(f"={len(words)}Q", *words)
        self.descriptor = _checked(libc.syscall(CREATE, attributes, ctypes.c_size_t(len(attributes)), 0))

    def allow(self, path, rights):
        """Give rights to a file, or to a folder and all below; what does not exist is passed over."""
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            rights &= self.rights & ~DEVICE_NODES
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= OF_FILES
            _checked(libc.syscall(ADD_RULE, self.descriptor, 1, struct.pack("=Qi", rights, descriptor), 0))
        finally:
            os.close(descriptor)

    def restrict(self):
        """Put this process under the rules; it must not be able to gain privileges."""
        _checked(libc.syscall(RESTRICT, self.descriptor, 0))


def _checked(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result


def without(folder, hidden):
    """The paths that make up a folder without the hidden ones in it."""
    if folder in hidden:
        return []
    if not any(path.startswith(f"{folder}/") for path in hidden):
        return [folder]
    return [path for entry in os.scandir(folder) for path in without(entry.path, hidden)]
