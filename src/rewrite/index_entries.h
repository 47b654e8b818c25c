// The entries of basic indices as rules see them.
#pragma once

#include <vector>

#include "rewrite/helpers.h"

namespace croton {

/// One entry of a basic index, with the scalars that belong to it.
struct IndexEntry {
  bool is_scalar = false;
  Var position;           // of a scalar index
  Var start, stop, step;  // of a slice; null where not given
};

/// The index of a subtensor (`first` is 1) or of an update (2).
inline std::vector<IndexEntry> entries_of(const Node& node, size_t first) {
  std::vector<IndexEntry> entries;
  size_t next = first;
  for (const int64_t code : node.attributes.ints) {
    IndexEntry entry;
    if (code < 0) {
      entry.is_scalar = true;
      entry.position = node.inputs.at(next++);
    } else {
      if (code & 1) entry.start = node.inputs.at(next++);
      if (code & 2) entry.stop = node.inputs.at(next++);
      if (code & 4) entry.step = node.inputs.at(next++);
    }
    entries.push_back(entry);
  }
  return entries;
}

/// The constant integer, `otherwise` where there is none; false when it is not constant.
inline bool integer_of(const Var& v, int64_t otherwise, int64_t& value) {
  value = otherwise;
  if (!v) return true;
  const Literal* literal = literal_of(v);
  if (!literal || literal->type.rank != 0 || !is_discrete(literal->type.dtype)) return false;
  value = element_as_integer(literal->bytes.data(), literal->type.dtype);
  return true;
}

}  // namespace croton
