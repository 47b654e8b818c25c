// How a thread waits: pauses, bounded spinning, and the kernel's futex.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace croton {

// About what waking a sleeping thread costs: spinning longer cannot pay, spinning less may.
inline constexpr int64_t spin_nanoseconds = 80'000;
// A pause takes 10 to 140 cycles; the clock is read once in so many.
inline constexpr int pauses_per_clock = 32;

inline void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline int64_t now_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Spins until done() or for about spin_nanoseconds; says whether done() held.
template <class Done>
bool spin_until(Done&& done) {
  int64_t end = 0;
  while (true) {
    for (int i = 0; i < pauses_per_clock; ++i) {
      if (done()) return true;
      pause_processor();
    }
    const int64_t now = now_nanoseconds();
    if (end == 0) end = now + spin_nanoseconds;
    if (now >= end) return done();
  }
}

inline void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, uint32_t kind) {
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, nullptr, nullptr, kind);
}

inline void futex_wake(std::atomic<uint32_t>& word, int most, uint32_t kind) {
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, most, nullptr, nullptr, kind);
}

}  // namespace croton
