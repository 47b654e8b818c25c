// Guards of the interpreter's lock for threads that may outlive the interpreter.
#pragma once

#include <Python.h>

namespace croton::python {

/// Takes the lock back. Does not return while the interpreter ends: CPython ends a thread that wants the lock then, by
/// unwinding its stack, which destructors do not survive; the thread sleeps until the process is gone instead.
void take_lock(PyThreadState* thread);

/// The lock is given up while one lives.
class WithoutLock {
 public:
  WithoutLock() : thread_(PyEval_SaveThread()) {}
  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;
  ~WithoutLock() { take_lock(thread_); }

 private:
  PyThreadState* thread_;
};

/// The lock is held while one lives, whether the thread had it before or is new to Python.
class WithLock {
 public:
  WithLock();
  WithLock(const WithLock&) = delete;
  WithLock& operator=(const WithLock&) = delete;
  ~WithLock() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

}  // namespace croton::python
