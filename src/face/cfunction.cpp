// Calls of compiled functions from C: pointers become views, errors a status and a text.
#include "face/cfunction.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "face/call_frame.h"

namespace croton::face {
namespace {

constexpr size_t most_scalars = 64;

struct Place {
  DType dtype;
  int rank;
  uint32_t ones;
};

struct Context {
  std::shared_ptr<Function> function;
  std::vector<Place> inputs, outputs;
};

std::string& last_error() {
  thread_local std::string text;
  return text;
}

void remember(const char* text) noexcept {
  try {
    last_error() = text;
  } catch (...) {
    last_error().clear();  // no memory for the text
  }
}

// Gives what follows the array's sizes.
const int64_t* view(const Place& place, const char* what, size_t number, void* data, const int64_t* sizes,
                    Array& array) {
  const auto rank = static_cast<size_t>(place.rank);
  array.dtype = place.dtype;
  array.data = static_cast<std::byte*>(data);
  array.shape.assign(sizes, sizes + rank);
  array.strides.resize(rank);
  int64_t step = item_size(place.dtype);
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(step) != 0)
    raise<ValueError>("the memory of {} {} is not aligned to its elements", what, number);
  for (size_t axis = rank; axis-- > 0;) {
    const int64_t size = sizes[axis];
    const bool is_one = (place.ones >> axis & 1u) != 0;
    if (size < 0 || (is_one && size != 1))
      raise<ValueError>("{} {} has size {} in axis {}{}", what, number, size, axis,
                        is_one ? ", which its variable says has size 1" : "");
    array.strides[axis] = step;
    if (size > 1) step *= size;
  }
  return sizes + rank;
}

void run(const Context& context, void* const* data, const int64_t* shapes) {
  FrameLease frame;
  frame->inputs.resize(context.inputs.size());
  frame->outputs.resize(context.outputs.size());
  for (size_t k = 0; k < context.inputs.size(); ++k)
    shapes = view(context.inputs[k], "input", k, *data++, shapes, frame->inputs[k]);
  for (size_t k = 0; k < context.outputs.size(); ++k) {
    if (*data == nullptr) raise<ValueError>("there is no memory for output {}", k);
    shapes = view(context.outputs[k], "output", k, *data++, shapes, frame->outputs[k]);
  }
  context.function->call_into(frame->inputs, frame->outputs);
}

int32_t call_arrays(void* context, void* const* data, const int64_t* shapes) noexcept {
  try {
    run(*static_cast<const Context*>(context), data, shapes);
    return 0;
  } catch (const std::exception& error) {
    remember(error.what());
  } catch (...) {
    remember("an unknown error");
  }
  return 1;
}

double call_scalars(int count, double* values, void* context) noexcept {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const size_t wanted = static_cast<const Context*>(context)->inputs.size();
  if (count < 0 || static_cast<size_t>(count) != wanted) {
    remember("the number of values is not that of the function's inputs");
    return none;
  }
  void* data[most_scalars + 1];
  for (size_t k = 0; k < wanted; ++k) data[k] = values + k;
  double result = none;
  data[wanted] = &result;
  return call_arrays(context, data, nullptr) == 0 ? result : none;
}

bool takes_scalars(const Context& context) {
  const auto is_scalar = [](const Place& place) { return place.rank == 0 && place.dtype == DType::f64; };
  for (const Place& place : context.inputs) {
    if (!is_scalar(place)) return false;
  }
  return context.inputs.size() <= most_scalars && context.outputs.size() == 1 && is_scalar(context.outputs[0]);
}

Place place_of(const Type& type) {
  if (type.kind != Kind::tensor) raise<TypeError>("C passes arrays only, not a {}", type_name(type));
  return {type.dtype, type.rank, type.ones};
}

}  // namespace

CFunction::CFunction(std::shared_ptr<Function> function) {
  auto made = std::make_shared<Context>();
  for (const InputSpec& input : function->spec().inputs) made->inputs.push_back(place_of(input.variable.type()));
  for (const OutputSpec& output : function->spec().outputs) {
    made->outputs.push_back(place_of(output.variable.type()));
    made->outputs.back().ones = 0;  // the engine knows the sizes of results
  }
  made->function = std::move(function);
  call = &call_arrays;
  if (takes_scalars(*made)) call_scalars = &face::call_scalars;
  context = std::move(made);
}

}  // namespace croton::face

extern "C" [[gnu::visibility("default")]] const char* croton_last_error(void) {
  return croton::face::last_error().c_str();
}
