// Tests of the executor: sizes, guards, slots, host calls, branches, failures.
#include "base/thread_pool.h"
#include "ir/clone.h"
#include "ir/print.h"
#include "runtime_support.h"

namespace croton::test {
namespace {

using Source = Slot::Source;

std::vector<Array> run(Executor& executor, const std::vector<Array>& inputs, Profile* profile = nullptr) {
  std::vector<Array> outputs;
  executor.run(inputs, outputs, profile);
  return outputs;
}

/// x + y for vectors of one size; the guard names a line.
struct AddProgram : ProgramMaker {
  int x = input(), y = input(), out = -1;
  AddProgram() {
    Guard guard = guard_of(Guard::Kind::equal);
    guard.left = program->slots[0].shape[0];
    guard.right = program->slots[1].shape[0];
    guard.text = "Input dimension mis-match. (input[0].shape[0] = {0}, input[1].shape[0] = {1})";
    guard.site = 0;
    program->guards.push_back(guard);
    program->sites.push_back({Var{}, intern_line({"model.py", 12, "<module>", "z = x + y"})});
    out = slot(Source::output, -1, {guard.left}, {1});
    sizes();
    run(kernel(add_kernel), {x, y, out}, guard.left, {out}).profile = 0;
    program->output_slots = {out};
  }
};

TEST(Runtime, RunsAKernelForEverySize) {
  AddProgram maker;
  Executor executor = maker.executor();
  EXPECT_EQ(values_of(run(executor, {vector_of({1, 2}), vector_of({10, 20})})[0]), (std::vector<double>{11, 22}));
  EXPECT_EQ(values_of(run(executor, {vector_of({1, 2, 3}), vector_of({1, 1, 1})})[0]), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(run(executor, {vector_of({}), vector_of({})})[0].shape, std::vector<int64_t>{0});
}

TEST(Runtime, AGuardNamesSizesAndLine) {
  AddProgram maker;
  Executor executor = maker.executor();
  const std::string text = message_of_throw<ValueError>([&] { run(executor, {vector_of({1, 2}), vector_of({1})}); });
  EXPECT_NE(text.find("(input[0].shape[0] = 2, input[1].shape[0] = 1)"), std::string::npos) << text;
  EXPECT_NE(text.find("File \"model.py\", line 12"), std::string::npos) << text;
  EXPECT_NE(text.find("HINT"), std::string::npos) << text;
  EXPECT_EQ(values_of(run(executor, {vector_of({1}), vector_of({1})})[0]), std::vector<double>{2});  // still usable
}

TEST(Runtime, AnIndexGuardIsAnIndexError) {
  ProgramMaker maker;
  const int x = maker.input(), i = maker.input(0, DType::i64);
  Guard guard = guard_of(Guard::Kind::index);
  guard.left = maker.scalar(i);
  guard.right = maker.program->slots[0].shape[0];
  maker.program->guards.push_back(guard);
  maker.sizes();
  maker.program->output_slots = {x};
  Executor executor = maker.executor();
  const auto at = [](int64_t value) {
    Array a = new_array(DType::i64, {});
    *a.as<int64_t>() = value;
    return a;
  };
  EXPECT_NO_THROW(run(executor, {vector_of({1, 2}), at(-2)}));
  EXPECT_NE(message_of_throw<IndexError>([&] { run(executor, {vector_of({1, 2}), at(-3)}); }).find("index -3"),
            std::string::npos);
  EXPECT_THROW(run(executor, {vector_of({1, 2}), at(2)}), IndexError);
}

TEST(Runtime, ANegativeSizeIsAValueError) {
  ProgramMaker maker;
  const int n = maker.input(0, DType::i64);
  const SizeReg size = maker.scalar(n);
  const int out = maker.slot(Source::output, -1, {size}, {1});
  maker.sizes();
  maker.run(maker.kernel(add_one_kernel), {out, out}, maker.program->slots[1].shape[0], {out});
  maker.program->output_slots = {out};
  Executor executor = maker.executor();
  Array minus = new_array(DType::i64, {});
  *minus.as<int64_t>() = -4;
  EXPECT_THROW(run(executor, {minus}), ValueError);
  *minus.as<int64_t>() = int64_t{1} << 61;
  EXPECT_THROW(run(executor, {minus}), ValueError);  // more bytes than 64 bits count
}

TEST(Runtime, OutputsThatAreInputsOrViewsAreCopies) {
  ProgramMaker maker;
  const int x = maker.input();
  const SizeReg n = maker.program->slots[0].shape[0];
  const SizeReg rest = maker.apply("sub", {n, 1});
  const int tail = maker.slot(Source::view, x, {rest}, {maker.program->slots[0].strides[0]});
  maker.program->slots[static_cast<size_t>(tail)].offset = 1;
  const int out = maker.slot(Source::output, -1, {n}, {1});
  maker.sizes();
  maker.run(maker.kernel(add_one_kernel), {x, out}, n, {tail, out});
  maker.program->output_slots = {x, tail, out, out};
  Executor executor = maker.executor();
  const Array argument = vector_of({1, 2, 3});
  const std::vector<Array> outputs = run(executor, {argument});
  EXPECT_EQ(values_of(outputs[0]), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(values_of(outputs[1]), (std::vector<double>{2, 3}));
  EXPECT_EQ(values_of(outputs[2]), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(values_of(outputs[3]), (std::vector<double>{2, 3, 4}));
  EXPECT_NE(outputs[0].data, argument.data);
  EXPECT_NE(outputs[2].data, outputs[3].data);
}

TEST(Runtime, ASizeMayBeAnElementReadInTheSameStep) {
  ProgramMaker maker;
  const int sizes = maker.input(1, DType::i64), place = maker.input(0, DType::i64);
  const int element = maker.slot(Source::view, sizes, {}, {}, DType::i64);
  const SizeReg offset = maker.scalar(place);
  maker.program->slots[static_cast<size_t>(element)].offset = offset;
  Guard guard = guard_of(Guard::Kind::index);
  guard.left = offset;
  guard.right = maker.program->slots[0].shape[0];
  maker.program->guards.push_back(guard);
  const SizeReg n = maker.scalar(element);
  const int out = maker.slot(Source::output, -1, {n}, {1});
  maker.sizes();
  maker.program->body.steps.back().prepares = {element};
  maker.run(maker.kernel(add_one_kernel), {out, out}, 0, {out});
  maker.program->output_slots = {out};
  Executor executor = maker.executor();
  Array list = new_array(DType::i64, {3}), index = new_array(DType::i64, {});
  for (int k = 0; k < 3; ++k) list.as<int64_t>()[k] = 10 + k;
  for (const int k : {2, 0, 1}) {
    *index.as<int64_t>() = k;
    EXPECT_EQ(run(executor, {list, index})[0].shape, std::vector<int64_t>{10 + k});
  }
  *index.as<int64_t>() = int64_t{1} << 50;
  EXPECT_THROW(run(executor, {list, index}), IndexError);
}

TEST(Runtime, AStridedInputIsCopiedInOrder) {
  ProgramMaker maker;
  const int x = maker.input(2);
  maker.sizes();
  maker.program->output_slots = {x};
  Executor executor = maker.executor();
  Array a = new_array(DType::f64, {2, 3});
  for (int k = 0; k < 6; ++k) a.as<double>()[k] = k;
  Array transposed = a;
  std::swap(transposed.shape[0], transposed.shape[1]);
  std::swap(transposed.strides[0], transposed.strides[1]);
  const Array out = run(executor, {transposed})[0];
  EXPECT_TRUE(out.is_contiguous());
  EXPECT_EQ(values_of(out), (std::vector<double>{0, 3, 1, 4, 2, 5}));
}

TEST(Runtime, BuffersGrowAndStay) {
  ProgramMaker maker;
  const int x = maker.input();
  const SizeReg n = maker.program->slots[0].shape[0];
  const int first = maker.slot(Source::buffer, 0, {n}, {1}), out = maker.slot(Source::output, -1, {n}, {1});
  maker.program->buffer_count = 1;
  maker.sizes();
  const int add_one = maker.kernel(add_one_kernel);
  maker.run(add_one, {x, first}, n, {first});
  maker.run(add_one, {first, out}, n, {out});
  maker.program->output_slots = {out, first};
  Executor executor = maker.executor();
  for (const int size : {1, 1000, 3}) {
    const std::vector<Array> outputs = run(executor, {vector_of(std::vector<double>(static_cast<size_t>(size), 1.0))});
    EXPECT_EQ(values_of(outputs[0]), std::vector<double>(static_cast<size_t>(size), 3.0));
    EXPECT_EQ(values_of(outputs[1]), std::vector<double>(static_cast<size_t>(size), 2.0));
  }
}

TEST(Runtime, CallerOutputsAreWrittenInPlace) {
  AddProgram maker;
  Executor executor = maker.executor();
  const Array target = vector_of({0, 0});
  std::vector<Array> outputs{target};
  executor.run(std::vector<Array>{vector_of({1, 2}), vector_of({3, 4})}, outputs, nullptr);
  EXPECT_EQ(outputs[0].data, target.data);
  EXPECT_EQ(values_of(target), (std::vector<double>{4, 6}));

  outputs = {vector_of({0})};
  EXPECT_THROW(executor.run(std::vector<Array>{vector_of({1, 2}), vector_of({3, 4})}, outputs, nullptr), ValueError);
  outputs = {new_array(DType::f32, {2})};
  EXPECT_THROW(executor.run(std::vector<Array>{vector_of({1, 2}), vector_of({3, 4})}, outputs, nullptr), ValueError);
}

TEST(Runtime, ACallerOutputMayBeAnInput) {
  AddProgram maker;
  Executor executor = maker.executor();
  const Array memory = vector_of({1, 2, 3});
  Array head = memory, tail = memory;
  head.shape = tail.shape = {2};
  tail.data += sizeof(double);
  std::vector<Array> outputs{tail};
  executor.run(std::vector<Array>{head, head}, outputs, nullptr);  // tail[0] is head[1]
  EXPECT_EQ(values_of(memory), (std::vector<double>{1, 2, 4}));
}

TEST(Runtime, TheLowestFailingIndexIsReported) {
  ProgramMaker maker;
  const int x = maker.input();
  const SizeReg n = maker.program->slots[0].shape[0];
  maker.sizes();
  Step& step = maker.run(maker.kernel(checking_kernel), {x}, n);
  step.kernel.cost = 100;
  step.kernel.sites = {0};
  maker.program->sites.push_back({Var{}, intern_line({"model.py", 3, "f", "x[i]"})});
  Executor executor = maker.executor();
  const int threads = default_pool().size();
  default_pool().resize(4);
  std::vector<double> values(200000, 1.0);
  for (const size_t bad : {199999u, 150000u, 77777u, 77776u}) {
    values[bad] = static_cast<double>(bad);
    const std::string text = message_of_throw<IndexError>([&] { run(executor, {vector_of(values)}); });
    EXPECT_EQ(text.substr(0, text.find('\n')),
              "index " + std::to_string(bad) + " is out of bounds for axis of size 10");
    EXPECT_NE(text.find("model.py"), std::string::npos);
  }
  default_pool().resize(threads);
}

TEST(Runtime, AHostStepCallsTheRow) {
  ProgramMaker maker;
  const int x = maker.input();
  const SizeReg n = maker.program->slots[0].shape[0];
  const int dynamic = maker.slot(Source::dynamic, -1, {}, {});
  const int out = maker.slot(Source::output, -1, {n}, {1});
  maker.sizes();
  const Var variable = new_input(tensor_type(DType::f64, 1), "x");
  const NodePtr node = new_node(op_named("exp"), {variable}, {tensor_type(DType::f64, 1)});
  Step step = step_of(Step::Kind::host);
  step.host = {node, {x}, {dynamic}};
  maker.add(std::move(step));
  maker.describe(dynamic, 1);
  maker.sizes();
  maker.run(maker.kernel(add_one_kernel), {dynamic, out}, n, {out});
  maker.program->output_slots = {out, dynamic};
  Executor executor = maker.executor();
  const std::vector<Array> outputs = run(executor, {vector_of({0, 0})});
  EXPECT_EQ(values_of(outputs[0]), (std::vector<double>{2, 2}));
  EXPECT_EQ(values_of(outputs[1]), (std::vector<double>{1, 1}));
}

TEST(Runtime, ABranchRunsOneBlock) {
  ProgramMaker maker;
  const int x = maker.input(), condition = maker.input(0);
  const SizeReg n = maker.program->slots[0].shape[0];
  const int computed = maker.slot(Source::buffer, 0, {n}, {1}), chosen = maker.slot(Source::dynamic, -1, {}, {});
  maker.program->buffer_count = 1;
  maker.sizes();
  Step step = step_of(Step::Kind::branch);
  step.branch.condition = condition;
  step.branch.then_block = std::make_unique<Block>();
  step.branch.else_block = std::make_unique<Block>();
  maker.run(maker.kernel(add_one_kernel), {x, computed}, n, {computed}, step.branch.then_block.get());
  step.branch.then_results = {computed};
  step.branch.else_results = {x};
  step.branch.outputs = {chosen};
  maker.add(std::move(step));
  maker.program->output_slots = {chosen};
  Executor executor = maker.executor();
  Array yes = zeros(DType::f64, {});
  *yes.as<double>() = 0.5;
  const Array taken = run(executor, {vector_of({1, 2}), yes})[0];
  const Array argument = vector_of({1, 2});
  const Array other = run(executor, {argument, zeros(DType::f64, {})})[0];
  run(executor, {vector_of({8, 9}), yes});
  EXPECT_EQ(values_of(taken), (std::vector<double>{2, 3}));
  EXPECT_EQ(values_of(other), (std::vector<double>{1, 2}));
  EXPECT_NE(other.data, argument.data);
}

TEST(Runtime, AGemmStepMultipliesMatricesAndVectors) {
  ProgramMaker maker;
  const int a = maker.input(2), v = maker.input(1);
  const SizeReg m = maker.program->slots[0].shape[0];
  const int out = maker.slot(Source::output, -1, {m}, {1});
  maker.sizes();
  Step step = step_of(Step::Kind::gemm, {out});
  step.gemm.out = out;
  step.gemm.a = a;
  step.gemm.b = v;
  step.gemm.alpha = 2;
  maker.add(std::move(step));
  maker.program->output_slots = {out};
  Executor executor = maker.executor();
  Array matrix = new_array(DType::f64, {2, 3});
  for (int k = 0; k < 6; ++k) matrix.as<double>()[k] = k;
  EXPECT_EQ(values_of(run(executor, {matrix, vector_of({1, 1, 2})})[0]), (std::vector<double>{10, 34}));
}

TEST(Runtime, AProfileCountsCallsAndNamesLines) {
  AddProgram maker;
  Executor executor = maker.executor();
  Profile profile;
  profile.line = intern_line({"model.py", 20, "<module>", "f = function([x, y], z)"});
  profile.kernel_count = 1;
  profile.phases = {{"codegen", 2.5}};
  ProfileStep step;
  step.name = step.kind = "kernel";
  step.ops = {"add"};
  step.lines = {profile.line};
  profile.steps.push_back(step);
  for (int k = 0; k < 3; ++k) run(executor, {vector_of({1, 2}), vector_of({1, 2})}, &profile);
  EXPECT_EQ(profile.calls, 3);
  EXPECT_EQ(profile.steps[0].calls, 3);
  EXPECT_EQ(profile.steps[0].bytes, 48);
  const std::string text = profile.summary();
  for (const char* part : {"Function profiling\n==================\n  Message: model.py:20\n",
                           "Time in 3 calls to Function.__call__", "Total compile time: 2.5", "codegen", "Class\n---\n",
                           "Ops\n---\n", "Apply\n------\n", "kernel{add}", "model.py:20 in <module>"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(Runtime, AProgramPrints) {
  const AddProgram maker;
  const std::string text = print(*maker.program);
  for (const char* part :
       {"s0: input 0 float64", "require r2 == r4", "prepare s2", "kernel kernel(s0, s1, s2)", "outputs s2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace croton::test
