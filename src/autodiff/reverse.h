// Reverse mode: gradients of a scalar, and vector-Jacobian products, as more graph.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ir/expr.h"

namespace croton {

struct GradOptions {
  enum class Disconnected : uint8_t { raise, warn, ignore };
  enum class Missing : uint8_t { zero, null };  // what stands for a gradient that does not exist

  std::vector<Var> consider_constant = {};            // nothing flows through these
  std::vector<std::pair<Var, Var>> known_grads = {};  // (variable, its whole gradient)
  std::vector<std::pair<Var, Var>> seeds = {};        // (variable, what is added to its gradient)
  Disconnected disconnected = Disconnected::raise;
  Missing return_disconnected = Missing::zero;
  bool raise_undefined = true;  // false: an undefined gradient is a null variable
  bool add_names = true;        // "(dcost/dx)"
  DType float_x = DType::f64;   // dtype of gradients that no float variable decides
  std::function<void(const std::string&)> warn = {};
};

/// Gradients of `cost` (null when known_grads say where to start) with respect to each of `wrt`, in the dtype of that
/// variable, or in a float dtype when it is an integer. Only nodes on a way from `wrt` to the start are visited.
std::vector<Var> grad(const Var& cost, std::span<const Var> wrt, const GradOptions& options, Builder& builder);
std::vector<Var> grad(const Var& cost, std::span<const Var> wrt, const GradOptions& options = {});

/// eval_points . d(outputs)/d(wrt): the gradient of sum(outputs * eval_points) with constant eval_points.
std::vector<Var> Lop(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                     GradOptions options, Builder& builder);

}  // namespace croton
