// Taking the interpreter's lock without being unwound when the interpreter ends meanwhile.
#include "interpreter_lock.h"

#include <cxxabi.h>
#include <unistd.h>

namespace croton::python {
namespace {

// The unwinder passes no object: the sanitizer takes the reference to it for a mistake.
template <class Take>
[[gnu::no_sanitize("null")]] auto take_or_sleep(const Take& take) {
  try {
    return take();
  } catch (abi::__forced_unwind&) {
    while (true) pause();
  }
}

}  // namespace

void take_lock(PyThreadState* thread) {
  take_or_sleep([thread] { PyEval_RestoreThread(thread); });
}

WithLock::WithLock() : state_(take_or_sleep([] { return PyGILState_Ensure(); })) {}

}  // namespace croton::python
