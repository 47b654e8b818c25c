// The table of a profile, in Theano's layout.
#include "runtime/profile.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/text.h"
#include "ir/op.h"

namespace croton {
namespace {

/// One row of the Class or Ops section: steps of one key together.
struct Group {
  std::string name;
  std::string kind;
  int64_t nanoseconds = 0, calls = 0, steps = 0;
};

double seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }
double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

// Sizes and host calls run from the interpreter of programs; the rest is compiled code.
const char* code_type(const std::string& kind) { return kind == "host" ? "Host" : "C"; }

std::string class_of(const ProfileStep& step) {
  if (step.kind == "kernel") return "Kernel";
  if (step.kind == "gemm") return "Gemm";
  if (step.kind == "host") return "HostCall";
  if (step.kind == "sizes") return "Sizes";
  return step.kind;
}

std::string label_of(const ProfileStep& step) {
  return step.ops.empty() || step.kind == "host" ? step.name : fmt::format("{}{{{}}}", step.name, join(step.ops, ", "));
}

template <class Key>
std::vector<Group> grouped(const std::vector<ProfileStep>& steps, Key&& key) {
  std::map<std::string, Group> groups;
  for (const ProfileStep& step : steps) {
    if (step.calls == 0) continue;
    Group& group = groups[key(step)];
    group.name = key(step);
    group.kind = step.kind;
    group.nanoseconds += step.nanoseconds;
    group.calls += step.calls;
    group.steps += 1;
  }
  std::vector<Group> rows;
  for (auto& [name, group] : groups) rows.push_back(std::move(group));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Group& a, const Group& b) { return a.nanoseconds > b.nanoseconds; });
  return rows;
}

std::string group_section(const std::string& title, const std::vector<Group>& rows, int64_t total) {
  std::string text =
      fmt::format("{}\n---\n<% time> <sum %> <apply time> <time per call> <type> <#call> <#apply> <{} name>\n", title,
                  title == "Ops" ? "Op" : title);
  double sum = 0;
  for (const Group& row : rows) {
    const double share = percent(seconds(row.nanoseconds), seconds(total));
    sum += share;
    text += fmt::format("{:6.1f}%  {:6.1f}%  {:9.3f}s  {:10.2e}s  {:>4} {:7} {:7}   {}\n", share, sum,
                        seconds(row.nanoseconds), seconds(row.nanoseconds) / static_cast<double>(row.calls),
                        code_type(row.kind), row.calls, row.steps, row.name);
  }
  return text + "   ... (remaining 0 rows account for 0.00% of the time)\n\n";
}

std::string apply_section(const std::vector<ProfileStep>& steps, int64_t total) {
  std::string text = "Apply\n------\n<% time> <sum %> <apply time> <time per call> <#call> <id> <Apply name>\n";
  std::vector<size_t> order(steps.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return steps[a].nanoseconds > steps[b].nanoseconds; });
  double sum = 0;
  for (const size_t k : order) {
    const ProfileStep& step = steps[k];
    if (step.calls == 0) continue;
    const double share = percent(seconds(step.nanoseconds), seconds(total));
    const double per_call = seconds(step.nanoseconds) / static_cast<double>(step.calls);
    sum += share;
    text += fmt::format("{:6.1f}%  {:6.1f}%  {:9.3f}s  {:10.2e}s  {:6} {:5}   {}\n", share, sum,
                        seconds(step.nanoseconds), per_call, step.calls, k, label_of(step));
    if (step.bytes > 0) {
      const double rate = per_call > 0 ? static_cast<double>(step.bytes) / per_call * 1e-9 : 0;
      text += fmt::format("    {} per call, {:.2f} GB/s, threads: {}\n", bytes_text(static_cast<uint64_t>(step.bytes)),
                          rate, step.threads);
    }
    for (const LineId line : step.lines) text += fmt::format("    {}\n", line_text(line));
  }
  return text + "   ... (remaining 0 Apply instances account for 0.00% of the time)\n\n";
}

std::string message_of(const Profile& profile) {
  if (!profile.function_name.empty()) return profile.function_name;
  if (profile.line == 0) return "unknown source line";
  const SourceLine& source = line_of(profile.line);
  return fmt::format("{}:{}", source.file, source.line);
}

std::string short_name(const Type& type) {
  return type.is_tensor() ? std::string(dtype_name(type.dtype)) : type_name(type);
}

}  // namespace

std::string host_call_text(const Node& node) {
  const std::string inputs = join(node.inputs, ", ", [](const Var& v) { return short_name(v.type()); });
  return fmt::format("{}({}) -> {}", node.op->name, inputs, join(node.types, ", ", short_name));
}

std::string Profile::summary() const {
  int64_t total = 0, sizes = 0;
  for (const ProfileStep& step : steps) {
    total += step.nanoseconds;
    if (step.kind == "sizes") sizes += step.nanoseconds;
  }
  const double whole = seconds(call_nanoseconds);
  double compile_milliseconds = 0;
  for (const ProfilePhase& phase : phases) compile_milliseconds += phase.milliseconds;

  std::string text = "Function profiling\n==================\n";
  text += fmt::format("  Message: {}\n", message_of(*this));
  text += fmt::format("  Time in {} calls to Function.__call__: {:e}s\n", calls, whole);
  text += fmt::format("  Time in Function.fn.__call__: {:e}s ({:.3f}%)\n", whole, percent(whole, whole));
  text += fmt::format("  Time in thunks: {:e}s ({:.3f}%)\n", seconds(total), percent(seconds(total), whole));
  text += fmt::format("  Total compile time: {:e}s\n", compile_milliseconds * 1e-3);
  text += fmt::format("    Number of Apply nodes: {}\n", kernel_count + library_count + host_count);
  text += fmt::format("    Kernels: {}, library calls: {}, host calls: {}\n", kernel_count, library_count, host_count);
  for (const ProfilePhase& phase : phases)
    text += fmt::format("    {}: {:e}s\n", phase.name, phase.milliseconds * 1e-3);
  if (sizes > 0) text += fmt::format("  Time in sizes and guards: {:e}s\n", seconds(sizes));
  text += "\n";
  text += group_section("Class", grouped(steps, class_of), total);
  text += group_section("Ops", grouped(steps, label_of), total);
  text += apply_section(steps, total);
  return text;
}

}  // namespace croton
