// Rows that choose by a random state as NumPy's RandomState does: multinomial counts, and elements of a population.
#include <cmath>
#include <set>

#include "ops/random_draw.h"

namespace croton {
namespace {

// ----------------------------------------------------------------------------------------------------- multinomial

Sizes multinomial_sizes(SizeQuery& q) {
  Sizes sizes = draw_sizes(q);
  sizes[1].push_back(q.dim(2, q.node->inputs[2].type().rank - 1));
  return sizes;
}

// Probabilities whose sum is a little above one are made smaller, and so are those with a small last one.
std::vector<double> scaled_probabilities(const Array& p, const std::byte* from) {
  const auto count = static_cast<size_t>(p.shape.back());
  std::vector<double> values(count);
  double sum = 0;
  for (size_t k = 0; k < count; ++k) {
    values[k] = element_as_double(from + static_cast<int64_t>(k) * p.strides.back(), p.dtype);
    if (!(values[k] >= 0)) raise<ValueError>("multinomial: a probability is negative or NaN");
    sum += values[k];
  }
  if ((sum > 1.0 && sum < 1.0 + 1e-5) || (count > 0 && values.back() < 5e-5)) {
    for (double& x : values)
      x = p.dtype == DType::f32 ? static_cast<float>(x) * static_cast<float>(1.0 - 5e-5) : x * (1.0 - 5e-5);
    sum = std::accumulate(values.begin(), values.end(), 0.0);
  }
  if (sum > 1.0) raise<ValueError>("multinomial: the probabilities add up to {}, which is more than 1", sum);
  return values;
}

void multinomial_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Argument<int64_t> trials(inputs[1], draw.shape);
  const Array& p = inputs[2];
  const int64_t outcomes = p.shape.back();
  const size_t lead = draw.shape.size() + 1 - p.shape.size();
  std::vector<int64_t> counts(static_cast<size_t>(draw.count() * outcomes));
  int64_t* to = counts.data();
  for_each_index(draw.shape, [&](const Index& index) {
    const int64_t n = trials.at(index);
    if (n < 0) raise<ValueError>("n < 0");
    const std::byte* from = p.data;
    for (size_t axis = 0; axis + 1 < p.shape.size(); ++axis) {
      const int64_t size = p.shape[axis];
      if (size != 1 && size != draw.shape[axis + lead])
        raise<ValueError>("pvals of shape {} cannot be broadcast to the size {}", tuple_text(p.shape),
                          tuple_text(draw.shape));
      if (size != 1) from += index[axis + lead] * p.strides[axis];
    }
    const std::vector<double> probabilities = scaled_probabilities(p, from);
    if (outcomes > 0) draw.generator.multinomial(n, probabilities.data(), outcomes, to);
    to += outcomes;
  });
  std::vector<int64_t> shape = draw.shape;
  shape.push_back(outcomes);
  give(node, draw, counts.data(), std::move(shape), outputs);
}

std::vector<Type> multinomial_type(const TypeQuery& q) {
  if (tensor_input(q, 2).rank == 0) raise<TypeError>("multinomial: pvals has no axis");
  std::vector<Type> types = line_draw_type(q);
  if (q.in(2).rank > types[1].rank || q.in(1).rank >= types[1].rank)
    raise<ValueError>("multinomial: n and pvals have more axes than the draws");
  if (q.in(2).broadcasts(q.in(2).rank - 1)) set_one(types[1], types[1].rank - 1);
  return types;
}

// ---------------------------------------------------------------------------------------------------------- choice

std::vector<double> cumulative(const std::vector<double>& p) {
  std::vector<double> sums(p.size());
  std::partial_sum(p.begin(), p.end(), sums.begin());
  const double total = sums.back();
  for (double& x : sums) x /= total;
  return sums;
}

int64_t place_of(const std::vector<double>& sums, double x) {
  return std::upper_bound(sums.begin(), sums.end(), x) - sums.begin();
}

// What was found is taken out, and the missing ones are drawn again.
std::vector<int64_t> choose_once(Mersenne& generator, std::vector<double> p, int64_t count) {
  std::vector<int64_t> found;
  while (std::ssize(found) < count) {
    std::vector<double> draws(static_cast<size_t>(count - std::ssize(found)));
    for (double& x : draws) x = generator.uniform();
    for (const int64_t k : found) p[static_cast<size_t>(k)] = 0;
    const std::vector<double> sums = cumulative(p);
    std::set<int64_t> seen;
    for (const double x : draws) {
      const int64_t k = place_of(sums, x);
      if (seen.insert(k).second) found.push_back(k);
    }
  }
  return found;
}

std::vector<double> checked_probabilities(const Array& p, int64_t population, int64_t wanted, bool replace) {
  const Array numbers = converted(p, DType::f64);
  std::vector<double> values(numbers.as<double>(), numbers.as<double>() + numbers.size());
  if (std::ssize(values) != population) raise<ValueError>("'a' and 'p' must have same size");
  if (std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); }))
    raise<ValueError>("probabilities contain NaN");
  if (std::any_of(values.begin(), values.end(), [](double x) { return x < 0; }))
    raise<ValueError>("probabilities are not non-negative");
  const double epsilon = p.dtype == DType::f16 ? 0x1p-10 : p.dtype == DType::f32 ? 0x1p-23 : 0x1p-52;
  if (std::fabs(std::accumulate(values.begin(), values.end(), 0.0) - 1) > std::sqrt(epsilon))
    raise<ValueError>("probabilities do not sum to 1");
  if (!replace && std::count_if(values.begin(), values.end(), [](double x) { return x > 0; }) < wanted)
    raise<ValueError>("Fewer non-zero entries in p than size");
  return values;
}

void choice_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Draw draw(node, inputs, outputs);
  const Array& a = inputs[1];
  const bool replace = integer_value(inputs[2]) != 0, is_weighted = inputs[3].size() > 0;
  const int64_t population = a.rank() == 0 ? element_as_integer(a.data, a.dtype) : a.shape[0], wanted = draw.count();
  if (population <= 0 && wanted > 0) raise<ValueError>("a must be greater than 0 unless no samples are taken");
  if (!replace && wanted > population)
    raise<ValueError>("Cannot take a larger sample than population when 'replace=False'");
  std::vector<double> p;
  if (is_weighted) p = checked_probabilities(inputs[3], population, wanted, replace);
  std::vector<int64_t> places(static_cast<size_t>(wanted));
  if (is_weighted && replace) {
    const std::vector<double> sums = cumulative(p);
    for (int64_t& k : places) k = place_of(sums, draw.generator.uniform());
  } else if (is_weighted) {
    places = choose_once(draw.generator, p, wanted);
  } else if (replace) {
    for (int64_t& k : places) k = static_cast<int64_t>(draw.generator.up_to(static_cast<uint64_t>(population - 1)));
  } else {
    std::vector<int64_t> order(static_cast<size_t>(std::max<int64_t>(0, population)));
    std::iota(order.begin(), order.end(), int64_t{0});
    draw.generator.shuffle(order.data(), std::ssize(order));
    std::copy_n(order.begin(), wanted, places.begin());
  }
  if (a.rank() == 0) return give(node, draw, places.data(), draw.shape, outputs);
  const Array chosen = converted(a, node.types[1].dtype);
  const Array result = result_array(outputs, 1, chosen.dtype, draw.shape);
  const int64_t item = item_size(chosen.dtype);
  for (size_t k = 0; k < places.size(); ++k) {
    copy_element(result.data + static_cast<int64_t>(k) * item, chosen.data + places[k] * item, chosen.dtype);
  }
  outputs.assign({draw.state, result});
}

std::vector<Type> choice_type(const TypeQuery& q) {
  const std::vector<Type> types = draw_type(q);
  if (q.in(1).rank > 1) raise<ValueError>("a.ndim ({}) must be 0 or 1", q.in(1).rank);
  if (q.in(3).rank != 1) raise<ValueError>("p.ndim ({}) must be 1", q.in(3).rank);
  return types;
}

}  // namespace

std::vector<Op> random_choice_rows() {
  return {
      draw_row(3,
               {.name = "random_choice",
                .doc = "The state after the draws, and elements of the vector a, or of the integers below the scalar "
                       "a. Inputs: the state, a, whether one may come again, their probabilities (none: all the "
                       "same), sizes.",
                .type = choice_type,
                .value = choice_value}),
      draw_row(2, {.name = "random_multinomial",
                   .doc = "The state after the draws, and how often each outcome comes in n trials, along a last axis. "
                          "Inputs: the state, n, the probabilities, sizes.",
                   .type = multinomial_type,
                   .sizes = multinomial_sizes,
                   .value = multinomial_value}),
  };
}

}  // namespace croton
