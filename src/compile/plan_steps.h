// The plan's steps: kernels, library and host calls, choices with their blocks, the commit.
#pragma once

#include <unordered_map>
#include <vector>

#include "compile/plan.h"
#include "compile/plan_layout.h"
#include "loops/emit.h"
#include "loops/schedule.h"

namespace croton {

/// What the steps are made of. `lowered` has the loops of clusters that are kernels, by cluster; they are moved out.
struct PlanParts {
  const PlanRequest& request;
  const Regions& regions;
  GraphSizes& sizes;
  const Schedule& schedule;
  std::vector<LoweredCluster>& lowered;
  std::span<const NodePtr> order;
};

/// Lays out the whole program but for its code and buffers.
void plan_steps(const PlanParts& parts, Program& program, Profile& profile);

}  // namespace croton
