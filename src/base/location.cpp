// The table of source lines.
#include "base/location.h"

#include <fmt/format.h>
#include <pthread.h>

#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"

namespace croton {

namespace {

uint64_t hash_line(const SourceLine& line) {
  uint64_t hash = hash_text(line.file, static_cast<uint64_t>(line.line));
  hash = hash_text(line.function, hash);
  return hash_text(line.text, hash);
}

struct LineTable {
  LineTable();

  std::mutex mutex;
  std::deque<SourceLine> lines{SourceLine{}};  // a deque never moves its elements; line 0 is the unknown line
  std::unordered_multimap<uint64_t, LineId> ids;
};

// A process has one program text, so one table; and it outlives every other object, because destructors and error
// messages at exit still name lines. Hence a static object that is never destroyed.
LineTable& line_table() {
  static LineTable& table = *new LineTable;
  return table;
}

// A forked child finds the table whole and unlocked.
LineTable::LineTable() {
  pthread_atfork([] { line_table().mutex.lock(); }, [] { line_table().mutex.unlock(); },
                 [] { line_table().mutex.unlock(); });
}

}  // namespace

LineId intern_line(const SourceLine& line) {
  static const SourceLine unknown;
  if (line == unknown) return 0;
  const uint64_t hash = hash_line(line);
  LineTable& table = line_table();
  const std::lock_guard lock(table.mutex);
  const auto [begin, end] = table.ids.equal_range(hash);
  for (auto entry = begin; entry != end; ++entry) {
    if (table.lines[entry->second] == line) return entry->second;
  }
  if (table.lines.size() > std::numeric_limits<LineId>::max()) raise<OverflowError>("too many source lines");
  const LineId id = static_cast<LineId>(table.lines.size());
  table.lines.push_back(line);
  table.ids.emplace(hash, id);
  return id;
}

const SourceLine& line_of(LineId id) {
  LineTable& table = line_table();
  const std::lock_guard lock(table.mutex);
  if (id >= table.lines.size()) raise<InternalError>("there is no source line {}", id);
  return table.lines[id];
}

std::string line_text(LineId id) {
  const SourceLine& line = line_of(id);
  if (line.file.empty()) return "unknown source line";
  std::string text = fmt::format("{}:{}", line.file, line.line);
  if (!line.function.empty()) text += fmt::format(" in {}", line.function);
  return text;
}

}  // namespace croton
