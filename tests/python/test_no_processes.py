"""No compiler, nor any other process, is started at run time: the kernel kills whoever tries.

A child process puts a seccomp filter on itself before it imports Croton: a system call that makes a process or runs a
program ends it with SIGSYS. Threads are allowed. So a child that ends well has started nothing, by whatever library.
"""
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import croton

FORBID = """
import ctypes, errno, struct

CLONE, FORK, VFORK, EXECVE, EXECVEAT, CLONE3 = 56, 57, 58, 59, 322, 435     # x86-64
KILL_PROCESS, ALLOW, FAIL = 0x80000000, 0x7FFF0000, 0x00050000
CLONE_THREAD = 0x00010000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16                             # offsets in struct seccomp_data
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06

program = [
    (LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, 0xC000003E), (RETURN, 0, 0, KILL_PROCESS),
    (LOAD, 0, 0, NUMBER),
    (EQUAL, 6, 0, FORK), (EQUAL, 5, 0, VFORK), (EQUAL, 4, 0, EXECVE), (EQUAL, 3, 0, EXECVEAT),
    # clone3 has its flags in memory, where a filter cannot look: glibc takes clone when it is missing.
    (EQUAL, 3, 0, CLONE3), (EQUAL, 3, 0, CLONE), (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, KILL_PROCESS), (RETURN, 0, 0, FAIL | errno.ENOSYS),
    (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, CLONE_THREAD), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, KILL_PROCESS),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) == 0, ctypes.get_errno()
"""

TRAIN = """
import numpy as np
import croton as theano, croton.tensor as T

x, y = T.matrix("x"), T.ivector("y")
W = theano.shared(np.zeros((4, 3)))
cost = -T.mean(T.log(T.nnet.softmax(T.dot(x, W)))[T.arange(y.shape[0]), y])
step = theano.function([x, y], cost, updates=[(W, W - .5 * T.grad(cost, W))])
costs = [float(step(np.eye(4), np.array([0, 1, 2, 0], "int32"))) for _ in range(3)]
assert costs[0] > costs[1] > costs[2]
step(np.eye(8)[::2, ::2], np.array([0, 1, 2, 0], "int32"))       # another program, for a strided argument
big = T.dvector("big")
theano.function([big], T.sum(T.exp(-big)))(np.ones(10**6))        # all threads
"""

STARTERS = {
    "a program": "import subprocess; subprocess.run(['true'])",
    "a shell": "import os; os.system('true')",
    "a fork": "import os; os.fork()",
    "a spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter holds the numbers of x86-64's system calls")


def run(program):
    environment = dict(os.environ, PYTHONPATH=str(Path(croton.__file__).parents[1]), CROTON_NUM_THREADS="2")
    return subprocess.run([sys.executable, "-c", FORBID + program], env=environment, capture_output=True, text=True)


def test_import_compile_and_call_start_no_process():
    finished = run(TRAIN)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("name", STARTERS)
def test_the_filter_kills_who_starts(name):
    assert run(STARTERS[name]).returncode == -signal.SIGSYS


def test_the_filter_lets_threads_live():
    finished = run("import threading; t = threading.Thread(target=print, args=('alive',)); t.start(); t.join()")
    assert (finished.returncode, finished.stdout) == (0, "alive\n"), finished.stderr
