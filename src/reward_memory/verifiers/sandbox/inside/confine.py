"""Walls around one candidate process: namespaces, resource limits, users, capabilities (Linux).

Called by the runner in the process that is about to execute the candidate. Everything goes through ctypes, because
Python 3.11 has no bindings for it.
"""

import ctypes
import os
import platform
import resource
import signal
import struct

NEW_MOUNTS, NEW_PROCESSES, NEW_IPC = 0x00020000, 0x20000000, 0x08000000
READ_ONLY, NO_SUID, NO_DEVICES, REMOUNT, RECURSIVE, PRIVATE = 1, 2, 4, 32, 16384, 1 << 18
NOBODY = 65534
STRANGERS, MANY = 0x7E000000, 1 << 22  # user numbers that no system gives out
CAPSET = {"x86_64": 126, "aarch64": 91}

libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount_private_folders(folder, megabytes):
    """In a new mount namespace: an empty tmpfs at `folder`, and nothing at /proc."""
    _checked(libc.unshare(NEW_MOUNTS | NEW_IPC), "unshare mounts")
    _checked(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None), "make mounts private")
    size = f"size={megabytes}m,nr_inodes=4096,mode=0700".encode()
    _checked(libc.mount(b"tmpfs", folder.encode(), b"tmpfs", NO_SUID | NO_DEVICES, size), "mount work folder")
    _checked(libc.mount(b"tmpfs", b"/proc", b"tmpfs", READ_ONLY | NO_SUID | NO_DEVICES, b"size=4k"), "hide /proc")


class ProcessNamespaces:
    """A fresh process namespace for each fork of this process.

    A process may not unshare a second time before it has gone back to its own namespace, hence the handle on it.
    """

    def __init__(self):
        self.own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def renew(self):
        """The next fork is process 1 of a new namespace; when it ends, the kernel kills all others in it."""
        _checked(libc.setns(self.own, NEW_PROCESSES), "setns")
        _checked(libc.unshare(NEW_PROCESSES), "unshare processes")


def limit_resources(memory, cpu_seconds, file_bytes, processes):
    """Memory, CPU, file size, open files, processes; no core dump. Hard limits, so they cannot be raised again.

    processes  of the candidate's user on the machine, threads included; None leaves the limit as it is
    """
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if processes is not None:
        limits[resource.RLIMIT_NPROC] = processes
    for what, value in limits.items():
        _, most = resource.getrlimit(what)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (allowed, allowed))
    # a write past the file-size limit is then an OSError and not the end of the process
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def keep_from_others(hidden):
    """Whether processes of the same user are kept from this one's memory and environment."""
    libc.prctl(4, int(not hidden), 0, 0, 0)


def strangers():
    """The first of many user numbers that belong to nobody, so that each candidate may have its own; None where the
    user namespace lacks them or this process may not become another user.
    """
    if os.geteuid() != 0:
        return None
    with open("/proc/self/uid_map", encoding="utf-8") as stream:
        ranges = [tuple(map(int, line.split())) for line in stream]
    mapped = any(start <= STRANGERS and start + length >= STRANGERS + MANY for start, _, length in ranges)
    return STRANGERS if mapped else NOBODY


def others_can_read(path):
    """Whether a user without any rights can read a file; one in the home of root is out of reach."""
    path = os.path.realpath(path)
    reachable = os.stat(path).st_mode & 0o004
    while reachable and path != "/":
        path = os.path.dirname(path)
        reachable = os.stat(path).st_mode & 0o001
    return bool(reachable)


def drop_privileges(user):
    """No capabilities and none to be had by executing a file; another user in place of the machine's root."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _checked(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(libc.syscall(CAPSET[platform.machine()], header, bytes(24)), "drop capabilities")
