// The states of the streams of MRG31k3p.
#include "ops/random_streams.h"

#include <algorithm>

#include "bindings.h"

namespace croton::python {
namespace {

StreamState state_of(const nb::object& ndarray) {
  if (!is_plain(ndarray.ptr())) raise<TypeError>("the state of a stream is an ndarray");
  Array given;
  borrow(ndarray.ptr(), given);
  const Array words = converted(given, DType::i32);
  StreamState state{};
  if (words.size() != std::ssize(state)) raise<ValueError>("the state of a stream has 6 words, not {}", words.size());
  std::copy_n(words.as<int32_t>(), state.size(), state.begin());
  return state;
}

nb::object array_of(std::span<const int32_t> words, std::vector<int64_t> shape) {
  const Array result = new_array(DType::i32, std::move(shape));
  std::copy(words.begin(), words.end(), result.as<int32_t>());
  return nb::steal(to_numpy(result));
}

}  // namespace

void bind_random(nb::module_& m) {
  m.def("next_stream_family", [](const nb::object& state) { return array_of(next_family(state_of(state)), {6}); });
  m.def("stream_states", [](const nb::object& first, int64_t count) {
    if (count < 1) raise<ValueError>("there are no {} streams", count);
    return array_of(stream_states(state_of(first), count), {count, 6});
  });
}

}  // namespace croton::python
