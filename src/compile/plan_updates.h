// Which kernels may write the new value of a shared variable over the old one, after the commit.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "compile/plan_steps.h"

namespace croton {

/// Clusters, by number, with the cell that each root's value goes to.
using UpdatesInPlace = std::map<size_t, std::vector<std::shared_ptr<SharedCell>>>;

/// A kernel qualifies when nothing in it can fail; when its results are new values of shared variables and nothing
/// else; when it reads the old values it overwrites element by element, where it writes; and when no other such kernel
/// reads them. So does a change of a region of a shared variable: its index checks run before the commit on their own,
/// and the copy of the old value falls away where old and new are one memory. A product that is added to the old value
/// (and reads it nowhere else) needs memory as it runs: the executor sees to it that it cannot fail.
UpdatesInPlace find_updates_in_place(const PlanParts& parts);

}  // namespace croton
