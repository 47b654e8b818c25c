// What a call costs from C++, in nanoseconds: the least of many repetitions, each on next to no data.
#include <croton/croton.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

template <class Call>
double nanoseconds(Call&& call) {
  constexpr int calls = 20'000, repetitions = 40;
  double least = std::numeric_limits<double>::infinity();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < calls; ++k) call();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    least = std::min(least, time.count() / calls);
  }
  return least;
}

}  // namespace

int main() {
  const auto x = croton::vector<double>("x"), y = croton::vector<double>("y");
  const std::vector<double> first(10, 1.0), second(10, 2.0);
  std::vector<double> result(10);
  const std::vector<croton::ArrayView> inputs{first, second};
  const std::vector<croton::OutputView> outputs{{result.data(), {10}}};

  const auto add = croton::function({x, y}, {x + y});
  std::printf("x + y, 10 doubles, the caller's output: %.0f\n", nanoseconds([&] { add.call_into(inputs, outputs); }));
  std::printf("x + y, 10 doubles, a new output:        %.0f\n", nanoseconds([&] { add.call(inputs); }));

  croton::Variable chain = x;
  for (int k = 0; k < 10; ++k) chain = chain * y + x;
  const auto twenty = croton::function({x, y}, {chain});
  std::printf("20 operations, the caller's output:     %.0f\n",
              nanoseconds([&] { twenty.call_into(inputs, outputs); }));
}
