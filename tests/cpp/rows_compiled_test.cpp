// Tests generated from the rows: compiled programs against the reference values, for values and for gradients.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>

#include "autodiff/reverse.h"
#include "base/error.h"
#include "base/text.h"
#include "compile/function.h"
#include "ir/clone.h"
#include "ir/op.h"
#include "ir/print.h"
#include "support/evaluate.h"
#include "support/samples.h"

namespace croton::test {
namespace {

std::shared_ptr<Function> compiled(std::span<const Var> outputs, const std::vector<Var>& inputs, const Mode& mode) {
  FunctionSpec spec;
  for (const Var& x : inputs) spec.inputs.push_back({.variable = x, .name = ""});
  for (const Var& y : outputs) spec.outputs.push_back({.variable = y});
  spec.mode = mode;
  spec.on_unused = OnUnused::ignore;
  return compile(std::move(spec));
}

// Distance between two floats in units of the last place of the larger.
double distance_in_ulps(double a, double b, DType dtype) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return HUGE_VAL;
  const bool wide = dtype == DType::f64 || dtype == DType::c128, single = dtype == DType::f32 || dtype == DType::c64;
  const int bits = wide ? 52 : single ? 23 : 10;
  const int smallest = wide ? -1022 : single ? -126 : -14;
  const int exponent = std::max(std::ilogb(std::max(std::fabs(a), std::fabs(b))), smallest);
  return std::fabs(a - b) / std::ldexp(1.0, exponent - bits);
}

// What a row promises: an elementwise row its `ulp` beyond the reference's rounding, others a few roundings of their
// terms.
void expect_equal(const Op& op, const Array& got, const Array& expected, const std::string& what) {
  ASSERT_EQ(got.dtype, expected.dtype) << what;
  ASSERT_EQ(got.shape, expected.shape) << what;
  const auto x = values_of(got), y = values_of(expected);
  const double unit = got.dtype == DType::f64 || got.dtype == DType::c128 ? 0x1p-52
                      : got.dtype == DType::f32                           ? 0x1p-23
                                                                          : 0x1p-10;
  for (size_t k = 0; k < x.size(); ++k) {
    const bool is_exact = is_discrete(got.dtype);
    const bool is_near =
        !is_exact && (distance_in_ulps(x[k], y[k], got.dtype) <= op.ulp + 0.5 ||
                      (!op.is_elementwise() && std::fabs(x[k] - y[k]) <= 64 * unit * (1 + std::fabs(y[k]))));
    EXPECT_TRUE(is_exact ? x[k] == y[k] : is_near) << what << ": " << text_of(got) << " and " << text_of(expected);
  }
}

Bindings bound(const std::vector<Var>& inputs, const std::vector<Array>& values) {
  Bindings bindings;
  for (size_t k = 0; k < inputs.size(); ++k) bindings.emplace_back(inputs[k], values[k]);
  return bindings;
}

constexpr DType all_dtypes[] = {DType::b1,  DType::i8,  DType::i16, DType::i32, DType::i64, DType::u8,  DType::u16,
                                DType::u32, DType::u64, DType::f16, DType::f32, DType::f64, DType::c64, DType::c128};

struct NamedMode {
  std::string name;
  Mode mode;
};

std::vector<NamedMode> modes() {
  Mode checked, plain, interpreted;
  checked.checked = checked.verify = true;
  plain.optimizer = Mode::Optimizer::none;
  plain.fuse = false;
  plain.checked = plain.verify = true;
  interpreted.interpret = true;
  return {{"fast_run", checked}, {"unfused", plain}, {"interpreted", interpreted}};
}

// Also records which nodes no compiled code computed, in a test's property: tools/fallbacks.py has the judgement.
class CompiledRows : public testing::TestWithParam<const Op*> {
 protected:
  const Op& op() const { return *GetParam(); }

  void TearDown() override { RecordProperty("host_calls", join(host_calls_, "; ")); }

  std::vector<Array> run(std::span<const Var> outputs, const std::vector<Var>& inputs, const std::vector<Array>& values,
                         const Mode& mode) {
    const auto function = compiled(outputs, inputs, mode);
    for (const ProfileStep& step : function->profile().steps) {
      if (step.kind == "host" && !mode.interpret) host_calls_.insert(step.name);
    }
    return function->call(values);
  }

  void check(const Sample& sample) {
    const Case c = make_case(op(), sample);
    const auto expected = evaluate(c.outputs, bound(c.inputs, c.values));
    for (const NamedMode& mode : modes()) {
      try {
        const auto got = run(c.outputs, c.inputs, c.values, mode.mode);
        for (size_t k = 0; k < got.size(); ++k) {
          expect_equal(op(), got[k], expected[k], fmt::format("{}, ints [{}]", mode.name, join(sample.ints, ",")));
        }
      } catch (const Error& error) {
        ADD_FAILURE() << mode.name << ": " << error.message << "\n" << debugprint(c.outputs);
      }
    }
  }

 private:
  std::set<std::string> host_calls_;
};

TEST_P(CompiledRows, GiveTheReferenceValues) {
  for (const Sample& sample : samples_of(op())) check(sample);
}

// Elementwise rows in every dtype that they take, over more than one vector and a tail.
TEST_P(CompiledRows, WorkInEveryDtype) {
  if (!op().is_elementwise() || !samples_of(op()).front().ints.empty()) return;
  for (const DType dtype : all_dtypes) {
    SampleInput input{dtype, {37}};
    if (is_integer(dtype)) {
      for (int k = 0; k < 37; ++k) input.values.push_back(1 + k % 7);
    }
    const Sample sample{.inputs = std::vector<SampleInput>(static_cast<size_t>(op().min_inputs), input)};
    try {
      make_case(op(), sample);
    } catch (const TypeError&) {
      continue;  // not a dtype of this row
    }
    SCOPED_TRACE(std::string(dtype_name(dtype)));
    check(sample);
  }
}

// Other rows: their first sample with its floats in another dtype, all of them or only the first one.
TEST_P(CompiledRows, TakeEveryDtypeOrRefuse) {
  const Sample first = samples_of(op()).front();
  if ((op().is_elementwise() && first.ints.empty()) || !first.bodies.empty()) return;
  std::vector<size_t> floats;
  for (size_t k = 0; k < first.inputs.size(); ++k) {
    if (first.inputs[k].dtype == DType::f64) floats.push_back(k);
  }
  for (const DType dtype : all_dtypes) {
    for (size_t count = floats.size(); count > 0; count = count > 1 ? 1 : 0) {
      Sample sample = first;
      for (size_t k = 0; k < count; ++k) sample.inputs[floats[k]].dtype = dtype;
      try {
        make_case(op(), sample);
      } catch (const Error&) {
        continue;  // not a dtype of this row
      }
      SCOPED_TRACE(fmt::format("{} x {}", dtype_name(dtype), count));
      check(sample);
    }
  }
}

TEST_P(CompiledRows, HaveTheReferenceGradients) {
  for (const Sample& sample : samples_of(op())) {
    if (!op().vjp) continue;
    const Case c = make_case(op(), sample);
    std::vector<Var> wrt, outputs, inputs = c.inputs;
    std::vector<Array> values = c.values;
    for (const Var& x : c.inputs) {
      if (!is_discrete(x.type().dtype)) wrt.push_back(x);
    }
    for (const Var& y : c.outputs) {
      if (!is_discrete(y.type().dtype)) outputs.push_back(y);
    }
    if (wrt.empty() || outputs.empty()) continue;
    std::vector<Var> seeds;
    for (const Array& y : evaluate(outputs, bound(inputs, values))) {
      seeds.push_back(new_input(outputs[seeds.size()].type()));
      Array weights = new_array(y.dtype, y.shape);
      for_each_element(weights, [&](int64_t k, std::byte* p) {
        store_complex(p, y.dtype, {0.5 + 0.25 * static_cast<double>(k % 5), is_complex(y.dtype) ? 0.3 : 0.0});
      });
      values.push_back(weights);
    }
    inputs.insert(inputs.end(), seeds.begin(), seeds.end());
    UserBuilder builder;
    GradOptions options;
    options.disconnected = GradOptions::Disconnected::ignore;
    const auto gradients = Lop(outputs, wrt, seeds, options, builder);
    const auto expected = evaluate(gradients, bound(inputs, values));
    for (const NamedMode& mode : modes()) {
      try {
        const auto got = run(gradients, inputs, values, mode.mode);
        for (size_t k = 0; k < got.size(); ++k) {
          const auto x = values_of(got[k]), y = values_of(expected[k]);
          ASSERT_EQ(got[k].shape, expected[k].shape);
          for (size_t i = 0; i < x.size(); ++i) {
            const bool is_double = got[k].dtype == DType::f64 || got[k].dtype == DType::c128;
            const double tolerance = is_double ? 1e-11 : 1e-4;
            EXPECT_NEAR(x[i], y[i], tolerance * (1 + std::fabs(y[i]))) << mode.name << join(sample.ints, ",");
          }
        }
      } catch (const Error& error) {
        ADD_FAILURE() << mode.name << ": " << error.message << "\n" << debugprint(gradients);
      }
    }
  }
}

std::vector<const Op*> rows() {
  std::vector<const Op*> result;
  for (const Op* op : all_ops()) {
    if (!samples_of(*op).empty()) result.push_back(op);
  }
  return result;
}

std::string row_name(const testing::TestParamInfo<const Op*>& info) { return std::string(info.param->name); }

INSTANTIATE_TEST_SUITE_P(All, CompiledRows, testing::ValuesIn(rows()), row_name);

}  // namespace
}  // namespace croton::test
