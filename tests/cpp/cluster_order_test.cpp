// The order of clusters while some are merged, against plain reachability in random graphs.
#include "loops/cluster_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace croton::test {
namespace {

using Needs = std::vector<std::set<int>>;

/// Whether `id` reaches `other`; ids of merged clusters stand for what has taken them in. `direct` edges may be left
/// out.
bool reaches(const Needs& needs, const ClusterOrder& order, int id, int other, bool direct = true) {
  std::vector<int> todo = {id};
  std::set<int> seen;
  while (!todo.empty()) {
    const int c = todo.back();
    todo.pop_back();
    for (const int need : needs[static_cast<size_t>(c)]) {
      const int n = order.now(need);
      if (n == other && (direct || c != id)) return true;
      if (n != other && seen.insert(n).second) todo.push_back(n);
    }
  }
  return false;
}

TEST(ClusterOrder, SaysWhatDependsWhileClustersAreMerged) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int count = 2 + static_cast<int>(random() % 20);
    Needs needs(static_cast<size_t>(count));
    std::vector<int> name(static_cast<size_t>(count));  // so that numbers say nothing about the order
    for (int k = 0; k < count; ++k) name[static_cast<size_t>(k)] = k;
    std::shuffle(name.begin(), name.end(), random);
    for (int edges = static_cast<int>(random() % 40); edges > 0; --edges) {
      const auto a = random() % name.size(), b = random() % name.size();
      if (a != b) needs[static_cast<size_t>(name[std::max(a, b)])].insert(name[std::min(a, b)]);
    }
    ClusterOrder order(needs, 1000);
    for (int step = 0; step < 60; ++step) {
      const int a = static_cast<int>(random() % name.size());
      const int b = order.now(static_cast<int>(random() % name.size())), from = order.now(a);
      if (from == b) continue;
      ASSERT_EQ(order.depends(from, b), reaches(needs, order, from, b));
      ASSERT_EQ(order.depends(b, from), reaches(needs, order, b, from));
      if (reaches(needs, order, from, b, false) || reaches(needs, order, b, from, false)) continue;
      order.merge(b, from);
      ASSERT_EQ(order.now(from), b);
    }
    order.resolve();
    for (const std::set<int>& list : needs) {
      for (const int n : list) ASSERT_EQ(order.now(n), n);
    }
  }
}

TEST(ClusterOrder, ALongSearchAnswersYes) {
  const int count = 100;
  Needs needs(count);
  for (int k = 1; k < count; ++k) {
    if (k != 50) needs[static_cast<size_t>(k)].insert(k - 1);
  }
  EXPECT_FALSE(ClusterOrder(needs, 60).depends(99, 10));
  EXPECT_TRUE(ClusterOrder(needs, 40).depends(99, 10));
}

}  // namespace
}  // namespace croton::test
