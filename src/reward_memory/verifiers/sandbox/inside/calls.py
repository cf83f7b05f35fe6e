"""The system call filter of a candidate: a seccomp program in packed BPF, for x86_64 and aarch64."""

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)

# Refused with EPERM: new processes and programs, signals to and inspection of others, sockets, mounts and namespaces,
# kernel interfaces, System V and POSIX queues (they outlive the candidate), memory that the address-space limit does
# not count, watches and handles of files. Numbers on x86_64 and aarch64 (None: does not exist there).
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
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "get_robust_list": (274, 100),
    "kcmp": (312, 272),
    "ioprio_set": (251, 30),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount_setattr": (442, 442),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
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
    "kexec_file_load": (320, 294),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "modify_ldt": (154, None),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "truncate": (76, 45),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "personality": (135, 92),
    "seccomp": (317, 277),
}
# Answered as if done, and not done: Landlock has no say over them, and `shutil.copy` needs them to succeed.
PRETENDED = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
ARCHITECTURE = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, audit number
ALLOW, DONE, EPERM, ENOTTY, ENOSYS = 0x7FFF0000, 0x00050000, 0x00050001, 0x00050019, 0x00050026
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
THREAD = 0x00010000
# F_DUPFD, the flags of descriptor and file, locks, F_DUPFD_CLOEXEC, F_GETPIPE_SZ: not the owner that signals go to
FILE_COMMANDS = (0, 1, 2, 3, 5, 6, 7, 36, 37, 38, 1030, 1032)
SET_FLAGS, SIGNAL_OWNER = 4, 0x2000  # F_SETFL, O_ASYNC
DEVICE_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # isatty, window size, FIONREAD, blocking, cloexec
SCHEDULING_GROUPS = 62  # PR_SCHED_CORE, the one prctl that reaches other processes


def _argument(number):
    return (LOAD, 0, 0, 16 + 8 * number)


def _own_process(number):
    """Allowed where the argument is 0, "this process"."""
    return [_argument(number), (EQUAL, 0, 1, 0), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, EPERM)]


def _one_of(number, values, otherwise):
    steps = [_argument(number)]
    for value in values:
        steps += [(EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    return [*steps, (RETURN, 0, 0, otherwise)]


def _no_truncation(number):
    """Refuse to open for reading and to empty the file at once: before its third version Landlock lets it pass."""
    return [
        _argument(number),
        (AND, 0, 0, 0x203),
        (EQUAL, 0, 1, 0x200),
        (RETURN, 0, 0, EPERM),
        (RETURN, 0, 0, ALLOW),
    ]


# (numbers, steps); the last step of each returns
JUDGED = [
    # the flags of clone3 and openat2 lie in memory, out of a filter's sight; the C library then uses the older calls
    ((435, 435), [(RETURN, 0, 0, ENOSYS)]),
    ((437, 437), [(RETURN, 0, 0, ENOSYS)]),
    ((56, 220), [_argument(0), (ANY_BIT, 0, 1, THREAD), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, EPERM)]),  # clone
    ((2, None), _no_truncation(1)),  # open
    ((257, 56), _no_truncation(2)),  # openat
    ((302, 261), _own_process(0)),  # prlimit64
    ((203, 122), _own_process(0)),  # sched_setaffinity
    ((144, 119), _own_process(0)),  # sched_setscheduler
    ((142, 118), _own_process(0)),  # sched_setparam
    ((314, 274), _own_process(0)),  # sched_setattr
    ((141, 140), [_argument(0), (EQUAL, 1, 0, 0), (RETURN, 0, 0, EPERM), *_own_process(1)]),  # setpriority
    # a datagram socket could be told an address at each send
    ((53, 199), [_argument(1), (AND, 0, 0, 0xF), (EQUAL, 1, 0, 1), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]),
    ((157, 167), [_argument(0), (EQUAL, 0, 1, SCHEDULING_GROUPS), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]),
    ((16, 29), _one_of(1, DEVICE_COMMANDS, ENOTTY)),  # ioctl
    (
        (72, 25),  # fcntl
        [
            _argument(1),
            (EQUAL, 0, 4, SET_FLAGS),
            _argument(2),
            (ANY_BIT, 0, 1, SIGNAL_OWNER),
            (RETURN, 0, 0, EPERM),
            (RETURN, 0, 0, ALLOW),
            *_one_of(1, FILE_COMMANDS, EPERM),
        ],
    ),
]


def call_filter(machine):
    """The seccomp program for an architecture as packed BPF. KeyError where its call numbers are not known."""
    column, audit = ARCHITECTURE[machine]
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, audit), (RETURN, 0, 0, EPERM), (LOAD, 0, 0, 0)]
    program += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, EPERM)]  # the x32 calls of x86_64
    for table, answer in ((REFUSED, EPERM), (PRETENDED, DONE)):
        for numbers in table.values():
            if numbers[column] is not None:
                program += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, answer)]
    for numbers, steps in JUDGED:
        if numbers[column] is not None:
            program += [(EQUAL, 0, len(steps), numbers[column]), *steps]
    program += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def refuse_calls(program):
    """Install a seccomp program for this process and its threads, for good. OSError if the kernel has no seccomp."""
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
    if libc.prctl(22, 2, header, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"install the system call filter: {os.strerror(code)}")
