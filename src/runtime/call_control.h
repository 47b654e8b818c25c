// What a caller that holds a lock of its own (Python's) wants of a call: to hear before it takes long, and to stop it.
#pragma once

#include <atomic>

namespace croton {

/// Work estimated to take longer than this makes a call long.
inline constexpr double short_call_nanoseconds = 20'000;

class CallControl {
 public:
  CallControl() = default;
  CallControl(const CallControl&) = delete;
  CallControl& operator=(const CallControl&) = delete;

  /// The engine says so before it waits for anybody, and before the first work that exceeds what a short call may take.
  void turn_long() {
    if (is_long_) return;
    is_long_ = true;
    before_long();
  }
  bool is_long() const { return is_long_; }
  /// When it becomes true, the call throws Interrupted, unless it has committed. Null: nothing stops it.
  const std::atomic<bool>* stop() const { return stop_; }

 protected:
  ~CallControl() = default;
  virtual void before_long() = 0;  // does not throw: it may be called after the commit
  const std::atomic<bool>* stop_ = nullptr;

 private:
  bool is_long_ = false;
};

}  // namespace croton
