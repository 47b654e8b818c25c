// Calls that run out of memory, at each allocation in turn: nothing has changed, and the function still works.
#include <croton/croton.h>
#include <gtest/gtest.h>

#include <new>
#include <vector>

#include "base/memory.h"
#include "support/failing_new.h"

namespace croton::test {
namespace {

constexpr int64_t size = 40'000;  // enough work for the pool

struct Model {
  SharedVariable in_place = shared(zeros<double>({size})), moved = shared(zeros<double>({size})),
                 region = shared(zeros<double>({size}));
  CompiledFunction step = make();

  // Updates of all kinds, an output that a shared variable takes too, and one that is a view of an old value.
  CompiledFunction make() {
    const auto x = vector<double>("x");
    const auto next = exp(in_place) * 0.5 + x;
    const auto other = moved + sum(x);
    return function({x}, {sum(next * x), other, moved[{slice(_, _, -1)}], x},
                    {{in_place, in_place + x}, {moved, other}, {region, inc_subtensor(region[{slice(0, 5)}], 1.0)}});
  }
  std::vector<double> state() const {
    std::vector<double> all;
    for (const SharedVariable* v : {&in_place, &moved, &region}) {
      const OwnedArray value = v->get_value();
      all.insert(all.end(), value.data<double>(), value.data<double>() + size);
    }
    return all;
  }
};

std::vector<double> flat(const std::vector<OwnedArray>& results) {
  std::vector<double> all;
  for (const OwnedArray& result : results) {
    all.insert(all.end(), result.data<double>(), result.data<double>() + result.size());
  }
  return all;
}

/// Calls `model` with a failure at each allocation of a kind in turn, until a call needs fewer; `twin` shows what is
/// right.
void fail_each(int64_t (*fail_nth)(int64_t n)) {
  const Model model, twin;
  const std::vector<double> argument(size, 1.5);
  int failures = 0;
  for (int64_t n = 1;; ++n) {
    ASSERT_LT(n, 10'000);
    const std::vector<double> before = model.state();
    std::vector<OwnedArray> results;
    bool failed = false;
    fail_nth(n);
    try {
      results = model.step(argument);
    } catch (const MemoryError&) {
      failed = true;
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const bool unused = fail_nth(0) > 0;
    if (failed) {
      ++failures;
      ASSERT_EQ(model.state(), before) << "allocation " << n;
      results = model.step(argument);
    }
    ASSERT_EQ(flat(results), flat(twin.step(argument))) << "allocation " << n;
    ASSERT_EQ(model.state(), twin.state()) << "allocation " << n;
    if (unused) break;
  }
  EXPECT_GT(failures, 3);
}

TEST(CallFailure, EachBlockInTurn) { fail_each(fail_nth_allocation); }
TEST(CallFailure, EachNewInTurn) { fail_each(fail_nth_new); }

}  // namespace
}  // namespace croton::test
