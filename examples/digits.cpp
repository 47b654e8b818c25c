// Trains a network on real images of digits, in C++.
//
//   python examples/export_digits.py digits.csv
//   digits digits.csv [epochs] [profile]
#include <croton/croton.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

using croton::ArrayView, croton::matrix, croton::shared, croton::vector;

constexpr int64_t pixels = 64, hidden_units = 100, classes = 10, batch = 20;

struct Images {
  std::vector<float> pixels;  // rows of 64 values in [0, 1]
  std::vector<int32_t> labels;
  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

// Lines of 64 grey values from 0 to 16 and a label. Every fifth image is for the test.
void read(const std::string& path, Images& train, Images& test) {
  std::ifstream file(path);
  if (!file) throw croton::ValueError("cannot read " + path);
  std::string line;
  for (int64_t row = 0; std::getline(file, line); ++row) {
    Images& images = row % 5 == 4 ? test : train;
    std::istringstream fields(line);
    std::string field;
    for (int64_t k = 0; k < pixels && std::getline(fields, field, ','); ++k) {
      images.pixels.push_back(std::stof(field) / 16);
    }
    if (!std::getline(fields, field, ',')) {
      throw croton::ValueError(path + ":" + std::to_string(row + 1) + ": a line has 64 values and a label");
    }
    images.labels.push_back(std::stoi(field));
  }
  if (train.count() < batch || test.count() == 0) throw croton::ValueError(path + " holds too few images");
}

Images shuffled(const Images& images, std::mt19937& random) {
  std::vector<int64_t> order(images.labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  Images result;
  for (const int64_t k : order) {
    result.pixels.insert(result.pixels.end(), images.pixels.begin() + k * pixels,
                         images.pixels.begin() + (k + 1) * pixels);
    result.labels.push_back(images.labels[static_cast<size_t>(k)]);
  }
  return result;
}

croton::SharedVariable random_weights(int64_t rows, int64_t columns, const char* name, std::mt19937& random) {
  const float bound = std::sqrt(6.0F / static_cast<float>(rows + columns));
  std::uniform_real_distribution<float> uniform(-bound, bound);
  std::vector<float> values(static_cast<size_t>(rows * columns));
  for (float& value : values) value = uniform(random);
  return shared(ArrayView(values.data(), {rows, columns}), name);
}

void train_and_test(const Images& train, const Images& test, int epochs, bool profile) {
  std::mt19937 random(0);
  const auto W = random_weights(pixels, hidden_units, "W", random),
             V = random_weights(hidden_units, classes, "V", random);
  const auto b = shared(croton::zeros<float>({hidden_units}), "b"), c = shared(croton::zeros<float>({classes}), "c");

  const auto x = matrix<float>("x");
  const auto y = vector<int32_t>("y");
  const auto h = tanh(dot(x, W) + b);
  const auto p = softmax(dot(h, V) + c);
  const auto cost = -mean(log(p)[{croton::arange(y.shape()[0]), y}]);
  const auto [gW, gb, gV, gc] = croton::grad(cost, {W, b, V, c});

  const auto step =
      croton::function({x, y}, {cost}, {{W, W - 0.2 * gW}, {b, b - 0.2 * gb}, {V, V - 0.2 * gV}, {c, c - 0.2 * gc}},
                       {.name = "step", .profile = profile});
  const auto error = croton::function({x, y}, {mean(neq(argmax(p, 1), y))}, {}, {.name = "error", .profile = profile});

  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const Images images = shuffled(train, random);
    const auto start = std::chrono::steady_clock::now();
    double total = 0;
    int64_t steps = 0;
    for (int64_t k = 0; k + batch <= images.count(); k += batch, ++steps) {
      total += step(ArrayView(images.pixels.data() + k * pixels, {batch, pixels}),
                    ArrayView(images.labels.data() + k, {batch}))[0]
                   .item();
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double wrong = error(ArrayView(test.pixels.data(), {test.count(), pixels}), test.labels)[0].item();
    std::printf("epoch %3d  cost %.4f  test error %5.2f %%  %9.0f images/s\n", epoch,
                total / static_cast<double>(steps), 100 * wrong, static_cast<double>(steps * batch) / seconds);
  }
  if (profile) std::cout << step.profile() << error.profile();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "usage: digits digits.csv [epochs] [profile]\n";
    return 2;
  }
  try {
    Images train, test;
    read(arguments[1], train, test);
    train_and_test(train, test, count > 2 ? std::atoi(arguments[2]) : 20, count > 3);
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
  return 0;
}
