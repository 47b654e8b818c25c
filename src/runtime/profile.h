// What a compiled function measured: compile phases, and time per step of its calls.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/location.h"
#include "ir/node.h"

namespace croton {

struct ProfileStep {
  std::string name;              // the kernel's or row's name; of a host call also its types: host_call_text
  std::string kind;              // "kernel", "gemm", "host", "sizes"
  std::vector<std::string> ops;  // rows fused in it
  std::vector<LineId> lines;     // the user's lines
  int64_t calls = 0;
  int64_t nanoseconds = 0;
  int64_t bytes = 0;  // read and written, of the last call
  int threads = 1;    // most that worked on it
};

struct ProfilePhase {
  std::string name;  // intern, canonicalize, ..., codegen
  double milliseconds = 0;
};

struct Profile {
  /// Guards everything below: several variants of a function, in several threads, add to one profile. Copies share it.
  std::shared_ptr<std::mutex> lock = std::make_shared<std::mutex>();
  std::string function_name;
  LineId line = 0;
  std::vector<ProfilePhase> phases;
  std::vector<ProfileStep> steps;
  int64_t calls = 0;
  int64_t call_nanoseconds = 0;  // whole calls
  int64_t kernel_count = 0, library_count = 0, host_count = 0;
  /// The table in Theano's layout.
  std::string summary() const;
};

/// A node that no compiled code computes, with what decided so: "dot(int64, int64) -> int64".
std::string host_call_text(const Node& node);

}  // namespace croton
