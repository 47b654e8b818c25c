// Rows that draw from a random state as NumPy's RandomState does: each gives the state after the draws, and the draws.
#include <cmath>

#include "ops/random_draw.h"

namespace croton {
namespace {

Sizes permutation_sizes(SizeQuery& q) {
  Sizes sizes = draw_sizes(q);
  sizes[1].push_back(q.scalar(1));
  q.require_not_negative(sizes[1].back(), "a permutation of {0} integers");
  return sizes;
}

// Long runs of numbers with the same arguments are drawn a piece at a time, so that their float64 values stay in the
// cache.
template <class F>
void give_pieces(const Node& node, const Draw& draw, std::vector<Array>& outputs, F&& fill) {
  constexpr int64_t piece = 1 << 10;
  const Array result = result_array(outputs, 1, node.types[1].dtype, draw.shape);
  const int64_t item = item_size(result.dtype);
  double numbers[piece];
  for (int64_t first = 0; first < result.size(); first += piece) {
    const int64_t now = std::min(piece, result.size() - first);
    std::byte* const to = result.data + first * item;
    if (result.dtype == DType::f64) {
      fill(reinterpret_cast<double*>(to), now);
      continue;
    }
    fill(numbers, now);
    if (result.dtype == DType::f32) {
      std::copy_n(numbers, now, reinterpret_cast<float*>(to));
    } else {
      for (int64_t k = 0; k < now; ++k) store_double(to + k * item, result.dtype, numbers[k]);
    }
  }
  outputs.assign({draw.state, result});
}

// --------------------------------------------------------------------------------------------------- distributions

void uniform_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Argument<double> low(inputs[1], draw.shape), high(inputs[2], draw.shape);
  if (low.is_scalar && high.is_scalar) {
    const double start = low.first(), range = high.first() - start;
    if (!std::isfinite(range)) raise<OverflowError>("Range exceeds valid bounds");
    return give_pieces(node, draw, outputs,
                       [&](double* to, int64_t count) { draw.generator.uniforms(to, count, start, range); });
  }
  const auto numbers = draw.each([&](const Index& index) {
    const double start = low.at(index), range = high.at(index) - start;
    return start + range * draw.generator.uniform();
  });
  give(node, draw, numbers.data(), draw.shape, outputs);
}

void normal_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Argument<double> mean(inputs[1], draw.shape), deviation(inputs[2], draw.shape);
  if (!deviation.all([](double x) { return !std::signbit(x); })) raise<ValueError>("scale < 0");
  if (mean.is_scalar && deviation.is_scalar) {
    const double center = mean.first(), scale = deviation.first();
    return give_pieces(node, draw, outputs, [&](double* to, int64_t count) {
      draw.generator.normals(to, count);
      for (int64_t k = 0; k < count; ++k) to[k] = center + scale * to[k];
    });
  }
  const auto numbers =
      draw.each([&](const Index& index) { return mean.at(index) + deviation.at(index) * draw.generator.normal(); });
  give(node, draw, numbers.data(), draw.shape, outputs);
}

void binomial_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Argument<int64_t> trials(inputs[1], draw.shape);
  const Argument<double> p(inputs[2], draw.shape);
  if (!p.all([](double x) { return x >= 0 && x <= 1; })) raise<ValueError>("p < 0, p > 1 or p is NaN");
  if (!trials.all([](int64_t n) { return n >= 0; })) raise<ValueError>("n < 0");
  const auto numbers =
      draw.each_integer([&](const Index& index) { return draw.generator.binomial(trials.at(index), p.at(index)); });
  give(node, draw, numbers.data(), draw.shape, outputs);
}

void poisson_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  constexpr double most = 9.223372006484771e18;  // what integers hold, less ten deviations
  Draw draw(node, inputs, outputs);
  const Argument<double> rate(inputs[1], draw.shape);
  if (!rate.all([](double x) { return x >= 0; })) raise<ValueError>("lam < 0 or lam is NaN");
  if (!rate.all([](double x) { return x <= most; })) raise<ValueError>("lam value too large");
  const auto numbers = draw.each_integer([&](const Index& index) { return draw.generator.poisson(rate.at(index)); });
  give(node, draw, numbers.data(), draw.shape, outputs);
}

void integers_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Argument<int64_t> low(inputs[1], draw.shape), high(inputs[2], draw.shape);
  const auto numbers = draw.each_integer([&](const Index& index) {
    const int64_t from = low.at(index), to = high.at(index);
    if (from > to) raise<ValueError>("low >= high");
    const uint64_t range = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    return static_cast<int64_t>(static_cast<uint64_t>(from) + draw.generator.up_to(range));
  });
  give(node, draw, numbers.data(), draw.shape, outputs);
}

void permutation_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const int64_t length = integer_value(inputs[1]);
  if (length < 0) raise<ValueError>("a permutation of {} integers", length);
  std::vector<int64_t> shape = draw.shape;
  shape.push_back(length);
  std::vector<int64_t> all(static_cast<size_t>(draw.count() * length));
  for (int64_t first = 0; length > 0 && first < std::ssize(all); first += length) {
    std::iota(all.begin() + first, all.begin() + first + length, int64_t{0});
    draw.generator.shuffle(all.data() + first, length);
  }
  give(node, draw, all.data(), std::move(shape), outputs);
}

std::vector<Type> permutation_type(const TypeQuery& q) {
  require_integer_scalar(q, 1, "n");
  return line_draw_type(q);
}

// ------------------------------------------------------------------------------------------------------------ rows

}  // namespace

std::vector<Op> random_state_rows() {
  return {
      draw_row(2,
               {.name = "random_uniform",
                .doc = "The state after the draws, and numbers from low to high. Inputs: the state, low, high, sizes.",
                .value = uniform_value}),
      draw_row(2, {.name = "random_normal",
                   .doc = "The state after the draws, and normal numbers. Inputs: the state, mean, deviation, sizes.",
                   .value = normal_value}),
      draw_row(2,
               {.name = "random_binomial",
                .doc = "The state after the draws, and how many of n trials succeed. Inputs: the state, n, p, sizes.",
                .value = binomial_value}),
      draw_row(1, {.name = "random_poisson",
                   .doc = "The state after the draws, and Poisson numbers. Inputs: the state, the rate, sizes.",
                   .value = poisson_value}),
      draw_row(2, {.name = "random_integers",
                   .doc = "The state after the draws, and integers from low to high, both included. Inputs: the state, "
                          "low, high, sizes.",
                   .value = integers_value}),
      draw_row(1,
               {.name = "random_permutation",
                .doc = "The state after the draws, and orders of the integers below n along a last axis. Inputs: the "
                       "state, n, sizes.",
                .type = permutation_type,
                .sizes = permutation_sizes,
                .value = permutation_value}),
  };
}

}  // namespace croton
