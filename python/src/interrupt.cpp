// A SIGINT handler for the time of long calls on the main thread; it chains to the one it found.
#include "interrupt.h"
#include "interpreter_lock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace croton::python {
namespace {

// Constant-initialised, so the handler may touch them at any time. Only the main thread installs and restores.
constinit std::atomic<bool> stop_main_thread{false};
struct sigaction previous;

// Python's note first: whoever sees the flag finds it.
void chain_and_stop(int signal, siginfo_t* info, void* context) {
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  }
  stop_main_thread.store(true);
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) && action.sa_sigaction == &chain_and_stop;
}

// Asked anew each time: after a fork the child's main thread is the one that forked.
bool on_main_thread() { return syscall(SYS_gettid) == getpid(); }

// False where SIGINT ends the process or is ignored, and for a call within a call.
bool install() {
  struct sigaction found;
  if (sigaction(SIGINT, nullptr, &found) != 0 || is_ours(found)) return false;
  const bool plain = !(found.sa_flags & SA_SIGINFO);
  if (plain && (found.sa_handler == SIG_DFL || found.sa_handler == SIG_IGN)) return false;
  previous = found;
  struct sigaction ours = {};
  ours.sa_sigaction = &chain_and_stop;
  ours.sa_flags = found.sa_flags | SA_SIGINFO | SA_ONSTACK;
  ours.sa_mask = found.sa_mask;
  return sigaction(SIGINT, &ours, nullptr) == 0;
}

// A user's op may have installed another one meanwhile: then that stays.
void restore() {
  struct sigaction found;
  if (sigaction(SIGINT, nullptr, &found) == 0 && is_ours(found)) sigaction(SIGINT, &previous, nullptr);
}

}  // namespace

void look_for_interrupt() {
  if (!on_main_thread()) return;
  stop_main_thread.store(false);
  if (!PyOS_InterruptOccurred()) return;  // clears the note
  PyErr_SetInterrupt();
  stop_main_thread.store(true);
}

void PythonCall::before_long() {
  if (on_main_thread()) {
    installed_ = install();
    look_for_interrupt();
    stop_ = &stop_main_thread;
  }
  thread_ = PyEval_SaveThread();
}

PythonCall::~PythonCall() {
  if (thread_ == nullptr) return;
  take_lock(thread_);
  if (installed_) restore();
}

}  // namespace croton::python
