// A call from Python: when it holds the interpreter's lock, and how Ctrl-C stops it.
#pragma once

#include <Python.h>

#include "runtime/call_control.h"

namespace croton::python {

/// Made with the interpreter's lock held. A short call keeps the lock. Before a call gets long it gives the lock up,
/// and on the main thread SIGINT from then on stops it besides what SIGINT did before; the destructor undoes both.
///
/// What counts is always Python's own note of the signal: the stop flag only brings the main thread to where Python can
/// run its handlers. No signal is lost, since the note is looked at after the handler is installed, and none stops a
/// later call, since the flag means nothing while the lock is held.
class PythonCall final : public CallControl {
 public:
  PythonCall() = default;
  ~PythonCall();

 private:
  void before_long() override;

  PyThreadState* thread_ = nullptr;  // not null: the lock is given up
  bool installed_ = false;
};

/// To be called with the lock held, before it is given up within a call: sets the stop flag anew from Python's note.
void look_for_interrupt();

}  // namespace croton::python
