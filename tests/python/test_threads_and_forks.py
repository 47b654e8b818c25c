"""Many threads, forks in the middle of calls, and the end of the interpreter with calls in flight."""
import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import croton
import croton.tensor as T

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
UNDER_SANITIZER = "libasan" in os.environ.get("LD_PRELOAD", "")


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("size", [1, 100_000])
def test_no_update_is_lost_and_readers_see_whole_states(size):
    s = croton.shared(np.zeros(size))
    step = croton.function([], [], updates=[(s, s + 1)])
    calls, torn, done = (1000 if size == 1 else 100), [], threading.Event()

    def write():
        for _ in range(calls):
            step()

    def read():
        while not done.is_set():
            value = s.get_value()
            if value.min() != value.max():
                torn.append(value)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    run_all([threading.Thread(target=write) for _ in range(8)])
    done.set()
    for reader in readers:
        reader.join()
    assert not torn
    assert s.get_value()[0] == 8 * calls


def test_functions_that_update_the_same_variables_do_not_block_each_other_for_ever():
    a, b = croton.shared(np.zeros(1000)), croton.shared(np.zeros(1000))
    one = croton.function([], [], updates=[(a, a + 1), (b, b + 1)])
    other = croton.function([], [], updates=[(b, b + a * 0 + 1), (a, a + 1)])

    def work(f):
        for _ in range(500):
            f()

    run_all([threading.Thread(target=work, args=(f,)) for f in (one, other, one, other)])
    assert (a.get_value() == 2000).all() and (b.get_value() == 2000).all()


def wait_for(pid, seconds=30):
    """The exit code of a child; a child that hangs is killed, and its code is the signal's."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def in_child(check):
    """Forks; the child ends with 0 when `check` holds, with 1 when not, with 2 when it raises."""
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            code = 0 if check() else 1
        finally:
            os._exit(code)
    return wait_for(pid)


@pytest.mark.skipif(UNDER_SANITIZER, reason="the sanitizer's allocator keeps locks that vanished threads held (no fork handlers in GCC 12)")
@pytest.mark.parametrize("size", [10, 200_000])
def test_a_fork_in_the_middle_of_calls_leaves_a_child_that_works(size):
    x = T.vector("x")
    s = croton.shared(np.zeros(size))
    step = croton.function([x], T.exp(x).sum(), updates=[(s, s + x)])
    argument, done, failed = np.ones(size), threading.Event(), []

    def work():
        try:
            while not done.is_set():
                step(argument)
        except BaseException as error:
            failed.append(error)
            raise

    def child_works():
        before = s.get_value()
        total = step(argument)
        fresh = croton.function([x], x * 2)(argument)
        whole = before.min() == before.max() and (s.get_value() == before + 1).all()
        return whole and np.isclose(total, np.e * size) and (fresh == 2).all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        codes = [in_child(child_works) for _ in range(25)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * 25
    assert not failed


pool_function = None


def apply_in_worker(value):
    return pool_function(np.full(50_000, value))


def test_workers_of_a_pool_use_a_function_of_their_parent():
    global pool_function
    x = T.vector("x")
    pool_function = croton.function([x], T.sqr(x).mean())
    pool_function(np.ones(50_000))
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map_async(apply_in_worker, range(20)).get(timeout=60) == [float(k * k) for k in range(20)]


def test_the_interpreter_ends_with_calls_in_flight():
    program = textwrap.dedent("""
        import threading, time, numpy as np, croton, croton.tensor as T
        x = T.matrix()
        s = croton.shared(np.zeros((300, 300)))
        f = croton.function([x], T.tanh(T.dot(x, x)).sum(), updates=[(s, s + x)])
        def work():
            while True: f(np.ones((300, 300)))
        def compile():
            while True: croton.function([x], T.exp(x).sum())(np.ones((3, 3)))
        for target in (work, work, compile): threading.Thread(target=target, daemon=True).start()
        time.sleep(0.3)
    """)
    for _ in range(3):
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(UNDER_SANITIZER, reason="the sanitizer keeps freed memory for a while")
def test_calls_and_functions_leave_no_memory_behind():
    x = T.vector("x")
    f = croton.function([x], [x + 1, x.sum()])

    def call():
        for _ in range(2000):
            f(np.ones(100))

    def compile_and_drop():
        for k in range(40):
            croton.function([x], T.exp(x * k).sum())(np.ones(10))
        gc.collect()

    for work in (call, compile_and_drop):
        work()
        work()
        before = resident_bytes()
        for _ in range(4):
            work()
        assert resident_bytes() - before < 2 << 20
