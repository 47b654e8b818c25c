"""Kernels on disk: found without LLVM, the same bits, and never an error whatever happens to the folder."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

import pytest

import croton
from croton import _core

# Compiles two functions, and tells what they gave, what the cache did, and whether LLVM was opened.
PROGRAM = """
import json, numpy as np, croton, croton.tensor as T
from croton import _core
x = T.dvector('x')
f = croton.function([x], [T.tanh(x) * 3, T.sum(T.exp(x)), T.gammaln(x)])
results = [np.asarray(r).tobytes().hex() for r in f(np.linspace(.1, 2, 37))]
info = _core.cache_info() or {}
print(json.dumps({'results': results, 'hits': info.get('hits'), 'misses': info.get('misses'),
                  'llvm': 'libcroton_llvm' in open('/proc/self/maps').read()}))
"""


def start(folder, package=None, before=None, **environment):
    env = dict(os.environ, CROTON_CACHE_DIR=str(folder), **environment)
    env = {name: value for name, value in env.items() if value is not None}
    if package is not None:
        env["PYTHONPATH"] = str(package)
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=before)


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out)


def run(folder, **options):
    return finish(start(folder, **options))


def entries(folder):
    return sorted(pathlib.Path(folder).glob("*.kernel"))


def test_second_process_needs_no_llvm(tmp_path):
    folder = tmp_path / "a" / "kernels"
    cold = run(folder)
    assert cold["llvm"] and cold["hits"] == 0 and cold["misses"] == len(entries(folder)) > 0
    assert folder.stat().st_mode & 0o777 == 0o700
    warm = run(folder)
    assert not warm["llvm"]
    assert warm["misses"] == 0 and warm["hits"] == cold["misses"]
    assert warm["results"] == cold["results"]


def test_damaged_entries_are_made_again(tmp_path):
    sound = run(tmp_path)
    before = {path: path.read_bytes() for path in entries(tmp_path)}
    damages = [lambda b: b"", lambda b: b[:40], lambda b: b[:-1], lambda b: b + b"\0", lambda b: b"\0" * len(b),
               lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:], lambda b: b[:16] + bytes([b[16] ^ 1]) + b[17:]]
    for number, damage in enumerate(damages):
        for path, content in before.items():
            path.write_bytes(damage(content))
        result = run(tmp_path)
        assert result["results"] == sound["results"], number
        assert result["misses"] == len(before), number
        assert {path: path.read_bytes() for path in entries(tmp_path)} == before, number


def test_entries_of_others_are_not_read(tmp_path):
    sound = run(tmp_path)
    for path in entries(tmp_path):
        path.chmod(0o666)
    assert run(tmp_path)["misses"] == sound["misses"]
    assert run(tmp_path)["misses"] == 0
    tmp_path.chmod(0o777)
    assert run(tmp_path)["hits"] == 0


def test_many_processes_at_once(tmp_path):
    """Among them some that are killed while they compile and write."""
    processes = [start(tmp_path) for _ in range(6)]
    for number, process in enumerate([start(tmp_path) for _ in range(4)]):
        time.sleep(0.1 * number)
        process.kill()
        process.communicate()
    answers = [finish(process) for process in processes]
    assert all(answer["results"] == answers[0]["results"] for answer in answers)
    last = run(tmp_path)
    assert last["misses"] == 0 and last["results"] == answers[0]["results"]


@pytest.mark.parametrize("folder", ["/proc/croton", "/dev/null/croton"])
def test_unwritable_folder_is_harmless(folder):
    assert run(folder)["hits"] == 0


@pytest.mark.parametrize("limit", [0, 100])
def test_files_that_may_not_grow_are_harmless(tmp_path, limit):
    def before():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    assert run(tmp_path, before=before)["hits"] == 0
    assert list(tmp_path.iterdir()) == []


def test_missing_home_is_harmless():
    result = run("", HOME=None, XDG_CACHE_HOME=None)
    assert result["hits"] is None and result["llvm"]


def test_flags_of_theano_choose_the_folder(tmp_path):
    for number, flag in enumerate(("base_compiledir", "compiledir")):
        folder = tmp_path / str(number)
        run("", THEANO_FLAGS="%s=%s" % (flag, folder))
        assert entries(folder / "croton")


def test_another_version_has_its_own_entries(tmp_path):
    """A build whose code generator has another id, which is how versions are told apart."""
    package = tmp_path / "package" / "croton"
    own = pathlib.Path(croton.__file__).parent
    shutil.copytree(own, package)
    library = next(path for folder in (own, own / ".." / ".." / "lib") for path in folder.glob("libcroton_llvm.so"))
    for name in ("libcroton.so", "libcroton_llvm.so"):
        shutil.copy(library.with_name(name), package / name)
    run(tmp_path / "kernels")
    copy = package / "libcroton_llvm.so"
    assert run(tmp_path / "kernels", package=package.parent)["misses"] == 0
    content = copy.read_bytes()
    note = content.index(b"GNU\0", 64)
    while content[note - 4:note] != b"\x03\0\0\0":  # NT_GNU_BUILD_ID
        note = content.index(b"GNU\0", note + 1)
    copy.write_bytes(content[:note + 4] + bytes([content[note + 4] ^ 1]) + content[note + 5:])
    changed = run(tmp_path / "kernels", package=package.parent)
    assert changed["hits"] == 0 and changed["llvm"]
    assert run(tmp_path / "kernels", package=package.parent)["misses"] == 0
    assert run(tmp_path / "kernels")["misses"] == 0


def test_commands(tmp_path):
    run(tmp_path)
    count = len(entries(tmp_path))

    def command(what):
        return subprocess.run([sys.executable, "-m", "croton", "cache", what], check=True, capture_output=True, text=True,
                              env=dict(os.environ, CROTON_CACHE_DIR=str(tmp_path))).stdout
    assert "kernels  %d\n" % count in command("info")
    (tmp_path / "notes.txt").write_text("mine")
    victim = entries(tmp_path)[0]
    victim.write_bytes(victim.read_bytes()[:-3])
    assert "%d kernels are sound, 1 were damaged" % (count - 1) in command("verify")
    assert "%d kernels deleted" % (count - 1) in command("clear")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_limit_must_be_a_number():
    env = dict(os.environ, CROTON_CACHE_MB="many")
    failed = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True)
    assert failed.returncode != 0 and "CROTON_CACHE_MB" in failed.stderr


def test_info_counts_this_process():
    assert set(_core.cache_info()) == {"folder", "entries", "bytes", "limit", "hits", "misses"}
