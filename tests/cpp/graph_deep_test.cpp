// A chain of a million nodes is built, walked, printed, rebuilt, differentiated and freed on a stack of 512 KiB.
#include <gtest/gtest.h>

#include <algorithm>

#include "autodiff/batch.h"
#include "autodiff/forward.h"
#include "autodiff/reverse.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/graph_verify.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "support/small_stack.h"

namespace croton::test {
namespace {

constexpr int chain_length = 1'000'000;

struct Chain {
  explicit Chain(int length) {
    Expr value = x;
    for (int k = 0; k < length; ++k) value = builder.apply("neg", {value});
    end = {value.var};
  }
  UserBuilder builder;
  Expr x = builder.wrap(new_input(scalar_type(DType::f64), "x"));
  std::vector<Var> end;
};

TEST(DeepGraph, IsBuiltWalkedPrintedAndFreed) {
  on_small_stack([] {
    Chain chain(chain_length);
    EXPECT_EQ(toposort(chain.end).size(), chain_length + 1u);
    EXPECT_TRUE(depends_on(chain.end, chain.x.var));
    verify(chain.end, "building");
    const std::string text = debugprint(chain.end, {.depth = 3});
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
    EXPECT_TRUE(pp(chain.end[0], 100).ends_with("..."));
    EXPECT_GT(pp(chain.end[0], size_t{1} << 30).size(), size_t{chain_length});
  });
}

TEST(DeepGraph, IsRebuilt) {
  on_small_stack([] {
    Chain chain(chain_length);
    const Var other = new_input(scalar_type(DType::f64), "other");
    const std::pair<Var, Var> pairs[] = {{chain.x.var, other}};
    chain.end = replace(chain.end, pairs, chain.builder);
    EXPECT_EQ(leaves(chain.end), std::vector<Var>{other});
  });
}

TEST(DeepGraph, IsDifferentiated) {
  on_small_stack([] {
    Chain chain(chain_length);
    const Var gradient = grad(chain.end[0], std::vector<Var>{chain.x.var}, {}, chain.builder)[0];
    EXPECT_GE(toposort(std::vector<Var>{gradient}).size(), size_t{chain_length});
  });
}

TEST(DeepGraph, IsMovedAlong) {
  on_small_stack([] {
    Chain chain(chain_length);
    const std::vector<Var> direction = {chain.builder.constant(DType::f64, 1).var};
    EXPECT_TRUE(Rop(chain.end, std::vector<Var>{chain.x.var}, direction, chain.builder)[0]);
  });
}

TEST(DeepGraph, IsStacked) {
  on_small_stack([] {
    Chain chain(chain_length);
    const Var stack = new_input(tensor_type(DType::f64, 1), "stack");
    const std::pair<Var, Var> pairs[] = {{chain.x.var, stack}};
    const Var size = dim(chain.builder.wrap(stack), 0).var;
    EXPECT_EQ(vectorize(chain.end, pairs, size, chain.builder)[0].type().rank, 1);
  });
}

TEST(DeepGraph, NestedBodiesAreFreed) {
  on_small_stack([] {
    std::shared_ptr<const Graph> body;
    const Op& any = *new_input(scalar_type(DType::f64)).node->op;
    for (int k = 0; k < 200'000; ++k) {
      std::vector<std::shared_ptr<const Graph>> bodies;
      if (body) bodies.push_back(std::move(body));
      const Var v{new_node(any, {}, {scalar_type(DType::f64)}, {}, std::move(bodies)), 0};
      body = std::make_shared<Graph>(Graph{{}, {v}});
    }
  });
}

}  // namespace
}  // namespace croton::test
