// Compiled functions of the C++ face: the checks and conversions of a call.
#include "croton/function.h"

#include "compile/function.h"
#include "face/bridge.h"
#include "ir/print.h"

namespace croton {
namespace {

std::string called(const std::string& name, size_t index) {
  return name.empty() ? fmt::format("input {}", index) : fmt::format("input {} ('{}')", index, name);
}

// Only what loses nothing, unless the user allowed it.
Array input_of(const InputSpec& spec, size_t index, const ArrayView& view, bool allow_downcast) {
  const Type& type = spec.variable.type();
  Array array = face::borrowed(view);
  const std::string what = called(spec.name, index);
  if (array.rank() != type.rank) {
    raise<TypeError>("{} has {} axes, and its variable is a {}", what, array.rank(), type_name(type));
  }
  for (int axis = 0; axis < array.rank(); ++axis) {
    const int64_t length = array.shape[static_cast<size_t>(axis)];
    if (type.broadcasts(axis) && length != 1) {
      raise<TypeError>("{} has size {} in axis {}, which its variable says has size 1", what, length, axis);
    }
  }
  if (array.dtype == type.dtype) return array;
  if (!allow_downcast && !safely_casts(array.dtype, type.dtype)) {
    raise<TypeError>("{} has dtype {}, which would lose precision as {}: convert it, or set allow_input_downcast", what,
                     dtype_name(array.dtype), dtype_name(type.dtype));
  }
  return converted(array, type.dtype);
}

std::vector<Array> inputs_of(const FunctionSpec& spec, std::span<const ArrayView> views, bool allow_downcast) {
  if (views.size() != spec.inputs.size()) {
    raise<TypeError>("the function takes {} inputs, {} were given", spec.inputs.size(), views.size());
  }
  std::vector<Array> arrays;
  for (size_t k = 0; k < views.size(); ++k) arrays.push_back(input_of(spec.inputs[k], k, views[k], allow_downcast));
  return arrays;
}

Mode mode_of(Optimizer optimizer) {
  Mode mode;
  switch (optimizer) {
    case Optimizer::none:
      mode.optimizer = Mode::Optimizer::none;
      break;
    case Optimizer::fast_compile:
      mode.optimizer = Mode::Optimizer::fast_compile;
      break;
    case Optimizer::fast_run:
      mode.optimizer = Mode::Optimizer::fast_run;
      break;
  }
  return mode;
}

}  // namespace

CompiledFunction function(const std::vector<Variable>& inputs, const std::vector<Variable>& outputs,
                          const std::vector<SharedUpdate>& updates, const FunctionOptions& options,
                          std::source_location line) {
  return face::at_line(line, [&](Builder& builder) {
    FunctionSpec spec;
    for (const Variable& input : inputs) {
      InputSpec item;
      item.variable = face::var_of(input);
      item.name = input.name();
      spec.inputs.push_back(std::move(item));
    }
    for (const Variable& output : outputs) spec.outputs.push_back({.variable = face::var_of(output)});
    for (const SharedUpdate& update : updates) {
      spec.updates.emplace_back(face::var_of(update.shared), face::var_of(update.value));
    }
    for (const Given& given : options.givens) {
      spec.givens.emplace_back(face::var_of(given.variable), face::var_of(given.replacement));
    }
    spec.mode = mode_of(options.optimizer);
    spec.name = options.name;
    spec.on_unused = options.allow_unused_inputs ? OnUnused::ignore : OnUnused::raise;
    spec.profile = options.profile;
    spec.line = builder.line;
    return CompiledFunction(compile(std::move(spec)), options.allow_input_downcast);
  });
}

std::vector<OwnedArray> CompiledFunction::call(std::span<const ArrayView> inputs) const {
  std::vector<OwnedArray> results;
  for (const Array& array : engine_->call(inputs_of(engine_->spec(), inputs, allow_downcast_))) {
    results.push_back(face::owned(array));
  }
  return results;
}

void CompiledFunction::call_into(std::span<const ArrayView> inputs, std::span<const OutputView> outputs) const {
  const FunctionSpec& spec = engine_->spec();
  if (outputs.size() != spec.outputs.size()) {
    raise<TypeError>("the function has {} outputs, memory for {} was given", spec.outputs.size(), outputs.size());
  }
  std::vector<Array> targets;
  for (size_t k = 0; k < outputs.size(); ++k) {
    const OutputView& view = outputs[k];
    const DType dtype = spec.outputs[k].variable.type().dtype;
    if (view.dtype != dtype) {
      raise<TypeError>("output {} has dtype {}, memory of dtype {} was given", k, dtype_name(dtype),
                       dtype_name(view.dtype));
    }
    const Array target = face::borrowed({view.data, view.dtype, view.shape});
    if (target.data != view.data) raise<ValueError>("the memory for output {} is not aligned to its elements", k);
    targets.push_back(view_memory(view.data, view.dtype, view.shape, target.strides, nullptr, false));
  }
  engine_->call_into(inputs_of(spec, inputs, allow_downcast_), targets);
}

std::string CompiledFunction::profile() const { return engine_->spec().profile ? engine_->profile().summary() : ""; }
std::string CompiledFunction::dump(const std::string& stage) const { return engine_->dump(stage); }

}  // namespace croton
