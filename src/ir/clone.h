// Rebuilding a graph through a builder with some of its variables replaced: givens, clone(replace=), inlined bodies.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "ir/expr.h"

namespace croton {

using Substitutions = std::span<const std::pair<Var, Var>>;

/// The outputs with every use of a substitution's first variable replaced by its second (all at once: what is put in is
/// not searched again). New nodes keep source lines and names. A builder that keeps identity shares what has not
/// changed; any other one gets every node but inputs and shared variables, which are always themselves.
std::vector<Var> replace(std::span<const Var> outputs, Substitutions substitutions, Builder& builder);

/// A copy of a body with its inputs replaced by the given expressions.
std::vector<Expr> inline_body(Builder& builder, const Graph& body, std::span<const Expr> inputs);

/// A body around existing variables: `inputs` become fresh input variables of it.
Graph make_body(std::span<const Var> inputs, std::span<const Var> outputs);

/// A new free variable of a type (a node of the leaf row `input`).
Var new_input(const Type& type, std::string name = {});

}  // namespace croton
