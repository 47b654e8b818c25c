// Tests of what a caller may ask of a call: to hear before it takes long, to stop it; and of sizes that are kept.
#include <atomic>
#include <thread>

#include "base/interrupt.h"
#include "base/memory.h"
#include "runtime_support.h"

namespace croton::test {
namespace {

using Source = Slot::Source;

class Control final : public CallControl {
 public:
  int heard = 0;
  std::atomic<bool> stop_now{false};
  std::atomic<bool> heard_now{false};
  bool stop_when_long = false;
  Control() { stop_ = &stop_now; }

 private:
  void before_long() override {
    ++heard;
    if (stop_when_long) stop_now = true;
    heard_now = true;
  }
};

/// cell := cell + x, given as the output; the kernel says that an element takes a microsecond.
struct AddToCell : ProgramMaker {
  std::shared_ptr<SharedCell> cell =
      std::make_shared<SharedCell>(tensor_type(DType::f64, 1), vector_of(std::vector<double>(1000, 1.0)));
  AddToCell() {
    const int x = input(), old_value = shared(cell, true);
    const SizeReg n = program->slots[0].shape[0];
    Guard guard = guard_of(Guard::Kind::equal);
    guard.left = n;
    guard.right = program->slots[1].shape[0];
    guard.text = "{0} and {1} elements";
    program->guards.push_back(guard);
    const int new_value = slot(Source::output, -1, {n}, {1});
    sizes();
    run(kernel(add_kernel), {x, old_value, new_value}, n, {new_value}).kernel.cost = 1000;
    program->updates = {{0, new_value}};
    program->output_slots = {new_value};
  }
};

Array ones(int64_t count) { return vector_of(std::vector<double>(static_cast<size_t>(count), 1.0)); }

void run_with(Executor& executor, int64_t count, Control& control) {
  const std::vector<Array> inputs{ones(count)};
  std::vector<Array> outputs(1);
  executor.run({inputs, outputs, nullptr, &control});
}

TEST(RuntimeControl, OnlyALongCallIsAnnounced) {
  AddToCell maker;
  Executor executor = maker.executor();
  for (const int64_t count : {1, 10, 1000, 10, 100}) {
    maker.cell->set(ones(count));
    Control control;
    run_with(executor, count, control);
    EXPECT_EQ(control.heard, count >= 100 ? 1 : 0) << count;
    EXPECT_EQ(control.is_long(), count >= 100) << count;
  }
}

TEST(RuntimeControl, AStoppedCallChangesNothing) {
  AddToCell maker;
  Executor executor = maker.executor();
  Control control;
  control.stop_when_long = true;
  EXPECT_THROW(run_with(executor, 1000, control), Interrupted);
  EXPECT_TRUE(control.stop_now);  // the caller's flag is the caller's
  EXPECT_EQ(values_of(maker.cell->snapshot())[0], 1);
  Control again;
  run_with(executor, 1000, again);
  EXPECT_EQ(values_of(maker.cell->snapshot())[0], 2);
}

TEST(RuntimeControl, TheEnginesFlagStopsCallsWithoutControlOnly) {
  AddToCell maker;
  Executor executor = maker.executor();
  stop_requested() = true;
  Control control;
  run_with(executor, 1000, control);
  EXPECT_TRUE(stop_requested());
  std::vector<Array> outputs;
  EXPECT_THROW(executor.run(std::vector<Array>{ones(1000)}, outputs, nullptr), Interrupted);
  EXPECT_FALSE(stop_requested());
  executor.run(std::vector<Array>{ones(1000)}, outputs, nullptr);
  EXPECT_EQ(values_of(outputs[0])[0], 3);
}

TEST(RuntimeControl, AWaitForAnUpdateIsAnnouncedFirst) {
  AddToCell maker;
  Executor executor = maker.executor();
  maker.cell->set(ones(1));
  Control control;
  std::unique_lock held(maker.cell->update_lock());
  std::thread waiting([&] { run_with(executor, 1, control); });
  while (!control.heard_now) std::this_thread::yield();
  EXPECT_EQ(values_of(maker.cell->snapshot())[0], 1);
  held.unlock();
  waiting.join();
  EXPECT_EQ(values_of(maker.cell->snapshot())[0], 2);
}

TEST(RuntimeControl, KeptSizesFollowEveryChange) {
  AddToCell maker;
  Executor executor = maker.executor();
  for (const int64_t count : {3, 3, 2, 2, 0, 3, 3}) {
    maker.cell->set(ones(count));
    for (int repetition = 0; repetition < 2; ++repetition) {
      std::vector<Array> outputs;
      executor.run(std::vector<Array>{ones(count)}, outputs, nullptr);
      EXPECT_EQ(outputs[0].shape, std::vector<int64_t>{count});
      EXPECT_EQ(values_of(outputs[0]), std::vector<double>(static_cast<size_t>(count), 2.0 + repetition));
    }
    std::vector<Array> outputs;
    EXPECT_THROW(executor.run(std::vector<Array>{ones(count + 1)}, outputs, nullptr), ValueError);
  }
}

// A size of the second step depends on a register of the first, and on nothing that its own step reads.
TEST(RuntimeControl, ASizeFollowsTheScalarOfAnEarlierStep) {
  ProgramMaker maker;
  const int n = maker.input(0, DType::i64);
  const SizeReg size = maker.scalar(n);
  maker.sizes();
  const SizeReg twice = maker.apply("add", {size, size});
  maker.program->guards.push_back(guard_of(Guard::Kind::not_negative));
  maker.program->guards.back().left = twice;
  const int out = maker.slot(Source::output, -1, {twice}, {1});
  maker.sizes();
  maker.run(maker.kernel([](void* const* b, const int64_t*, int64_t begin, int64_t end, Frame*) -> int32_t {
    for (int64_t k = begin; k < end; ++k) static_cast<double*>(b[0])[k] = 1;
    return kernel_done;
  }),
            {out}, twice, {out});
  maker.program->output_slots = {out};
  Executor executor = maker.executor();
  for (const int64_t count : {2, 5, 5, 0, 2, 2}) {
    Array argument = new_array(DType::i64, {});
    *argument.as<int64_t>() = count;
    std::vector<Array> outputs;
    executor.run(std::vector<Array>{argument}, outputs, nullptr);
    EXPECT_EQ(values_of(outputs[0]), std::vector<double>(static_cast<size_t>(2 * count), 1.0));
  }
}

TEST(RuntimeControl, AnEmptiedStorageIsFilledAgain) {
  AddToCell maker;
  Executor executor = maker.executor();
  maker.program->updates.clear();
  const std::vector<Array> inputs{ones(1000)};
  std::vector<Array> outputs(1);
  const Storage* storage = nullptr;
  for (int call = 0; call < 4; ++call) {
    executor.run({inputs, outputs});
    EXPECT_EQ(values_of(outputs[0])[999], 2);
    if (call == 3) {
      EXPECT_EQ(outputs[0].storage.get(), storage);
    }
    if (call == 1) storage = outputs[0].storage.get();  // two of them take turns
    std::byte* const memory = take_memory(outputs[0]);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(take_memory(outputs[0]), nullptr);
    release_block(memory, 8000);
  }
}

}  // namespace
}  // namespace croton::test
