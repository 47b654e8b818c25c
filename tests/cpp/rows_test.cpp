// Tests generated from the rows: complete columns, dtypes, sizes, values, stacks, axes, NaN.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "autodiff/batch.h"
#include "base/error.h"
#include "base/text.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "support/evaluate.h"
#include "support/samples.h"

namespace croton::test {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

Bindings bound(const Case& c) {
  Bindings bindings;
  for (size_t k = 0; k < c.inputs.size(); ++k) bindings.emplace_back(c.inputs[k], c.values[k]);
  return bindings;
}

bool same_values(const Array& a, const Array& b) {
  if (a.dtype != b.dtype || a.shape != b.shape) return false;
  const auto x = values_of(a), y = values_of(b);
  for (size_t k = 0; k < x.size(); ++k) {
    if (x[k] != y[k] && !(std::isnan(x[k]) && std::isnan(y[k]))) return false;
  }
  return true;
}

// Equal up to rounding of sums in another order.
void expect_close(const Array& a, const Array& b, const std::string& what) {
  ASSERT_EQ(a.dtype, b.dtype) << what;
  ASSERT_EQ(a.shape, b.shape) << what;
  const auto x = values_of(a), y = values_of(b);
  for (size_t k = 0; k < x.size(); ++k) {
    EXPECT_NEAR(x[k], y[k], 1e-12 * (1 + std::fabs(y[k]))) << what << ": " << text_of(a) << " and " << text_of(b);
  }
}

class Rows : public testing::TestWithParam<const Op*> {
 protected:
  const Op& op() const { return *GetParam(); }
  bool is_leaf() const { return op().has(leaf); }
};

TEST_P(Rows, HaveNoEmptyColumn) {
  const Op& row = op();
  EXPECT_GT(row.doc.size(), 10u);
  EXPECT_TRUE(row.type != nullptr);
  EXPECT_FALSE(samples_of(row).empty() && no_sample_reason(row).empty())
      << "add a sample to tests/cpp/support/samples.cpp";
  for (const Sample& sample : samples_of(row)) EXPECT_TRUE(sample.ints.empty() || !row.attributes_doc.empty());
  if (is_leaf()) return;
  EXPECT_TRUE(row.sizes != nullptr || row.has(value_dependent_sizes));
  // A loop's body is a program of its own (runtime/run_loop.cpp).
  EXPECT_TRUE(row.value != nullptr || row.expand != nullptr || row.name == "scan");
  EXPECT_TRUE((row.vjp != nullptr && row.jvp != nullptr) || !row.no_gradient.empty());
  EXPECT_TRUE(row.batch != nullptr || !row.no_batch.empty());
  EXPECT_TRUE(row.axes != nullptr || !row.no_axes.empty());
  EXPECT_LE(row.domain.low, row.domain.high);
}

TEST_P(Rows, DeclareNoReasonBesideARule) {
  EXPECT_FALSE(op().vjp != nullptr && !op().no_gradient.empty());
  EXPECT_FALSE(op().batch != nullptr && !op().no_batch.empty());
  EXPECT_FALSE(op().axes != nullptr && !op().no_axes.empty());
}

TEST_P(Rows, GiveValuesOfTheirTypesAndSizes) {
  for (const Sample& sample : samples_of(op())) {
    const Case c = make_case(op(), sample);
    ASSERT_NO_THROW(verify(c.outputs, "a sample"));
    try {
      evaluate(c.outputs, bound(c));
    } catch (const Error& error) {
      ADD_FAILURE() << debugprint(c.outputs) << error.message;
    }
  }
}

TEST_P(Rows, RefuseTooFewAndTooManyInputs) {
  UserBuilder builder;
  const Expr x = builder.wrap(new_input(scalar_type(DType::f64)));
  if (op().min_inputs > 0) {
    const std::vector<Expr> few(static_cast<size_t>(op().min_inputs - 1), x);
    EXPECT_THROW(builder.apply_all(op(), few), TypeError);
  }
  if (op().max_inputs >= 0) {
    const std::vector<Expr> many(static_cast<size_t>(op().max_inputs + 1), x);
    EXPECT_THROW(builder.apply_all(op(), many), TypeError);
  }
}

// ------------------------------------------------------------------------------------------------- elementwise dtypes

bool compute_dtype_of(const Op& row, DType dtype, DType& compute) {
  const std::vector<DType> dtypes(static_cast<size_t>(row.min_inputs), dtype);
  try {
    compute = row.elementwise.compute(dtypes);
    return true;
  } catch (const TypeError&) {
    return false;
  }
}

constexpr DType real_dtypes[] = {DType::b1,  DType::i8,  DType::i16, DType::i32, DType::i64, DType::u8,
                                 DType::u16, DType::u32, DType::u64, DType::f16, DType::f32, DType::f64};

// Computing in a smaller float is computing in double and rounding once.
TEST_P(Rows, RoundOnceInEveryDtype) {
  if (!op().is_elementwise() || !samples_of(op()).front().ints.empty()) return;
  for (const DType dtype : real_dtypes) {
    DType compute;
    if (!compute_dtype_of(op(), dtype, compute) || !is_float(compute)) continue;
    Sample sample{.inputs = std::vector<SampleInput>(static_cast<size_t>(op().min_inputs), SampleInput{dtype, {8}})};
    if (is_integer(dtype)) {
      for (SampleInput& input : sample.inputs) input.values = {1, 2, 3, 4, 5, 6, 7, 8};
    }
    const Case narrow = make_case(op(), sample);
    const Array got = evaluate(narrow.outputs[0], bound(narrow));
    for (SampleInput& input : sample.inputs) input.dtype = DType::f64;
    const Case wide = make_case(op(), sample);
    Bindings bindings;
    for (size_t k = 0; k < wide.inputs.size(); ++k) {
      bindings.emplace_back(wide.inputs[k], converted(narrow.values[k], DType::f64));
    }
    const Array expected = converted(evaluate(wide.outputs[0], bindings), got.dtype);
    EXPECT_TRUE(same_values(got, expected)) << dtype_name(dtype) << text_of(got) << " and " << text_of(expected);
  }
}

// On small integers the integer meaning and the float meaning agree.
TEST_P(Rows, AgreeOnIntegersAndFloats) {
  const Elementwise& row = op().elementwise;
  if (!row.value || !row.value_integer || !op().is_elementwise()) return;
  for (const DType dtype : {DType::i8, DType::i64, DType::u8, DType::u64}) {
    DType compute;
    if (!compute_dtype_of(op(), dtype, compute) || !is_integer(compute)) continue;
    for (int64_t a = is_signed_integer(dtype) ? -4 : 0; a < 8; ++a) {
      for (int64_t b = is_signed_integer(dtype) && op().name != "pow" ? -3 : 1; b < 5; ++b) {
        if (b == 0) continue;  // division by zero: zero for integers, infinite for floats
        const int64_t integers[] = {a, b, 3};
        const double floats[] = {static_cast<double>(a), static_cast<double>(b), 3};
        const double expected = row.value(floats);
        if (expected < 0 && !is_signed_integer(compute)) continue;  // wraps
        EXPECT_EQ(static_cast<double>(row.value_integer(integers, compute)), expected) << a << " " << b;
      }
    }
  }
}

// A NaN in an operand that the result depends on makes the result NaN. (Bounds of clip are compared only, as in
// Theano.)
TEST_P(Rows, PassNaNOn) {
  const Elementwise& row = op().elementwise;
  DType compute;
  if (!op().is_elementwise() || !row.value || op().min_inputs > 2) return;
  if (!compute_dtype_of(op(), DType::f64, compute) || (row.result && !is_float(row.result(compute)))) return;
  const double low = op().domain.low, high = op().domain.high;
  for (int k = 0; k < op().min_inputs; ++k) {
    double x[2] = {low, 0.3 * low + 0.7 * high};
    const double before = row.value(x);
    x[k] = high;
    const double after = row.value(x);
    x[k] = nan_value;
    EXPECT_TRUE(before == after || std::isnan(row.value(x))) << "operand " << k;
  }
}

TEST_P(Rows, TakeInfinitiesWithoutTrouble) {
  const Elementwise& row = op().elementwise;
  DType compute;
  if (!op().is_elementwise() || !samples_of(op()).front().ints.empty()) return;
  if (!compute_dtype_of(op(), DType::f64, compute) || !row.value) return;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> special = {infinity, -infinity, nan_value, 0.0, -0.0, 1e300, -1e300, 5e-324};
  const Sample sample{.inputs = std::vector<SampleInput>(static_cast<size_t>(op().min_inputs),
                                                         SampleInput{DType::f64, {8}, special, 0})};
  const Case c = make_case(op(), sample);
  EXPECT_EQ(evaluate(c.outputs[0], bound(c)).size(), 8);
}

// -------------------------------------------------------------------------------------------------------------- stacks

Array stack(const std::vector<Array>& items) {
  std::vector<int64_t> shape = items[0].shape;
  shape.insert(shape.begin(), static_cast<int64_t>(items.size()));
  Array whole = new_array(items[0].dtype, shape);
  for (size_t k = 0; k < items.size(); ++k) {
    Array part = whole;
    part.shape = items[k].shape;
    part.strides.erase(part.strides.begin());
    part.data = whole.data + static_cast<int64_t>(k) * whole.strides[0];
    copy_into(part, items[k]);
  }
  return whole;
}

Type stack_type(Type type) {
  ++type.rank;
  type.ones <<= 1;
  return type;
}

constexpr size_t stack_size = 3;

// The row on stacks gives the stack of what it gives on each item.
void check_stack(const Op& row, const Sample& sample, const std::vector<bool>& stacked) {
  std::vector<Case> items;
  for (unsigned seed = 1; seed <= stack_size; ++seed) items.push_back(make_case(row, sample, seed));
  const Case& first = items[0];
  UserBuilder builder;
  std::vector<std::pair<Var, Var>> pairs;
  Bindings bindings;
  for (size_t k = 0; k < first.inputs.size(); ++k) {
    if (!stacked[k]) {
      bindings.emplace_back(first.inputs[k], first.values[k]);
      for (Case& item : items) item.values[k] = first.values[k];
      continue;
    }
    std::vector<Array> parts;
    for (const Case& item : items) parts.push_back(item.values[k]);
    const Var whole = new_input(stack_type(first.inputs[k].type()));
    pairs.emplace_back(first.inputs[k], whole);
    bindings.emplace_back(whole, stack(parts));
  }
  const std::vector<Var> outputs = vectorize(first.outputs, pairs, builder.integer(stack_size).var, builder);
  verify(outputs, "batching");
  const std::vector<Array> got = evaluate(outputs, bindings);
  for (size_t out = 0; out < got.size(); ++out) {
    std::vector<Array> parts;
    for (const Case& item : items) parts.push_back(evaluate(item.outputs, bound(item))[out]);
    expect_close(got[out], stack(parts), "output " + std::to_string(out));
  }
}

// Rank-0 integers are sizes and bounds; a row may refuse that they differ from item to item.
bool is_bound(const SampleInput& input) { return input.shape.empty() && is_integer(input.dtype); }

TEST_P(Rows, BatchLikeALoop) {
  if (!op().batch) return;
  for (const Sample& sample : samples_of(op())) {
    const size_t count = sample.inputs.size();
    std::vector<std::vector<bool>> choices(1);
    for (const SampleInput& input : sample.inputs) choices[0].push_back(!is_bound(input));
    for (size_t k = 0; k < count; ++k) {
      choices.emplace_back(count, false);
      choices.back()[k] = true;
    }
    for (const auto& stacked : choices) {
      if (std::find(stacked.begin(), stacked.end(), true) == stacked.end()) continue;
      const std::string what = fmt::format("ints [{}], stacked [{}]", join(sample.ints, ","), join(stacked, ","));
      SCOPED_TRACE(what);
      try {
        check_stack(op(), sample, stacked);
      } catch (const NotImplementedError& error) {
        for (size_t k = 0; k < count; ++k) {
          EXPECT_TRUE(!stacked[k] || is_bound(sample.inputs[k]) || sample.inputs[k].dtype == DType::b1)
              << error.message;
        }
      } catch (const Error& error) {
        ADD_FAILURE() << error.message;
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------- axes

Array cut(const Array& array, int axis, int64_t at) {
  Array part = array;
  part.data += at * array.strides[static_cast<size_t>(axis)];
  part.shape[static_cast<size_t>(axis)] = 1;
  return part;
}

// Cutting one position out of the inputs along a followed axis cuts that position out of the output.
TEST_P(Rows, FollowTheAxesTheyDeclare) {
  if (!op().axes) return;
  for (const Sample& sample : samples_of(op())) {
    const Case c = make_case(op(), sample);
    const NodePtr& node = c.outputs[0].node;
    if (node->inputs != c.inputs) continue;  // operands that were padded: other samples have the full rank
    const AxisMap map = op().axes(*node);
    ASSERT_EQ(map.size(), c.outputs.size());
    const std::vector<Array> whole = evaluate(c.outputs, bound(c));
    // Sizes given as inputs would have to change with the cut.
    const bool has_sizes = std::any_of(sample.inputs.begin(), sample.inputs.end(), is_bound);
    for (size_t out = 0; out < map.size(); ++out) {
      ASSERT_EQ(map[out].size(), c.outputs[out].type().rank);
      for (size_t axis = 0; axis < map[out].size(); ++axis) {
        const std::vector<int>& followed = map[out][axis];
        ASSERT_EQ(followed.size(), node->inputs.size());
        const bool any = std::any_of(followed.begin(), followed.end(), [](int a) { return a >= 0; });
        for (int64_t at = 0; any && at < whole[out].shape[axis]; ++at) {
          Bindings bindings = bound(c);
          for (size_t k = 0; k < followed.size(); ++k) {
            if (followed[k] < 0) continue;
            ASSERT_EQ(bindings[k].second.shape.at(static_cast<size_t>(followed[k])), whole[out].shape[axis]);
            bindings[k].second = contiguous(cut(bindings[k].second, followed[k], at));
          }
          if (has_sizes) continue;
          const Array expected = contiguous(cut(whole[out], static_cast<int>(axis), at));
          expect_close(evaluate(c.outputs, bindings)[out], expected, "axis " + std::to_string(axis));
        }
      }
    }
  }
}

std::string row_name(const testing::TestParamInfo<const Op*>& info) { return std::string(info.param->name); }

std::vector<const Op*> rows() { return {all_ops().begin(), all_ops().end()}; }

INSTANTIATE_TEST_SUITE_P(All, Rows, testing::ValuesIn(rows()), row_name);

}  // namespace
}  // namespace croton::test
