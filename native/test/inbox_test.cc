#include <doctest/doctest.h>

#include <thread>

#include "core/inbox.h"
#include "core/sync.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {
struct Nodes {
  explicit Nodes(size_t count) : links(count), payloads(count) {}
  std::vector<uint32_t> links;
  std::vector<uint64_t> payloads;
  [[nodiscard]] uint32_t next(uint32_t node) const { return links[node]; }
  void set_next(uint32_t node, uint32_t to) { links[node] = to; }
};
}  // namespace

TEST_CASE("An inbox gives what was pushed, oldest first, and only the first push finds it empty") {
  Nodes nodes(10);
  Inbox<Threads, Nodes> inbox(nodes);
  CHECK(inbox.empty());
  CHECK(inbox.take_all() == 0);
  CHECK(inbox.push(3));
  CHECK_FALSE(inbox.push(7));
  CHECK_FALSE(inbox.push(1));
  CHECK_FALSE(inbox.empty());
  CHECK(inbox.take_all() == 3);
  CHECK(nodes.next(3) == 7);
  CHECK(nodes.next(7) == 1);
  CHECK(nodes.next(1) == 0);
  CHECK(inbox.empty());
  CHECK(inbox.push(3));
}

TEST_CASE("Millions of pushes by several threads arrive once each, in the order of each") {
  constexpr uint32_t kProducers = 4, kEach = 1'000'000 / kSlowdown;
  Nodes nodes(size_t{kProducers} * kEach + 1);
  Inbox<Threads, Nodes> inbox(nodes);
  std::vector<std::thread> threads;
  std::atomic<uint64_t> first_pushes{0};
  for (uint32_t p = 0; p < kProducers; ++p)
    threads.emplace_back([&, p] {
      uint64_t first = 0;
      for (uint32_t i = 0; i < kEach; ++i) {
        const uint32_t node = 1 + p * kEach + i;
        nodes.payloads[node] = uint64_t{node} * 3;
        if (inbox.push(node)) ++first;
      }
      first_pushes += first;
    });
  std::vector<uint32_t> next(kProducers);
  uint64_t received = 0, wrong = 0, takes = 0;
  while (received < uint64_t{kProducers} * kEach) {
    uint32_t node = inbox.take_all();
    if (node != 0) ++takes;
    for (; node != 0; node = nodes.next(node)) {
      const uint32_t producer = (node - 1) / kEach;
      if ((node - 1) % kEach != next[producer]++ || nodes.payloads[node] != uint64_t{node} * 3) ++wrong;
      ++received;
    }
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(inbox.empty());
  CHECK(first_pushes == takes);  // one look at the sleeper for each time that the inbox was emptied
}
