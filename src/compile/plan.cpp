// From a rewritten graph to a program: sizes, schedule, loops, steps, buffers, code.
#include "compile/plan.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "compile/kernels.h"
#include "compile/plan_steps.h"
#include "loops/lower.h"

namespace croton {
namespace {

/// Milliseconds since the last reading, as a phase of the profile.
class PhaseClock {
 public:
  explicit PhaseClock(Profile& profile) : profile_(profile) {}
  void end(const char* phase) {
    const auto now = std::chrono::steady_clock::now();
    profile_.phases.push_back({phase, std::chrono::duration<double, std::milli>(now - last_).count()});
    last_ = now;
  }

 private:
  Profile& profile_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

bool library_takes(const Node& node) {
  const DType d = node.types[0].dtype;
  if (d != DType::f32 && d != DType::f64) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Var& v) { return v.type().dtype == d; });
}

std::string symbol_of(const Cluster& c, size_t number) {
  std::string name = "k" + std::to_string(number);
  size_t shown = 0;
  for (size_t k = c.members.size(); k-- > 0 && shown < 6; ++shown) name += "_" + std::string(c.members[k]->op->name);
  if (c.kind == Cluster::Kind::update) name += "_" + std::string(c.node->op->name);
  return name;
}

// The schedule and its loops. What the lowering cannot put into a kernel is scheduled apart, and all is tried again.
Schedule schedule_and_lower(const PlanRequest& request, std::span<const NodePtr> order, std::span<const Var> needed,
                            GraphSizes& sizes, const Regions& regions, std::vector<LoweredCluster>& lowered) {
  const Mode& mode = *request.mode;
  ScheduleOptions options{.fuse = mode.fuse, .interpret = mode.interpret, .library = library_takes, .apart = {}};
  for (;;) {
    Schedule schedule = make_schedule(order, needed, sizes, regions, options);
    lowered.assign(schedule.clusters.size(), {});
    try {
      for (size_t k = 0; k < schedule.clusters.size(); ++k) {
        const Cluster& c = schedule.clusters[k];
        if (c.kind != Cluster::Kind::map && c.kind != Cluster::Kind::update) continue;
        lowered[k] = lower(c, sizes, schedule.materialised, symbol_of(c, k));
      }
      return schedule;
    } catch (const NotFusable& apart) {
      if (!options.apart.insert(apart.node).second) {
        raise<InternalError>("{} can be put neither into a kernel nor apart", apart.node->op->name);
      }
    }
  }
}

}  // namespace

std::shared_ptr<Program> make_program(const PlanRequest& request, Profile& profile) {
  PhaseClock clock(profile);
  std::vector<Var> needed = request.outputs;
  for (const auto& [cell, v] : request.updates) needed.push_back(v);
  const std::vector<NodePtr> order = toposort(needed);
  const Regions regions(order, needed);
  GraphSizes sizes(order, request.strided, regions);
  clock.end("sizes");

  std::vector<LoweredCluster> lowered;
  const Schedule schedule = schedule_and_lower(request, order, needed, sizes, regions, lowered);
  clock.end("schedule and lower");

  auto program = std::make_shared<Program>();
  plan_steps({request, regions, sizes, schedule, lowered, order}, *program, profile);
  assign_buffers(*program);
  clock.end("plan");
  compile_kernels(program->kernels, request.mode->checked);
  clock.end("codegen");
  return program;
}

}  // namespace croton
