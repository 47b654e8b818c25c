// The pipeline: from what the user asked for to a function that runs. Reads like the life of an expression in
// DESIGN.md.
#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "autodiff/drivers.h"
#include "base/error.h"
#include "base/text.h"
#include "compile/function.h"
#include "compile/plan.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/print.h"
#include "rewrite/rewriter.h"
#include "runtime/executor.h"

namespace croton {

/// How an argument lies in memory, as far as programs differ by it: `contiguous`, or the axis of stride one, or
/// `apart`.
using Layout = int8_t;
constexpr Layout contiguous_layout = -2, apart_layout = -1;
using Layouts = std::vector<Layout>;

/// One program per set of layouts of the inputs; the first is for contiguous ones.
struct Function::Impl {
  struct Variant {
    std::shared_ptr<Program> program;
    std::unique_ptr<Executor> executor;
  };
  FunctionSpec spec;
  PlanRequest request;
  std::vector<Var> before;  // outputs and update values after givens, before rewriting
  Profile profile;
  std::shared_mutex variants_lock;  // guards `variants`; the pointers in it stay
  std::map<Layouts, Variant> variants;
  Variant* contiguous = nullptr;
  std::vector<size_t> assumed_contiguous;  // the arguments that are so in that variant

  Variant* known_variant(const Layouts& layouts);
  Variant& variant(const Layouts& layouts, CallControl* control);
};

namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::string shown(const Var& v) { return name_of(v).empty() ? "a " + type_name(v.type()) : "'" + name_of(v) + "'"; }

// Outputs, then new values of shared variables, with the givens put in.
std::vector<Var> wanted_values(const FunctionSpec& spec) {
  std::vector<Var> values;
  for (const OutputSpec& o : spec.outputs) values.push_back(o.variable);
  for (const auto& [target, value] : spec.updates) values.push_back(value);
  UserBuilder user;
  return spec.givens.empty() ? values : replace(values, spec.givens, user);
}

void check_updates(const FunctionSpec& spec) {
  std::vector<Var> seen;
  for (const auto& [target, value] : spec.updates) {
    if (!cell_of(target)) {
      raise<TypeError>("update target must be a SharedVariable, but {} is none", shown(target));
    }
    if (std::find(seen.begin(), seen.end(), target) != seen.end()) {
      raise<ValueError>("this shared variable already has an update expression: {}", shown(target));
    }
    seen.push_back(target);
    const Type &from = value.type(), &to = target.type();
    const bool fits =
        from.kind == to.kind && from.dtype == to.dtype && from.rank == to.rank && (to.ones & ~from.ones) == 0;
    if (fits) continue;
    raise<TypeError>(
        "An update must have the same type as the original shared variable (shared_var={}, shared_var.type={}, "
        "update_val={}, "
        "update_val.type={}). If the difference is related to the broadcast pattern, you can call the "
        "tensor.unbroadcast(var, axis_to_unbroadcast[, ...]) function to remove broadcastable dimensions; if it is the "
        "dtype, "
        "write cast(value, '{}').",
        shown(target), type_name(to), pp(value), type_name(from), dtype_name(to.dtype));
  }
}

void check_inputs(const FunctionSpec& spec, std::span<const Var> values) {
  const std::vector<Var> free = leaves(values);
  for (size_t k = 0; k < spec.inputs.size(); ++k) {
    const Var& v = spec.inputs[k].variable;
    for (size_t j = 0; j < k; ++j) {
      if (spec.inputs[j].variable == v)
        raise<UnusedInputError>("theano.function was given the input {} twice", shown(v));
    }
    if (spec.on_unused != OnUnused::raise || std::find(free.begin(), free.end(), v) != free.end()) continue;
    raise<UnusedInputError>(
        "theano.function was asked to create a function computing outputs given certain inputs, but the provided input "
        "variable at "
        "index {} is not part of the computational graph needed to compute the outputs: {}.\nTo make this error into a "
        "warning, you "
        "can pass the parameter on_unused_input='warn' to theano.function. To disable it completely, use "
        "on_unused_input='ignore'.",
        k, shown(v));
  }
  for (size_t k = 0; k < free.size(); ++k) {
    const Var& v = free[k];
    if (cell_of(v) || literal_of(v)) continue;
    const bool given =
        std::any_of(spec.inputs.begin(), spec.inputs.end(), [&](const InputSpec& i) { return i.variable == v; });
    if (given) continue;
    raise<MissingInputError>(
        "Input {} of the graph ({}) was not provided and not given a value. Use the Theano flag "
        "exception_verbosity='high', for more "
        "information on this error.{}",
        k, shown(v), v.node->line ? "\n\nBacktrace when the variable is created:\n  " + line_text(v.node->line) : "");
  }
}

RewriteOptions rewrite_options(const Mode& mode) {
  RewriteOptions options;
  using Level = RewriteOptions::Level;
  options.level = mode.optimizer == Mode::Optimizer::none           ? Level::none
                  : mode.optimizer == Mode::Optimizer::merge        ? Level::merge
                  : mode.optimizer == Mode::Optimizer::fast_compile ? Level::fast_compile
                                                                    : Level::fast_run;
  options.including = mode.including;
  options.excluding = mode.excluding;
  options.fast_math = mode.fast_math;
  options.drivers = &body_drivers();
  if (mode.verify)
    options.after_phase = [](std::span<const Var> outputs, std::string_view phase) {
      verify(outputs, std::string(phase));
    };
  return options;
}

// The body of a loop is a program of its own, on contiguous arguments.
std::shared_ptr<Executor> compile_body(const Graph& body, const Mode& mode) {
  const RewriteOptions options = rewrite_options(mode);
  InternBuilder builder(intern_options(options));
  int position = 0;
  for (const Var& v : body.inputs) builder.register_leaf(v, position++);
  const RewriteResult rewritten = rewrite(intern(body.outputs, builder), builder, options);
  PlanRequest request;
  request.inputs = body.inputs;
  request.outputs = rewritten.outputs;
  request.mode = &mode;
  request.compile_body = compile_body;
  request.name = "loop";
  Profile profile;
  return std::make_shared<Executor>(make_program(request, profile));
}

}  // namespace

// Null also while another thread compiles one.
Function::Impl::Variant* Function::Impl::known_variant(const Layouts& layouts) {
  const std::shared_lock lock(variants_lock, std::try_to_lock);
  if (!lock) return nullptr;
  const auto found = variants.find(layouts);
  return found == variants.end() ? nullptr : &found->second;
}

Function::Impl::Variant& Function::Impl::variant(const Layouts& layouts, CallControl* control) {
  if (Variant* known = known_variant(layouts)) return *known;
  if (control != nullptr) control->turn_long();
  const std::unique_lock lock(variants_lock);
  if (const auto it = variants.find(layouts); it != variants.end()) return it->second;
  PlanRequest r = request;
  r.mode = &spec.mode;
  r.compile_body = compile_body;
  for (size_t k = 0; k < layouts.size(); ++k) {
    if (layouts[k] != contiguous_layout) r.strided.emplace(r.inputs[k], layouts[k]);
  }
  const std::lock_guard profile_guard(*profile.lock);  // calls add their times meanwhile
  Variant v;
  v.program = make_program(r, profile);
  v.executor = std::make_unique<Executor>(v.program);
  return variants.emplace(layouts, std::move(v)).first->second;
}

std::shared_ptr<Function> compile(FunctionSpec spec) {
  const auto start = std::chrono::steady_clock::now();
  auto impl = std::make_unique<Function::Impl>();
  Profile& profile = impl->profile;
  profile.function_name = spec.name;
  profile.line = spec.line;

  check_updates(spec);
  impl->before = wanted_values(spec);
  check_inputs(spec, impl->before);

  const RewriteOptions options = rewrite_options(spec.mode);
  InternBuilder builder(intern_options(options));
  int position = 0;
  for (const InputSpec& i : spec.inputs) builder.register_leaf(i.variable, position++);
  for (const Var& v : leaves(impl->before)) {
    if (cell_of(v)) builder.register_leaf(v, position++);
  }
  const std::vector<Var> interned = intern(impl->before, builder);
  profile.phases.push_back({"intern", milliseconds_since(start)});

  RewriteResult rewritten = rewrite(interned, builder, options);
  for (const auto& phase : rewritten.statistics.phases)
    profile.phases.push_back({std::string(phase.name), phase.seconds * 1e3});

  // place: one context, the host's memory, so there is nothing to move.
  PlanRequest& request = impl->request;
  for (const InputSpec& i : spec.inputs) request.inputs.push_back(i.variable);
  const auto first_update = rewritten.outputs.begin() + static_cast<std::ptrdiff_t>(spec.outputs.size());
  request.outputs.assign(rewritten.outputs.begin(), first_update);
  for (size_t k = 0; k < spec.updates.size(); ++k) {
    request.updates.push_back({cell_of(spec.updates[k].first), first_update[static_cast<std::ptrdiff_t>(k)]});
  }
  request.name = spec.name;
  impl->spec = std::move(spec);
  // schedule, loops, codegen, plan: for contiguous inputs now, for others when they are first seen.
  impl->contiguous = &impl->variant(Layouts(request.inputs.size(), contiguous_layout), nullptr);
  const std::vector<bool>& assumed = impl->contiguous->program->assumes_contiguous;
  for (size_t k = 0; k < assumed.size(); ++k) {
    if (assumed[k]) impl->assumed_contiguous.push_back(k);
  }
  profile.phases.push_back({"total", milliseconds_since(start)});
  return std::shared_ptr<Function>(new Function(std::move(impl)));
}

Function::Function(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Function::~Function() = default;

namespace {

bool all_contiguous(std::span<const Array> inputs, std::span<const size_t> assumed) {
  for (const size_t k : assumed) {
    if (!inputs[k].is_contiguous()) return false;
  }
  return true;
}

Layout layout_of(const Array& x) {
  if (x.is_contiguous()) return contiguous_layout;
  for (size_t axis = x.shape.size(); axis-- > 0;) {
    if (x.strides[axis] == item_size(x.dtype) && x.shape[axis] > 1) return static_cast<Layout>(axis);
  }
  return apart_layout;
}

}  // namespace

void Function::call_into(std::span<const Array> inputs, std::span<Array> outputs, CallControl* control) {
  Impl::Variant* v = impl_->contiguous;
  if (inputs.size() != impl_->request.inputs.size()) {
    raise<TypeError>("{} arguments given, the function takes {}", inputs.size(), impl_->request.inputs.size());
  }
  if (!all_contiguous(inputs, impl_->assumed_contiguous)) {
    Layouts layouts(inputs.size(), contiguous_layout);
    for (const size_t k : impl_->assumed_contiguous) layouts[k] = layout_of(inputs[k]);
    v = &impl_->variant(layouts, control);
  }
  v->executor->run({inputs, outputs, impl_->spec.profile ? &impl_->profile : nullptr, control});
}

std::vector<Array> Function::call(std::span<const Array> inputs) {
  std::vector<Array> outputs(impl_->request.outputs.size());
  call_into(inputs, outputs);
  return outputs;
}

const FunctionSpec& Function::spec() const { return impl_->spec; }

Profile Function::profile() const {
  const std::lock_guard lock(*impl_->profile.lock);
  return impl_->profile;
}

std::vector<Var> Function::rewritten_outputs() const {
  std::vector<Var> all = impl_->request.outputs;
  for (const auto& [cell, v] : impl_->request.updates) all.push_back(v);
  return all;
}

const Program& Function::program() const { return *impl_->contiguous->program; }

int Function::variants() const {
  const std::shared_lock lock(impl_->variants_lock);
  return static_cast<int>(impl_->variants.size());
}

std::string Function::dump(const std::string& stage) const {
  if (stage == "graph") return debugprint(impl_->before);
  if (stage == "rewritten") return debugprint(rewritten_outputs());
  if (stage == "program") return print(program());
  if (stage == "loops") {
    std::string text;
    for (const CompiledCode& k : program().kernels) text += loop::print(k.loops) + "\n";
    return text;
  }
  raise<ValueError>("there is no stage '{}': graph, rewritten, loops, program", stage);
}

}  // namespace croton
