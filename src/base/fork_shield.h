// Sections of code that a fork must not cut in two: the child would find state half changed, and nobody to finish it.
#pragma once

namespace croton {

/// While one lives, fork() on any other thread waits. Inside nothing waits for a lock that a forking thread may hold
/// (Python's), and nobody forks.
class ForkShield {
 public:
  ForkShield();
  ForkShield(const ForkShield&) = delete;
  ForkShield& operator=(const ForkShield&) = delete;
  ~ForkShield();
};

/// Has `repair` called in each forked child, on its only thread, where no section is open. To be called once per
/// function, and not from inside a section.
void after_fork_in_child(void (*repair)());

}  // namespace croton
