"""Walls around one candidate process: namespaces, resource limits, capabilities, system calls (Linux).

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


def limit_resources(memory, cpu_seconds, file_bytes):
    """Memory, CPU, file size, open files, processes; no core dump. Hard limits, so they cannot be raised again."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for what, value in limits.items():
        _, most = resource.getrlimit(what)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (allowed, allowed))
    # a write past the file-size limit is then an OSError and not the end of the process
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def nobody_can_run():
    """Whether the user nobody can read Python's library; an interpreter in the home of root is out of its reach."""
    path = os.path.realpath(os.__file__)
    reachable = os.stat(path).st_mode & 0o004
    while reachable and path != "/":
        path = os.path.dirname(path)
        reachable = os.stat(path).st_mode & 0o001
    return bool(reachable)


def drop_privileges(to_nobody):
    """No capabilities and none to be had by executing a file; the user nobody in place of the machine's root."""
    if to_nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _checked(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    header = struct.pack("Ii", 0x20080522, 0)
    number = {"x86_64": 126, "aarch64": 91}.get(platform.machine())
    if number is not None:
        _checked(libc.syscall(number, header, bytes(24)), "drop capabilities")


# System calls that are refused with EPERM: new processes and programs, signals to and inspection of others, sockets,
# mounts and namespaces, kernel interfaces, memory that the address-space limit does not count. Numbers on x86_64 and
# aarch64 (None: does not exist there); on another architecture there is no filter.
REFUSED = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount_setattr": (442, 442),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "personality": (135, 92),
    "seccomp": (317, 277),
}
ARCHITECTURE = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}  # column, audit number, clone
CLONE3, THREAD = 435, 0x00010000
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def call_filter(machine):
    """The seccomp program for an architecture as packed BPF, or None where its call numbers are not known."""
    if machine not in ARCHITECTURE:
        return None
    column, audit, clone = ARCHITECTURE[machine]
    refused = [numbers[column] for numbers in REFUSED.values() if numbers[column] is not None]
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, audit), (RETURN, 0, 0, EPERM), (LOAD, 0, 0, 0)]
    program += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, EPERM)]  # the x32 calls of x86_64
    for number in refused:
        program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM)]
    # the flags of clone3 lie in memory, out of a filter's sight; without it the C library uses clone
    program += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ENOSYS)]
    program += [(EQUAL, 0, 3, clone), (LOAD, 0, 0, 16), (ANY_BIT, 1, 0, THREAD), (RETURN, 0, 0, EPERM)]
    program += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def refuse_calls(program):
    """Install a seccomp program for this process and its threads, for good."""
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
    _checked(libc.prctl(22, 2, header, 0, 0), "install the system call filter")
