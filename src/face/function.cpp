// Compiled functions of the C++ face: the checks and conversions of a call.
#include "croton/function.h"

#include "compile/function.h"
#include "face/bridge.h"
#include "face/call_frame.h"
#include "face/cfunction.h"
#include "ir/print.h"

namespace croton {
namespace {

std::string called(const InputSpec& spec, size_t index) {
  return spec.name.empty() ? fmt::format("input {}", index) : fmt::format("input {} ('{}')", index, spec.name);
}

[[noreturn, gnu::cold]] void raise_misfit(const InputSpec& spec, size_t index, const Array& array) {
  const Type& type = spec.variable.type();
  const std::string what = called(spec, index);
  if (array.rank() != type.rank) {
    raise<TypeError>("{} has {} axes, and its variable is a {}", what, array.rank(), type_name(type));
  }
  for (int axis = 0; axis < array.rank(); ++axis) {
    const int64_t length = array.shape[static_cast<size_t>(axis)];
    if (!type.broadcasts(axis) || length == 1) continue;
    raise<TypeError>("{} has size {} in axis {}, which its variable says has size 1", what, length, axis);
  }
  raise<TypeError>("{} has dtype {}, which would lose precision as {}: convert it, or set allow_input_downcast", what,
                   dtype_name(array.dtype), dtype_name(type.dtype));
}

// Only what loses nothing, unless the user allowed it.
void load(const InputSpec& spec, size_t index, const ArrayView& view, bool allow_downcast, Array& array) {
  face::borrow(view.data, view.dtype, view.shape, view.strides, array);
  const Type& type = spec.variable.type();
  bool fits = array.rank() == type.rank;
  for (int axis = 0; fits && axis < type.rank; ++axis) {
    fits = !type.broadcasts(axis) || array.shape[static_cast<size_t>(axis)] == 1;
  }
  if (fits && array.dtype == type.dtype) return;
  if (!fits || (!allow_downcast && !safely_casts(array.dtype, type.dtype))) raise_misfit(spec, index, array);
  array = converted(array, type.dtype);
}

void load_all(const FunctionSpec& spec, std::span<const ArrayView> views, bool allow_downcast,
              std::vector<Array>& arrays) {
  if (views.size() != spec.inputs.size()) {
    raise<TypeError>("the function takes {} inputs, {} were given", spec.inputs.size(), views.size());
  }
  arrays.resize(views.size());
  for (size_t k = 0; k < views.size(); ++k) load(spec.inputs[k], k, views[k], allow_downcast, arrays[k]);
}

// The view of the caller's memory for a result.
void load_target(const OutputView& view, size_t index, DType dtype, Array& array) {
  if (view.dtype != dtype) {
    raise<TypeError>("output {} has dtype {}, memory of dtype {} was given", index, dtype_name(dtype),
                     dtype_name(view.dtype));
  }
  face::borrow(view.data, view.dtype, view.shape, {}, array);
  if (array.data != view.data) raise<ValueError>("the memory for output {} is not aligned to its elements", index);
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
  face::FrameLease frame;
  load_all(engine_->spec(), inputs, allow_downcast_, frame->inputs);
  std::vector<OwnedArray> results;
  results.reserve(engine_->spec().outputs.size());  // nothing fails once shared variables have changed
  for (Array& array : engine_->call(frame->inputs)) results.push_back(face::owned(std::move(array)));
  return results;
}

void CompiledFunction::call_into(std::span<const ArrayView> inputs, std::span<const OutputView> outputs) const {
  const FunctionSpec& spec = engine_->spec();
  if (outputs.size() != spec.outputs.size()) {
    raise<TypeError>("the function has {} outputs, memory for {} was given", spec.outputs.size(), outputs.size());
  }
  face::FrameLease frame;
  frame->outputs.resize(outputs.size());
  for (size_t k = 0; k < outputs.size(); ++k) {
    load_target(outputs[k], k, spec.outputs[k].variable.type().dtype, frame->outputs[k]);
  }
  load_all(spec, inputs, allow_downcast_, frame->inputs);
  engine_->call_into(frame->inputs, frame->outputs);
}

CFunction CompiledFunction::c_function() const {
  face::CFunction made(engine_);
  return {std::move(made.context), made.call, made.call_scalars};
}

std::string CompiledFunction::profile() const { return engine_->spec().profile ? engine_->profile().summary() : ""; }
std::string CompiledFunction::dump(const std::string& stage) const { return engine_->dump(stage); }

}  // namespace croton
