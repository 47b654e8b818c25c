// Source lines of the user's program, interned: a node keeps a 32 bit id instead of strings.
#pragma once

#include <cstdint>
#include <string>

namespace croton {

struct SourceLine {
  std::string file;
  int line = 0;
  std::string function;
  std::string text;  // the line itself if known, for messages
  friend bool operator==(const SourceLine&, const SourceLine&) = default;
};

// 0 is "unknown". Ids are per process: never stored, never ordered by.
using LineId = uint32_t;

// Thread-safe. Equal lines get equal ids; the table only grows, so references stay valid until the process ends.
LineId intern_line(const SourceLine& line);
const SourceLine& line_of(LineId id);

// file:line in function, or "unknown source line".
std::string line_text(LineId id);

}  // namespace croton
