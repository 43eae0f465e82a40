#include <doctest/doctest.h>

#include <deque>

#include "core/run_queue.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {
struct Links {
  std::vector<uint32_t> links = std::vector<uint32_t>(64);
  uint32_t& next_ready(uint32_t index) { return links[index]; }
};
}  // namespace

TEST_CASE("A run queue gives actors in the order in which they became ready") {
  Links links;
  RunQueue<Links> queue(links);
  CHECK(queue.empty());
  for (const uint32_t index : {5u, 0u, 63u}) queue.push(index);
  CHECK(queue.pop() == 5);
  queue.push(5);
  CHECK(queue.pop() == 0);
  CHECK(queue.pop() == 63);
  CHECK(queue.pop() == 5);
  CHECK(queue.empty());
}

TEST_CASE("A run queue does what a plain queue does, for any order of calls") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Links links;
    RunQueue<Links> queue(links);
    std::deque<uint32_t> model;
    for (int step = 0; step < 500; ++step) {
      const uint32_t index = random.below(64);
      const bool queued = std::ranges::find(model, index) != model.end();
      if (random.below(2) == 0 && !queued) {
        queue.push(index);
        model.push_back(index);
      } else if (!model.empty()) {
        REQUIRE(queue.pop() == model.front());
        model.pop_front();
      }
      REQUIRE(queue.empty() == model.empty());
    }
  }
}
