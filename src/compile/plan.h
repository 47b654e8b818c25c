// Plans: turns a rewritten graph into a program, for one assumption about which inputs are contiguous.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compile/mode.h"
#include "ir/walk.h"
#include "runtime/profile.h"
#include "runtime/program.h"

namespace croton {

struct PlanRequest {
  std::vector<Var> inputs;                                           // `input` variables by argument
  std::vector<Var> outputs;                                          // rewritten
  std::vector<std::pair<std::shared_ptr<SharedCell>, Var>> updates;  // cell and rewritten new value
  VarMap<int> strided;  // inputs whose strides each call reads, and the axis of stride one (-1: none)
  const Mode* mode = nullptr;
  std::shared_ptr<Executor> (*compile_body)(const Graph& body, const Mode& mode) = nullptr;  // of a loop
  std::string name;
};

/// Schedules, lowers, generates code, and lays out the program. Adds phases and the steps' table to `profile`.
std::shared_ptr<Program> make_program(const PlanRequest& request, Profile& profile);

}  // namespace croton
