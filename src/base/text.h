// Text for messages and dumps: joining, quoting, spelling suggestions, sizes and times a person can read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace croton {

// join({1, 2, 3}, ", ") is "1, 2, 3"; the elements may be anything that fmt can print.
template <class Range>
std::string join(const Range& range, std::string_view separator) {
  return fmt::format("{}", fmt::join(range, separator));
}

// join(values, ", ", [](const Variable& v) { return v.name(); })
template <class Range, class Print>
std::string join(const Range& range, std::string_view separator, Print&& print) {
  std::string text;
  bool first = true;
  for (const auto& element : range) {
    if (!first) text += separator;
    first = false;
    text += print(element);
  }
  return text;
}

// Sizes of an array as Python writes a tuple: (), (3,), (3, 4).
std::string tuple_text(std::span<const int64_t> sizes);

// Least number of insertions, deletions, substitutions and swaps of neighbours that turn a into b, counted in bytes.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to a name the user wrote, or "" if none is near enough. Ties go to the first.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// " Did you mean 'softmax'?" or "", to be appended to a message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// 'text' with quotes, backslashes and control characters escaped as in Python; UTF-8 is kept.
std::string quote(std::string_view text);

// 0 B, 1023 B, 1.0 KiB, 3.4 GiB
std::string bytes_text(uint64_t bytes);

// 12 ns, 3.4 us, 5.6 ms, 7.8 s, 2 min 5 s
std::string seconds_text(double seconds);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view strip(std::string_view text);

}  // namespace croton
