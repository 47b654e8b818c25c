// Tests of shared variables under calls: updates, failures, snapshots, many threads.
#include <thread>

#include "runtime_support.h"

namespace croton::test {
namespace {

using Source = Slot::Source;

std::shared_ptr<SharedCell> cell_with(std::vector<double> values) {
  return std::make_shared<SharedCell>(tensor_type(DType::f64, 1), vector_of(std::move(values)));
}

/// cell := cell + 1; gives the old value.
struct Increment : ProgramMaker {
  std::shared_ptr<SharedCell> cell;
  Increment(std::shared_ptr<SharedCell> c, Source source, bool fails = false) : cell(std::move(c)) {
    const int old_value = shared(cell, true);
    const SizeReg n = program->slots[0].shape[0];
    const int new_value = slot(source, 0, {n}, {1});
    program->buffer_count = 1;
    sizes();
    const bool in_place = source == Source::in_place;
    if (fails) run(kernel(failing_kernel), {old_value}, n).kernel.sites = {-1};
    if (in_place) add(step_of(Step::Kind::commit));
    run(kernel(add_one_kernel), {old_value, new_value}, n, {new_value});
    if (!in_place) add(step_of(Step::Kind::commit));
    program->updates = {{0, new_value}};
    program->output_slots = {old_value, new_value};
  }
};

class RuntimeUpdates : public testing::TestWithParam<Source> {};

TEST_P(RuntimeUpdates, OutputsAreTheOldAndTheNewValue) {
  const auto cell = cell_with({1, 2});
  const Increment maker(cell, GetParam());
  Executor executor = maker.executor();
  for (int k = 0; k < 3; ++k) {
    std::vector<Array> outputs;
    executor.run({}, outputs, nullptr);
    EXPECT_EQ(values_of(outputs[0]), (std::vector<double>{1.0 + k, 2.0 + k}));
    EXPECT_EQ(values_of(outputs[1]), (std::vector<double>{2.0 + k, 3.0 + k}));
    EXPECT_EQ(values_of(cell->snapshot()), (std::vector<double>{2.0 + k, 3.0 + k}));
    EXPECT_NE(outputs[1].data, cell->snapshot().data);
  }
}

TEST_P(RuntimeUpdates, ASnapshotNeverChanges) {
  const auto cell = cell_with({1});
  const Increment maker(cell, GetParam());
  Executor executor = maker.executor();
  std::vector<Array> outputs;
  const Array before = cell->snapshot();
  executor.run({}, outputs, nullptr);
  EXPECT_EQ(values_of(before), std::vector<double>{1});
  EXPECT_EQ(values_of(cell->snapshot()), std::vector<double>{2});
}

TEST_P(RuntimeUpdates, AFailingCallChangesNothing) {
  const auto cell = cell_with({1, 2});
  const Increment maker(cell, GetParam(), true);
  Executor executor = maker.executor();
  std::vector<Array> outputs;
  for (int k = 0; k < 2; ++k) EXPECT_THROW(executor.run({}, outputs, nullptr), IndexError);
  EXPECT_EQ(values_of(cell->snapshot()), (std::vector<double>{1, 2}));
}

TEST_P(RuntimeUpdates, NoIncrementIsLost) {
  const auto cell = cell_with({0, 0, 0});
  const Increment maker(cell, GetParam());
  Executor executor = maker.executor();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      std::vector<Array> outputs;
      for (int k = 0; k < 1000; ++k) {
        outputs.clear();
        executor.run({}, outputs, nullptr);
        const Array now = cell->snapshot();  // a whole state: all elements equal
        EXPECT_EQ(now.as<double>()[0], now.as<double>()[2]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(values_of(cell->snapshot()), (std::vector<double>{8000, 8000, 8000}));
}

INSTANTIATE_TEST_SUITE_P(Sources, RuntimeUpdates, testing::Values(Source::output, Source::buffer, Source::in_place));

TEST(RuntimeShared, AValueNobodyHoldsIsWrittenInPlace) {
  const auto cell = cell_with({1});
  Increment maker(cell, Source::in_place);
  maker.program->output_slots.clear();
  Executor executor = maker.executor();
  const std::byte* const memory = cell->snapshot().data;
  std::vector<Array> outputs;
  executor.run({}, outputs, nullptr);
  EXPECT_EQ(cell->snapshot().data, memory);
  const Array held = cell->snapshot();
  executor.run({}, outputs, nullptr);
  EXPECT_NE(cell->snapshot().data, memory);
  EXPECT_EQ(values_of(held), std::vector<double>{2});
}

TEST(RuntimeShared, BorrowedMemoryIsNeverWritten) {
  double memory = 5;
  const auto owner = std::make_shared<int>(0);
  const auto cell = std::make_shared<SharedCell>(tensor_type(DType::f64, 1),
                                                 view_memory(&memory, DType::f64, {1}, {8}, owner, false));
  const Increment maker(cell, Source::in_place);
  Executor executor = maker.executor();
  std::vector<Array> outputs;
  executor.run({}, outputs, nullptr);
  EXPECT_EQ(memory, 5);
  EXPECT_EQ(values_of(cell->snapshot()), std::vector<double>{6});
}

TEST(RuntimeShared, AnUpdateFromAnInputIsACopy) {
  const auto cell = cell_with({0});
  ProgramMaker maker;
  const int x = maker.input();
  maker.shared(cell, true);
  maker.sizes();
  maker.program->updates = {{0, x}};
  Executor executor = maker.executor();
  const Array argument = vector_of({1, 2, 3});
  std::vector<Array> outputs;
  executor.run(std::vector<Array>{argument}, outputs, nullptr);
  argument.as<double>()[0] = 99;
  EXPECT_EQ(values_of(cell->snapshot()), (std::vector<double>{1, 2, 3}));  // an update may change the size
}

TEST(RuntimeShared, TwoVariablesCanChangePlaces) {
  const auto a = cell_with({1}), b = cell_with({2});
  ProgramMaker maker;
  const int old_a = maker.shared(a, true), old_b = maker.shared(b, true);
  maker.sizes();
  maker.program->updates = {{0, old_b}, {1, old_a}};
  Executor executor = maker.executor();
  std::vector<Array> outputs;
  executor.run({}, outputs, nullptr);
  EXPECT_EQ(values_of(a->snapshot()), std::vector<double>{2});
  EXPECT_EQ(values_of(b->snapshot()), std::vector<double>{1});
}

TEST(RuntimeShared, AnUpdateThatDoesNotFitChangesNothing) {
  const auto good = cell_with({1});
  const auto row = std::make_shared<SharedCell>(tensor_type(DType::f64, std::vector<bool>{true}), vector_of({1}));
  ProgramMaker maker;
  const int x = maker.input();
  maker.shared(good, true);
  maker.shared(row, true);
  maker.sizes();
  maker.program->updates = {{0, x}, {1, x}};
  Executor executor = maker.executor();
  std::vector<Array> outputs;
  EXPECT_THROW(executor.run(std::vector<Array>{vector_of({5, 6})}, outputs, nullptr), TypeError);
  EXPECT_EQ(values_of(good->snapshot()), std::vector<double>{1});
}

TEST(RuntimeShared, ASharedVariableKnowsItsCell) {
  const auto cell = cell_with({1});
  const Var v = make_shared_variable(cell, "weights");
  EXPECT_EQ(cell_of(v), cell);
  EXPECT_EQ(name_of(v), "weights");
  EXPECT_THROW(cell->set(new_array(DType::f32, {1})), TypeError);
  EXPECT_THROW(cell->set(new_array(DType::f64, {1, 1})), TypeError);
}

}  // namespace
}  // namespace croton::test
