// Graphs as text, in Theano's layouts: debugprint (a tree with ids) and pp (a formula).
#pragma once

#include <span>
#include <string>

#include "ir/node.h"

namespace croton {

struct PrintOptions {
  enum class Ids { capital, number, node, none };  // [id A], [id 0], [id <number of the node>], nothing
  int depth = -1;                                  // levels to print; -1: all
  bool print_type = false;
  Ids ids = Ids::capital;
  bool stop_on_name = false;  // nothing below a variable with a name
};

/// Name of a row as Theano's classes print: "Elemwise{add,no_inplace}", "Sum{axis=[1]}", "Reshape{2}".
std::string op_text(const Node& node);
/// A leaf's name, "TensorConstant{1.0}", or "<TensorType(float64, matrix)>"; the name or the op of a computed variable.
std::string variable_text(const Var& v);
/// Values as NumPy prints them: "[1. 2. 3.]".
std::string literal_text(const Literal& literal);

std::string debugprint(std::span<const Var> outputs, const PrintOptions& options = {});

/// A formula: "((x + y) * z)", "exp(x)", "Sum{axis=[1]}(x)". Formulas of more than `limit` characters end in "...",
/// since what is shared is written out each time.
std::string pp(const Var& v, size_t limit = 100000);

}  // namespace croton
