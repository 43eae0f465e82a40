#include <doctest/doctest.h>

#include "core/registry.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

TEST_CASE("A name has one actor until it is removed") {
  Registry names;
  const NameEntry counter{.target = {1, 2, 3}, .class_id = 9};
  CHECK(names.add("counter", counter));
  CHECK_FALSE(names.add("counter", {.target = {1, 4, 5}, .class_id = 9}));
  NameEntry found;
  CHECK(names.find("counter", found));
  CHECK(found.target == counter.target);
  CHECK(found.class_id == 9);
  CHECK_FALSE(names.find("other", found));
  names.remove("counter", counter.target);
  CHECK_FALSE(names.find("counter", found));
}

TEST_CASE("A name is not removed by an actor that had it before") {
  Registry names;
  CHECK(names.add("counter", {.target = {1, 2, 4}}));
  names.remove("counter", {1, 2, 3});
  NameEntry found;
  CHECK(names.find("counter", found));
}

TEST_CASE("The names of a slot go with it, and no others; a list is in the order of names") {
  Registry names;
  CHECK(names.add("c", {.target = {1, 0, 1}}));
  CHECK(names.add("a", {.target = {2, 0, 1}}));
  CHECK(names.add("b", {.target = {1, 1, 1}}));
  CHECK(names.add("d", {.target = {kPoolSlot, 1, 1}}));
  names.remove_slot(1, [](const Target&) { return false; });
  const auto list = names.list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].first == "a");
  CHECK(list[1].first == "d");
}

TEST_CASE("Of threads that want one name, one gets it at a time") {
  constexpr uint32_t kThreads = 4, kRounds = 40'000 / kSlowdown;
  Registry names;
  std::atomic<uint32_t> holders{0}, taken{0}, wrong{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kRounds; ++i) {
        const Target me{t, i, 1};
        if (!names.add("leader", {.target = me})) continue;
        ++taken;
        if (holders.fetch_add(1) != 0) ++wrong;
        NameEntry found;
        if (!names.find("leader", found) || !(found.target == me)) ++wrong;
        holders.fetch_sub(1);
        names.remove("leader", {t, i, 2});
        names.remove("leader", me);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(taken > 0);
  CHECK(names.list().empty());
}
