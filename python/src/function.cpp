// Compilation: from Python's lists to a FunctionSpec, and what a compiled function tells about itself.
#include "compile/function.h"

#include <chrono>

#include "bindings.h"
#include "face/cfunction.h"
#include "interpreter_lock.h"

namespace croton::python {
namespace {

OnUnused on_unused_of(const std::string& text) {
  if (text == "raise") return OnUnused::raise;
  if (text == "warn") return OnUnused::warn;
  if (text == "ignore") return OnUnused::ignore;
  raise<ValueError>("on_unused_input must be 'raise', 'warn' or 'ignore', not '{}'", text);
}

Mode mode_of(const nb::dict& d) {
  Mode mode;
  const std::string optimizer = nb::cast<std::string>(d["optimizer"]);
  using Optimizer = Mode::Optimizer;
  mode.optimizer = optimizer == "none"           ? Optimizer::none
                   : optimizer == "merge"        ? Optimizer::merge
                   : optimizer == "fast_compile" ? Optimizer::fast_compile
                                                 : Optimizer::fast_run;
  const auto flag = [&](const char* name, bool absent) { return d.contains(name) ? nb::cast<bool>(d[name]) : absent; };
  mode.interpret = flag("interpret", false);
  mode.fuse = flag("fuse", true);
  mode.checked = flag("checked", false);
  mode.verify = flag("verify", false);
  mode.fast_math = flag("fast_math", false);
  mode.allow_in_place = flag("allow_in_place", true);
  mode.including = nb::cast<std::vector<std::string>>(d["including"]);
  mode.excluding = nb::cast<std::vector<std::string>>(d["excluding"]);
  return mode;
}

using Pairs = std::vector<std::pair<Var, Var>>;

using Input = std::tuple<Var, std::string, bool>;  // the last one: whether it is strict

nb::object compile_function(const std::vector<Input>& inputs, const std::vector<std::pair<Var, bool>>& outputs,
                            const Pairs& updates, const Pairs& givens, const nb::dict& mode, const std::string& name,
                            const std::string& on_unused, bool profile, nb::handle keys, bool single) {
  FunctionSpec spec;
  std::vector<bool> strict;
  for (const auto& [variable, input_name, is_strict] : inputs) {
    spec.inputs.push_back({.variable = variable, .name = input_name});
    strict.push_back(is_strict);
  }
  for (const auto& [variable, borrow] : outputs) spec.outputs.push_back({variable, borrow});
  spec.updates = updates;
  spec.givens = givens;
  spec.mode = mode_of(mode);
  spec.name = name;
  spec.on_unused = on_unused_of(on_unused);
  spec.profile = profile;
  spec.line = user_line();
  std::shared_ptr<Function> function;
  {
    const WithoutLock released;
    function = compile(std::move(spec));
  }
  const ResultForm form = single ? ResultForm::single : keys.is_none() ? ResultForm::list : ResultForm::dict;
  return nb::steal(new_function(std::move(function), strict, form, keys.is_none() ? nullptr : keys.ptr()));
}

nb::dict profile_of(const nb::object& callable) {
  const Profile& profile = function_of(callable.ptr())->profile();
  nb::dict d;
  d["calls"] = profile.calls;
  d["call_seconds"] = static_cast<double>(profile.call_nanoseconds) * 1e-9;
  d["kernels"] = profile.kernel_count;
  d["libraries"] = profile.library_count;
  d["hosts"] = profile.host_count;
  nb::list phases, steps;
  for (const ProfilePhase& phase : profile.phases) phases.append(nb::make_tuple(phase.name, phase.milliseconds));
  for (const ProfileStep& step : profile.steps) {
    nb::dict s;
    s["name"] = step.name;
    s["kind"] = step.kind;
    s["ops"] = step.ops;
    s["calls"] = step.calls;
    s["seconds"] = static_cast<double>(step.nanoseconds) * 1e-9;
    s["bytes"] = step.bytes;
    s["threads"] = step.threads;
    nb::list lines;
    for (const LineId line : step.lines) lines.append(line_text(line));
    s["lines"] = lines;
    steps.append(s);
  }
  d["phases"] = phases;
  d["steps"] = steps;
  return d;
}

// A capsule that keeps the function alive, and addresses: of the context, of the call, of the call on scalars or 0.
nb::tuple c_function_of(const nb::object& callable) {
  auto made = std::make_unique<face::CFunction>(function_of(callable.ptr()));
  const auto address = [](auto* pointer) { return reinterpret_cast<uintptr_t>(pointer); };
  const uintptr_t context = address(made->context.get()), call = address(made->call),
                  call_scalars = address(made->call_scalars);
  nb::capsule owner(made.get(), [](void* p) noexcept { delete static_cast<face::CFunction*>(p); });
  static_cast<void>(made.release());
  return nb::make_tuple(owner, context, call, call_scalars);
}

}  // namespace

void bind_function(nb::module_& m) {
  m.attr("Function") = nb::steal(make_function_type());
  m.def("compile", &compile_function, nb::arg("inputs"), nb::arg("outputs"), nb::arg("updates"), nb::arg("givens"),
        nb::arg("mode"), nb::arg("name"), nb::arg("on_unused"), nb::arg("profile"), nb::arg("keys").none(),
        nb::arg("single"));
  m.def("function_profile", &profile_of);
  m.def("function_summary", [](const nb::object& f) { return function_of(f.ptr())->profile().summary(); });
  m.def("function_dump",
        [](const nb::object& f, const std::string& stage) { return function_of(f.ptr())->dump(stage); });
  m.def("c_function", &c_function_of);
  m.def("c_error", [] { return std::string(croton_last_error()); });
  m.def("function_graph", [](const nb::object& f) { return function_of(f.ptr())->rewritten_outputs(); });
}

}  // namespace croton::python
