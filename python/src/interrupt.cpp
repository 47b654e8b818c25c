// A SIGINT handler for the time of long calls on the main thread; it chains to the one it found.
#include "interrupt.h"

#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>

#include "base/interrupt.h"

namespace croton::python {
namespace {

struct sigaction previous;  // only the main thread installs and restores
volatile sig_atomic_t seen = 0;

void stop_and_chain(int signal, siginfo_t* info, void* context) {
  stop_requested().store(true);
  seen = 1;
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  }
}

bool on_main_thread() {
  thread_local const bool main = syscall(SYS_gettid) == getpid();
  return main;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (!on_main_thread()) return;
  stop_requested();  // the flag exists before a handler can want it
  struct sigaction current;
  if (sigaction(SIGINT, nullptr, &current) != 0) return;
  const bool plain = !(current.sa_flags & SA_SIGINFO);
  if (plain && (current.sa_handler == SIG_DFL || current.sa_handler == SIG_IGN)) return;
  if ((current.sa_flags & SA_SIGINFO) && current.sa_sigaction == &stop_and_chain) return;  // a call within a call
  previous = current;
  struct sigaction ours = {};
  ours.sa_sigaction = &stop_and_chain;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ours.sa_mask = current.sa_mask;
  installed_ = sigaction(SIGINT, &ours, nullptr) == 0;
}

InterruptGuard::~InterruptGuard() {
  if (!installed_) return;
  sigaction(SIGINT, &previous, nullptr);
  if (seen) stop_requested().store(false);  // whoever wanted it has seen it; Python raises at its next step
  seen = 0;
}

}  // namespace croton::python
