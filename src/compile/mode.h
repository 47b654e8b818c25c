// Modes: which rewrites run and how the program is made; read from configuration when a function is compiled.
#pragma once

#include <string>
#include <vector>

namespace croton {

struct Mode {
  enum class Optimizer { none, merge, fast_compile, fast_run };
  Optimizer optimizer = Optimizer::fast_run;
  bool interpret = false;  // one host call of the row's reference value per node
  bool fuse = true;
  bool checked = false;  // kernels check every access (tests)
  bool verify = false;   // verify graph and loop IR between passes (tests)
  bool fast_math = false;
  bool allow_in_place = true;
  std::vector<std::string> including, excluding;  // names and tags of rewrite rules, and "fusion", "inplace"
};

}  // namespace croton
