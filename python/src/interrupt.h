// Ctrl-C while a call works without the interpreter's lock.
#pragma once

namespace croton::python {

/// While it lives on the main thread, SIGINT sets the engine's stop flag besides what it did before. Two system calls:
/// for calls long enough to give up the interpreter's lock. No Python code can change the handler meanwhile, since only
/// the main thread may, and it is inside the call.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

 private:
  bool installed_ = false;
};

}  // namespace croton::python
