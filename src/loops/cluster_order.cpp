// Searches look only at places between two clusters, and a merge moves only those between them.
#include "loops/cluster_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace croton {

ClusterOrder::ClusterOrder(std::vector<std::set<int>>& needs, size_t search_limit)
    : needs_(needs), search_limit_(search_limit), merged_into_(needs.size()), place_(needs.size(), -1) {
  std::iota(merged_into_.begin(), merged_into_.end(), 0);
  marks_.assign(needs.size(), 0);
  ++search_;
  for (int start = 0; start < static_cast<int>(needs.size()); ++start) {
    for (std::vector<int> stack = {start}; !stack.empty();) {
      const int id = stack.back();
      if (mark(id)) {
        for (const int n : needs_[static_cast<size_t>(id)]) {
          if (!marked(n)) stack.push_back(n);
        }
        continue;
      }
      stack.pop_back();
      if (place(id) >= 0) continue;
      place_[static_cast<size_t>(id)] = static_cast<int>(at_.size());
      at_.push_back(id);
    }
  }
}

bool ClusterOrder::mark(int id) { return std::exchange(marks_[static_cast<size_t>(id)], search_) != search_; }

int ClusterOrder::now(int id) const {
  while (merged_into_[static_cast<size_t>(id)] != id) id = merged_into_[static_cast<size_t>(id)];
  return id;
}

bool ClusterOrder::near(int a, int b) const {
  return static_cast<size_t>(std::abs(place(a) - place(b))) <= 10 * search_limit_;
}

bool ClusterOrder::depends(int id, int other) {
  ++search_;
  const size_t end = met_ + search_limit_;
  for (std::vector<int> todo = {id}; !todo.empty();) {
    const int c = todo.back();
    todo.pop_back();
    if (c == other || met_ == end) return true;
    for (const int need : needs(c)) {
      const int n = now(need);
      if (place(n) < place(other) || !mark(n)) continue;
      ++met_;
      todo.push_back(n);
    }
  }
  return false;
}

// Between the two places, what needs the earlier one comes after the merged cluster, all others before it.
void ClusterOrder::merge(int to, int from) {
  const auto [first, last] = std::minmax({place(to), place(from)});
  ++search_;
  mark(at_[static_cast<size_t>(first)]);
  std::vector<int> before, after;
  for (int k = first + 1; k < last; ++k) {
    const int id = at_[static_cast<size_t>(k)];
    if (id < 0) continue;
    const bool follows = std::any_of(needs(id).begin(), needs(id).end(), [&](int n) { return marked(now(n)); });
    if (follows) mark(id);
    (follows ? after : before).push_back(id);
  }
  before.push_back(to);
  before.insert(before.end(), after.begin(), after.end());
  before.resize(static_cast<size_t>(last - first) + 1, -1);
  for (int k = first; k <= last; ++k) {
    const int id = before[static_cast<size_t>(k - first)];
    at_[static_cast<size_t>(k)] = id;
    if (id >= 0) place_[static_cast<size_t>(id)] = k;
  }
  std::set<int>&own = needs_[static_cast<size_t>(to)], &others = needs_[static_cast<size_t>(from)];
  own.merge(others);
  others.clear();
  merged_into_[static_cast<size_t>(from)] = to;
  std::erase_if(own, [&](int n) { return now(n) == to; });
}

void ClusterOrder::resolve() {
  for (std::set<int>& needs : needs_) {
    std::set<int> found;
    for (const int n : needs) found.insert(now(n));
    needs = std::move(found);
  }
}

}  // namespace croton
