// Taking the interpreter's lock without being unwound when the interpreter ends meanwhile.
#include "interpreter_lock.h"

#include <unistd.h>

namespace croton::python {
namespace {

// Python's functions throw nothing: what comes is the unwinder's forced exception.
template <class Take>
auto take_or_sleep(const Take& take) {
  try {
    return take();
  } catch (...) {
    while (true) pause();
  }
}

}  // namespace

void take_lock(PyThreadState* thread) {
  take_or_sleep([thread] { PyEval_RestoreThread(thread); });
}

WithLock::WithLock() : state_(take_or_sleep([] { return PyGILState_Ensure(); })) {}

}  // namespace croton::python
