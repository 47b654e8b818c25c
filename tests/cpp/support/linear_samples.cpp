// Samples of the rows of linear algebra: matrices that are well conditioned, with values that lie apart.
#include "support/linear_samples.h"

#include <random>

namespace croton::test {
namespace {

using Shape = std::vector<int64_t>;

// Matrices of elements between -spread and spread, to which `step`, 2 `step` ... (with `apart`) or always `step` is
// added on the diagonal.
SampleInput matrices(Shape shape, double spread, double step, bool apart) {
  const int64_t m = shape[shape.size() - 2], n = shape.back();
  std::mt19937 random(static_cast<unsigned>(m * 31 + n * 7 + static_cast<int64_t>(shape.size())));
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  SampleInput input{DType::f64, std::move(shape), {}, 0};
  for (int64_t k = 0; k < count; ++k) {
    const int64_t row = k / n % m, column = k % n;
    const double unit = static_cast<double>(random()) / 0x1p31 - 1;  // the same on every platform
    const double added = row != column ? 0 : apart ? step * static_cast<double>(row + 1) : step;
    input.values.push_back(spread * unit + added);
  }
  return input;
}

SampleInput general(Shape shape) { return matrices(std::move(shape), 0.5, 2, false); }
SampleInput spread_values(Shape shape) { return matrices(std::move(shape), 0.2, 1, true); }
// Not symmetric: only one triangle counts. Positive definite by its large diagonal.
SampleInput positive(Shape shape) { return matrices(std::move(shape), 0.3, 2, false); }

Sample plain(std::initializer_list<SampleInput> inputs, std::vector<int64_t> ints = {}) {
  return {.inputs = inputs, .ints = std::move(ints)};
}

// Its gradient is right only for what does not see how vectors without a value of their own are turned.
Sample turned(Sample sample) {
  sample.declared_gradient = true;
  return sample;
}

// The first sample of a row is also run as bools and integers: this one is regular as ones and zeros, too.
SampleInput triangular() { return {DType::f64, {2, 2}, {2.5, 1, 0, 1.5}, 0}; }

std::vector<Sample> squares(SampleInput (*of)(Shape), const std::vector<std::vector<int64_t>>& attributes) {
  std::vector<Sample> samples;
  for (const std::vector<int64_t>& ints : attributes) {
    // Where a matrix is diagonal the signs of its eigenvectors jump.
    if (of != spread_values) samples.push_back(plain({triangular()}, ints));
    for (const Shape& shape :
         {Shape{3, 3}, Shape{1, 1}, Shape{2, 2, 2}, Shape{2, 1, 2, 2}, Shape{0, 0}, Shape{0, 2, 2}}) {
      samples.push_back(plain({of(shape)}, ints));
    }
  }
  return samples;
}

std::vector<Sample> equations(SampleInput (*of)(Shape), const std::vector<int64_t>& ints) {
  return {plain({triangular(), general({2, 2})}, ints),
          plain({of({3, 3}), general({3, 2})}, ints),
          plain({of({3, 3}), {DType::f64, {3}, {1, -2, 0.5}, 0}}, ints),
          plain({of({2, 2, 2}), general({2, 2, 3})}, ints),
          plain({of({2, 2, 2}), general({2, 2})}, ints),
          plain({of({2, 1, 2, 2}), general({2, 1, 2, 1})}, ints),
          plain({of({0, 0}), general({0, 2})}, ints),
          plain({of({2, 2}), general({2, 0})}, ints)};
}

std::vector<Sample> rectangles(SampleInput (*of)(Shape), const std::vector<int64_t>& ints, bool full) {
  std::vector<Sample> samples;
  for (const Shape& shape : {Shape{4, 2}, Shape{2, 4}, Shape{3, 3}, Shape{2, 3, 2}, Shape{0, 2}, Shape{2, 0}}) {
    const bool square = shape[shape.size() - 2] == shape.back();
    samples.push_back(full && !square ? turned(plain({of(shape)}, ints)) : plain({of(shape)}, ints));
  }
  return samples;
}

std::vector<Sample> with_cutoff(std::vector<Sample> samples) {
  for (Sample& sample : samples) sample.inputs.push_back({DType::f64, {}, {1e-15}, 0});
  return samples;
}

SampleInput real(Shape shape) { return {DType::f64, std::move(shape), {}, 0}; }
SampleInput scalar(int64_t value) { return {DType::i64, {}, {static_cast<double>(value)}, 0}; }

}  // namespace

void add_linear_samples(std::map<std::string_view, std::vector<Sample>>& t) {
  t["matrix_inverse"] = squares(general, {{}});
  t["det"] = squares(general, {{}});
  t["slogdet"] = squares(general, {{}});
  t["cholesky"] = squares(positive, {{1, 0}, {0, 0}, {1, 1}});
  t["expm"] = squares(general, {{}});
  t["expm"].push_back(plain({matrices({3, 3}, 4, 3, true)}));
  t["solve"] = equations(general, {});
  t["solve_triangular"] = equations(general, {1});
  for (const Sample& sample : equations(general, {0})) t["solve_triangular"].push_back(sample);
  t["pinv"] = with_cutoff(rectangles(spread_values, {}, false));
  t["lstsq"] = with_cutoff(
      {plain({spread_values({4, 2}), general({4, 3})}), plain({spread_values({2, 4}), general({2, 1})}),
       plain({spread_values({2, 3, 3}), general({2, 3, 2})}), plain({spread_values({0, 2}), general({0, 2})})});
  t["eigh"] = squares(spread_values, {{1}, {0}});
  t["eigvalsh"] = squares(spread_values, {{1}, {0}});
  t["eig"] = squares(spread_values, {{}});
  for (const int64_t mode : {0, 1, 2}) {
    for (const Sample& sample : rectangles(spread_values, {mode}, mode == 1)) t["svd"].push_back(sample);
  }
  for (const int64_t complete : {0, 1}) {
    for (const Sample& sample : rectangles(spread_values, {complete}, complete == 1)) t["qr"].push_back(sample);
  }
  t["qr_r"] = rectangles(spread_values, {}, false);
  t["qr_raw"] = rectangles(spread_values, {}, false);
  t["rfft"] = {plain({real({3, 6})}, {1}), plain({real({5})}, {1}),     plain({real({2, 3, 4})}, {2}),
               plain({real({1})}, {1}),    plain({real({3, 37})}, {1}), plain({real({0, 4})}, {1})};
  t["irfft"] = {plain({real({3, 4, 2}), scalar(6)}, {1}),    plain({real({3, 2}), scalar(5)}, {1}),
                plain({real({2, 3, 3, 2}), scalar(4)}, {2}), plain({real({1, 2}), scalar(1)}, {1}),
                plain({real({19, 2}), scalar(37)}, {1}),     plain({real({0, 2, 2}), scalar(3)}, {1})};
}

}  // namespace croton::test
