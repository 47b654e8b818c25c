// Tests generated from the rule table: every rule fires on its samples, keeps their values as its kind promises, ends,
// and can be switched off by its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

#include "base/error.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/print.h"
#include "rewrite/pattern.h"
#include "rewrite/rewriter.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

using RuleSample = croton::Sample;

// ------------------------------------------------------------------------------------------------------------- samples

// The wildcards of a pattern, as inputs of a sample.
void collect_wildcards(const Var& pattern, std::vector<std::pair<int64_t, Wildcard>>& found) {
  const Node& node = *pattern.node;
  if (node.inputs.empty() && node.attributes.ints.size() == 2) {
    found.emplace_back(node.attributes.ints[0], static_cast<Wildcard>(node.attributes.ints[1]));
  }
  for (const Var& input : node.inputs) collect_wildcards(input, found);
}

RuleSample pattern_sample(const Rule& rule, DType dtype) {
  std::vector<std::pair<int64_t, Wildcard>> wildcards;
  collect_wildcards(rule.left, wildcards);
  UserBuilder builder;
  RuleSample sample;
  sample.domain = rule.domain;
  croton::Bindings bindings;
  for (const auto& [number, what] : wildcards) {
    Var& bound = bindings[static_cast<size_t>(number)];
    if (bound) continue;
    if (what == Wildcard::constant) {
      bound = builder.constant(dtype, number == 2 ? 5 : 3).var;
    } else {
      bound = new_input(tensor_type(dtype, 2));
      sample.inputs.push_back(bound);
    }
  }
  sample.outputs = {substituted(builder, rule.left, bindings, dtype).var};
  return sample;
}

bool takes_integers(const Rule& rule) {
  std::vector<std::pair<int64_t, Wildcard>> wildcards;
  collect_wildcards(rule.left, wildcards);
  return std::all_of(wildcards.begin(), wildcards.end(), [](const auto& w) { return w.second == Wildcard::any; });
}

std::vector<RuleSample> samples_of(const Rule& rule) {
  if (rule.samples) return rule.samples();
  std::vector<RuleSample> samples{pattern_sample(rule, DType::f64), pattern_sample(rule, DType::f32)};
  if (takes_integers(rule)) samples.push_back(pattern_sample(rule, DType::i16));
  return samples;
}

// -------------------------------------------------------------------------------------------------------------- values

const std::vector<double> special_values = {0.0, -0.0,  1,      -1,     2,      -2.5, 0.5,   HUGE_VAL, -HUGE_VAL,
                                            NAN, 1e300, -1e300, 1e-300, 5e-324, 1e30, 1e-30, 1e-45,    3};

enum class Draw { domain, special };

Array drawn(const Type& type, const std::vector<int64_t>& sizes, Range domain, Draw draw, std::mt19937& random) {
  std::vector<int64_t> shape;
  for (int axis = 0; axis < type.rank; ++axis) {
    shape.push_back(type.broadcasts(axis) ? 1 : sizes[static_cast<size_t>(axis)]);
  }
  Array array = new_array(type.dtype, shape);
  std::uniform_real_distribution<double> uniform(domain.low, domain.high);
  for_each_element(array, [&](int64_t, std::byte* p) {
    if (is_discrete(type.dtype)) {
      const bool extreme = draw == Draw::special && random() % 3 == 0;
      store_integer(p, type.dtype, extreme ? (random() % 2 ? 127 : -128) : static_cast<int64_t>(random() % 7) - 3);
    } else {
      store_double(p, type.dtype,
                   draw == Draw::special ? special_values[random() % special_values.size()] : uniform(random));
    }
  });
  return array;
}

Bindings bindings_for(const RuleSample& sample, const std::vector<int64_t>& sizes, Draw draw, unsigned seed) {
  std::mt19937 random(seed);
  Bindings bindings;
  for (const Var& input : sample.inputs)
    bindings.emplace_back(input, drawn(input.type(), sizes, sample.domain, draw, random));
  return bindings;
}

// No values when the graph fails on these inputs (a maximum of nothing, an index that is outside).
std::optional<std::vector<Array>> values_or_failure(std::span<const Var> outputs, const Bindings& bindings) {
  try {
    return evaluate(outputs, bindings);
  } catch (const InternalError&) {
    throw;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool same_bits(const std::byte* a, const std::byte* b, DType dtype) {
  if (!is_discrete(dtype) && std::isnan(element_as_double(a, dtype))) return std::isnan(element_as_double(b, dtype));
  return std::memcmp(a, b, static_cast<size_t>(item_size(dtype))) == 0;
}

bool is_close(const std::byte* a, const std::byte* b, DType dtype) {
  if (is_discrete(dtype)) return std::memcmp(a, b, static_cast<size_t>(item_size(dtype))) == 0;
  const double x = element_as_double(a, dtype), y = element_as_double(b, dtype);
  const double relative = dtype == DType::f64 ? 1e-11 : 3e-5;
  return (std::isnan(x) && std::isnan(y)) || std::fabs(x - y) <= relative * std::max(1.0, std::fabs(x));
}

::testing::AssertionResult agree(const Array& expected, const Array& found, bool bits) {
  if (expected.shape != found.shape || expected.dtype != found.dtype) {
    return ::testing::AssertionFailure() << "shapes or dtypes differ: " << text_of(expected) << " and "
                                         << text_of(found);
  }
  const Array a = contiguous(expected), b = contiguous(found);
  const int64_t item = item_size(a.dtype);
  for (int64_t k = 0; k < a.size(); ++k) {
    const std::byte *x = a.data + k * item, *y = b.data + k * item;
    if (bits ? same_bits(x, y, a.dtype) : is_close(x, y, a.dtype)) continue;
    return ::testing::AssertionFailure() << "element " << k << ": " << element_as_double(x, a.dtype) << " became "
                                         << element_as_double(y, a.dtype);
  }
  return ::testing::AssertionSuccess();
}

// --------------------------------------------------------------------------------------------------------------- tests

struct Rewritten {
  InternBuilder builder;
  RewriteStatistics statistics;
  std::vector<Var> outputs;
};

std::unique_ptr<Rewritten> apply_alone(const Rule& rule, const RuleSample& sample) {
  auto result = std::make_unique<Rewritten>();
  for (size_t k = 0; k < sample.inputs.size(); ++k)
    result->builder.register_leaf(sample.inputs[k], static_cast<int>(k));
  const std::vector<Var> interned = intern(sample.outputs, result->builder);
  const Rule* const alone[] = {&rule};
  result->outputs = apply_rules(alone, interned, result->builder, result->statistics);
  return result;
}

class RuleTest : public ::testing::TestWithParam<size_t> {
 protected:
  const Rule& rule() const { return all_rules()[GetParam()]; }
};

TEST_P(RuleTest, FiresOnItsSamplesAndEnds) {
  ASSERT_TRUE(rule().left || rule().samples) << "a rule with a function needs samples";
  for (const RuleSample& sample : samples_of(rule())) {
    const auto result = apply_alone(rule(), sample);
    EXPECT_GT(result->statistics.count(rule().name), 0) << debugprint(sample.outputs);
    EXPECT_FALSE(result->statistics.stopped) << debugprint(result->outputs);
    verify(result->outputs, "rewriting");
    for (size_t k = 0; k < sample.outputs.size(); ++k) {
      EXPECT_TRUE(refines(result->outputs[k].type(), sample.outputs[k].type()));
    }
  }
}

TEST_P(RuleTest, KeepsValues) {
  int compared = 0;
  for (const RuleSample& sample : samples_of(rule())) {
    const auto result = apply_alone(rule(), sample);
    for (const std::vector<int64_t>& sizes :
         {std::vector<int64_t>{3, 4, 2}, {1, 5, 1}, {5, 1, 3}, {0, 3, 2}, {3, 0, 2}}) {
      if (!sample.may_be_empty && (sizes[0] == 0 || sizes[1] == 0)) continue;
      const Bindings bindings = bindings_for(sample, sizes, Draw::domain, 7);
      const auto before = values_or_failure(sample.outputs, bindings);
      if (!before) continue;
      const auto after = values_or_failure(result->outputs, bindings);
      ASSERT_TRUE(after) << "a call that succeeded fails now:\n" << debugprint(result->outputs);
      for (size_t k = 0; k < before->size(); ++k) {
        EXPECT_TRUE(agree((*before)[k], (*after)[k], rule().kind == RuleKind::exact))
            << debugprint(sample.outputs) << "became\n"
            << debugprint(result->outputs);
        compared += (*before)[k].size() > 0;
      }
    }
  }
  EXPECT_GT(compared, 0);
}

TEST_P(RuleTest, KeepsBitsOfSpecialValuesIfExact) {
  if (rule().kind != RuleKind::exact) return;  // the other kinds promise nothing there
  for (const RuleSample& sample : samples_of(rule())) {
    const auto result = apply_alone(rule(), sample);
    for (unsigned seed = 1; seed <= 20; ++seed) {
      const Bindings bindings = bindings_for(sample, {6, 7, 2}, Draw::special, seed);
      const auto before = values_or_failure(sample.outputs, bindings);
      if (!before) continue;
      const std::vector<Array> after = evaluate(result->outputs, bindings);
      for (size_t k = 0; k < before->size(); ++k) {
        ASSERT_TRUE(agree((*before)[k], after[k], true)) << debugprint(sample.outputs) << "became\n"
                                                         << debugprint(result->outputs);
      }
    }
  }
}

TEST_P(RuleTest, IsSwitchedOffByItsName) {
  RewriteOptions options;
  options.fast_math = true;
  EXPECT_TRUE(is_chosen(rule(), options));
  options.excluding = {std::string(rule().name)};
  EXPECT_FALSE(is_chosen(rule(), options));
  for (const RuleSample& sample : samples_of(rule())) {
    InternBuilder builder;
    const RewriteResult result = rewrite(intern(sample.outputs, builder), builder, options);
    EXPECT_EQ(result.statistics.count(rule().name), 0);
  }
}

TEST_P(RuleTest, WorksAmongAllOthers) {
  for (const RuleSample& sample : samples_of(rule())) {
    InternBuilder builder;
    RewriteOptions options;
    options.after_phase = [](std::span<const Var> outputs, std::string_view phase) { verify(outputs, phase); };
    const RewriteResult result = rewrite(intern(sample.outputs, builder), builder, options);
    EXPECT_FALSE(result.statistics.stopped);
    const Bindings bindings = bindings_for(sample, {3, 4, 2}, Draw::domain, 11);
    const auto before = values_or_failure(sample.outputs, bindings);
    if (!before) continue;
    const std::vector<Array> after = evaluate(result.outputs, bindings);
    for (size_t k = 0; k < before->size(); ++k) {
      EXPECT_TRUE(agree((*before)[k], after[k], false)) << debugprint(sample.outputs) << "became\n"
                                                        << debugprint(result.outputs);
    }
  }
}

std::string test_name(const ::testing::TestParamInfo<size_t>& info) {
  return fmt::format("{}_{}", all_rules()[info.param].name, info.param);
}

INSTANTIATE_TEST_SUITE_P(Table, RuleTest, ::testing::Range(size_t{0}, all_rules().size()), test_name);

}  // namespace
}  // namespace croton::test
