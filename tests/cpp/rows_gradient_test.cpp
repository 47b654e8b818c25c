// Tests generated from the rows: gradients, tangents and second gradients against central differences in double.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "autodiff/forward.h"
#include "autodiff/reverse.h"
#include "base/error.h"
#include "base/text.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "support/evaluate.h"
#include "support/samples.h"

namespace croton::test {
namespace {

Array random_like(const Array& like, std::mt19937& random) {
  Array array = new_array(like.dtype, like.shape);
  for_each_element(array, [&](int64_t, std::byte* p) {
    const double real = 0.5 + static_cast<double>(random()) / 0x1p32;
    store_complex(p, like.dtype, {real, is_complex(like.dtype) ? static_cast<double>(random()) / 0x1p32 - 0.5 : 0});
  });
  return array;
}

// sum over k of sum(a[k] * b[k]), of complex numbers as of points of the plane
double inner(std::span<const Array> a, std::span<const Array> b) {
  double total = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    const auto x = values_of(a[k]), y = values_of(b[k]);
    for (size_t i = 0; i < x.size(); ++i) total += x[i] * y[i];
  }
  return total;
}

// A derivative by central differences of two widths. `smooth` is false where they disagree: a kink or a jump is near.
struct Slope {
  double value = 0;
  bool smooth = true;
};

template <class F>
Slope slope(F&& f) {
  constexpr double h = 2e-4;
  const double wide = (f(h) - f(-h)) / (2 * h), narrow = (f(h / 2) - f(-h / 2)) / h;
  // The difference of the two is of order h^2, with a constant that the sampled domains keep moderate.
  return {(4 * narrow - wide) / 3, std::fabs(wide - narrow) <= 1e-3 * (1 + std::fabs(narrow))};
}

struct Counts {
  int checked = 0, skipped = 0;
};

// Compares `gradients` (with respect to float arrays) with slopes of f(arrays).
template <class F>
void check_gradients(std::vector<Array> point, std::span<const Array> gradients, F&& f, Counts& counts,
                     const std::string& what) {
  for (size_t k = 0; k < point.size(); ++k) {
    const Array original = point[k];
    const auto expected = values_of(gradients[k]);
    ASSERT_EQ(gradients[k].shape, original.shape) << what;
    for (int64_t i = 0; i < static_cast<int64_t>(expected.size()); ++i) {  // a complex element has two parts
      const Slope s = slope([&](double h) {
        Array moved = new_array(original.dtype, original.shape);
        copy_into(moved, original);
        moved.as<double>()[i] += h;
        point[k] = moved;
        return f(point);
      });
      point[k] = original;
      ++(s.smooth ? counts.checked : counts.skipped);
      const double got = expected[static_cast<size_t>(i)];
      if (!s.smooth) continue;
      EXPECT_NEAR(got, s.value, 1e-6 * (1 + std::fabs(s.value))) << what << ", input " << k << ", element " << i;
    }
  }
}

// A sample with what its derivatives are taken in and of.
struct Problem {
  Case c;
  std::vector<Var> wrt, outputs;
  std::vector<Array> point;
  std::vector<size_t> positions;  // of wrt among the inputs
  bool is_double = true;          // differences say nothing about smaller floats

  double tolerance() const { return is_double ? 1e-9 : 1e-5; }
  Bindings bindings(std::span<const Array> at) const {
    Bindings result;
    for (size_t k = 0; k < c.inputs.size(); ++k) result.emplace_back(c.inputs[k], c.values[k]);
    for (size_t k = 0; k < positions.size(); ++k) result[positions[k]].second = at[k];
    return result;
  }
};

Problem make_problem(const Op& op, const Sample& sample) {
  Problem p;
  p.c = make_case(op, sample);
  for (size_t k = 0; k < p.c.inputs.size(); ++k) {
    if (is_discrete(p.c.inputs[k].type().dtype)) continue;
    p.wrt.push_back(p.c.inputs[k]);
    p.point.push_back(p.c.values[k]);
    p.positions.push_back(k);
  }
  for (const Var& y : p.c.outputs) {
    if (!is_discrete(y.type().dtype)) p.outputs.push_back(y);
  }
  const auto is_double = [](const Var& v) { return v.type().dtype == DType::f64 || v.type().dtype == DType::c128; };
  for (const Var& v : p.wrt) p.is_double &= is_double(v);
  for (const Var& v : p.outputs) p.is_double &= is_double(v);
  return p;
}

GradOptions ignore_disconnected() {
  GradOptions options;
  options.disconnected = GradOptions::Disconnected::ignore;
  return options;
}

class RowGradients : public testing::TestWithParam<const Op*> {
 protected:
  const Op& op() const { return *GetParam(); }

  template <class Check>
  void for_each_problem(Check&& check) {
    Counts counts;
    for (const Sample& sample : samples_of(op())) {
      if (!op().vjp || sample.declared_gradient) continue;
      const Problem p = make_problem(op(), sample);
      if (p.wrt.empty() || p.outputs.empty()) continue;
      SCOPED_TRACE(fmt::format("ints [{}]", join(sample.ints, ",")));
      try {
        check(p, counts);
      } catch (const Error& error) {
        ADD_FAILURE() << error.message << "\n" << debugprint(p.outputs);
      }
    }
    // Differences mean little near kinks; most points must lie elsewhere.
    EXPECT_LE(counts.skipped, counts.checked);
  }
};

std::vector<Array> seeds_for(const std::vector<Var>& outputs, const Bindings& bindings, std::vector<Var>& seeds,
                             std::mt19937& random) {
  std::vector<Array> values;
  for (const Array& y : evaluate(outputs, bindings)) values.push_back(random_like(y, random));
  for (const Var& y : outputs) seeds.push_back(new_input(y.type()));
  return values;
}

Bindings joined(Bindings bindings, const std::vector<Var>& more, const std::vector<Array>& values) {
  for (size_t k = 0; k < more.size(); ++k) bindings.emplace_back(more[k], values[k]);
  return bindings;
}

TEST_P(RowGradients, OfReverseModeMatchDifferences) {
  for_each_problem([&](const Problem& p, Counts& counts) {
    std::mt19937 random(7);
    std::vector<Var> seeds;
    const auto weights = seeds_for(p.outputs, p.bindings(p.point), seeds, random);
    UserBuilder builder;
    const auto gradients = Lop(p.outputs, p.wrt, seeds, ignore_disconnected(), builder);
    verify(gradients, "reverse mode");
    for (size_t k = 0; k < gradients.size(); ++k) {
      Type expected = p.wrt[k].type();
      // The gradient of a conversion has the dtype of the result, as in Theano.
      if (op().name == "cast") expected.dtype = p.outputs[0].type().dtype;
      if (!is_complex(expected.dtype)) {
        EXPECT_EQ(gradients[k].type(), expected);
      }
    }
    const auto got = evaluate(gradients, joined(p.bindings(p.point), seeds, weights));
    if (!p.is_double) return;
    const auto f = [&](std::span<const Array> at) { return inner(evaluate(p.outputs, p.bindings(at)), weights); };
    check_gradients(p.point, got, f, counts, "gradient");
  });
}

TEST_P(RowGradients, OfForwardModeAreAdjointToThoseOfReverseMode) {
  for_each_problem([&](const Problem& p, Counts&) {
    std::mt19937 random(8);
    std::vector<Var> seeds, directions;
    const auto weights = seeds_for(p.outputs, p.bindings(p.point), seeds, random);
    std::vector<Array> moves;
    for (size_t k = 0; k < p.wrt.size(); ++k) {
      directions.push_back(new_input(p.wrt[k].type()));
      moves.push_back(random_like(p.point[k], random));
    }
    UserBuilder builder;
    const auto gradients = Lop(p.outputs, p.wrt, seeds, ignore_disconnected(), builder);
    const auto tangents = Rop(p.outputs, p.wrt, directions, builder);
    verify(tangents, "forward mode");
    for (size_t k = 0; k < tangents.size(); ++k) EXPECT_EQ(tangents[k].type(), p.outputs[k].type());
    const Bindings bindings = joined(joined(p.bindings(p.point), seeds, weights), directions, moves);
    const double left = inner(evaluate(gradients, bindings), moves),
                 right = inner(evaluate(tangents, bindings), weights);
    EXPECT_NEAR(left, right, p.tolerance() * (1 + std::fabs(left)));
  });
}

TEST_P(RowGradients, OfEachInputAloneMoveForward) {
  for_each_problem([&](const Problem& p, Counts&) {
    std::mt19937 random(9);
    for (size_t k = 0; k < p.wrt.size(); ++k) {
      std::vector<Var> seeds;
      const auto weights = seeds_for(p.outputs, p.bindings(p.point), seeds, random);
      const Var direction = new_input(p.wrt[k].type());
      const Array move = random_like(p.point[k], random);
      UserBuilder builder;
      const auto tangents = Rop(p.outputs, std::span(&p.wrt[k], 1), std::span(&direction, 1), builder);
      const auto gradient = Lop(p.outputs, std::span(&p.wrt[k], 1), seeds, ignore_disconnected(), builder);
      const Bindings bindings = joined(joined(p.bindings(p.point), seeds, weights), {direction}, {move});
      const double left = inner(evaluate(gradient, bindings), std::span(&move, 1));
      EXPECT_NEAR(left, inner(evaluate(tangents, bindings), weights), p.tolerance() * (1 + std::fabs(left)));
    }
  });
}

// In a program in float32 nothing becomes float64 by itself.
TEST_P(RowGradients, StayInFloat32) {
  for (Sample sample : samples_of(op())) {
    if (!op().vjp || !sample.bodies.empty()) continue;
    bool only_float32 = true;
    for (SampleInput& input : sample.inputs) {
      if (is_float(input.dtype)) input.dtype = DType::f32;
      only_float32 &= input.dtype == DType::f32 || is_bool(input.dtype) || input.shape.empty();
    }
    const Problem p = make_problem(op(), sample);
    if (p.wrt.empty() || p.outputs.empty() || p.outputs[0].type().dtype != DType::f32) continue;
    std::vector<Var> seeds, directions;
    for (const Var& y : p.outputs) seeds.push_back(new_input(y.type()));
    for (const Var& x : p.wrt) directions.push_back(new_input(x.type()));
    UserBuilder builder;
    std::vector<Var> made = Lop(p.outputs, p.wrt, seeds, ignore_disconnected(), builder);
    for (size_t k = 0; k < made.size(); ++k) EXPECT_EQ(made[k].type(), p.wrt[k].type());
    for (const Var& tangent : Rop(p.outputs, p.wrt, directions, builder, DType::f32)) made.push_back(tangent);
    for (const Var& v : ancestors(made)) {
      EXPECT_FALSE(only_float32 && v.type().dtype == DType::f64) << debugprint(std::vector<Var>{v});
    }
  }
}

// The gradient of <gradient, r> with respect to the inputs and to the seeds of the first gradient.
TEST_P(RowGradients, HaveGradients) {
  for_each_problem([&](const Problem& p, Counts& counts) {
    std::mt19937 random(10);
    std::vector<Var> seeds, second_seeds;
    const auto weights = seeds_for(p.outputs, p.bindings(p.point), seeds, random);
    UserBuilder builder;
    const auto first = Lop(p.outputs, p.wrt, seeds, ignore_disconnected(), builder);
    const auto second_weights = seeds_for(first, joined(p.bindings(p.point), seeds, weights), second_seeds, random);
    std::vector<Var> wrt = p.wrt;
    wrt.insert(wrt.end(), seeds.begin(), seeds.end());
    const auto second = Lop(first, wrt, second_seeds, ignore_disconnected(), builder);
    verify(second, "reverse mode, twice");
    const auto got =
        evaluate(second, joined(joined(p.bindings(p.point), seeds, weights), second_seeds, second_weights));
    if (!p.is_double) return;
    std::vector<Array> point = p.point;
    point.insert(point.end(), weights.begin(), weights.end());
    const auto f = [&](std::span<const Array> at) {
      const std::vector<Array> moved_weights(at.begin() + static_cast<std::ptrdiff_t>(p.wrt.size()), at.end());
      return inner(evaluate(first, joined(p.bindings(at), seeds, moved_weights)), second_weights);
    };
    check_gradients(point, got, f, counts, "second gradient");
  });
}

std::vector<const Op*> rows() {
  std::vector<const Op*> result;
  for (const Op* op : all_ops()) {
    if (!op->has(leaf)) result.push_back(op);
  }
  return result;
}

std::string row_name(const testing::TestParamInfo<const Op*>& info) { return std::string(info.param->name); }

INSTANTIATE_TEST_SUITE_P(All, RowGradients, testing::ValuesIn(rows()), row_name);

}  // namespace
}  // namespace croton::test
