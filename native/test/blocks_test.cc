#include <doctest/doctest.h>

#include <atomic>

#include "core/blocks.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {
std::atomic<int> g_live{0};

Block make(size_t bytes, uint32_t kind = 0) {
  ++g_live;
  const auto release = [](void* memory) {
    --g_live;
    std::free(memory);
  };
  return {.memory = std::malloc(bytes), .bytes = bytes, .release = release, .kind = kind};
}
}  // namespace

TEST_CASE("A block is given away once, by the id that put gave") {
  Blocks blocks;
  const uint32_t id = blocks.put(make(100, 7));
  CHECK(id > 0);
  CHECK(blocks.count() == 1);
  CHECK(blocks.bytes_of(id) == 100);
  const Block block = blocks.take(id);
  CHECK(block.bytes == 100);
  CHECK(block.kind == 7);
  CHECK(blocks.take(id).memory == nullptr);
  CHECK(blocks.bytes_of(id) == 0);
  CHECK(blocks.count() == 0);
  block.release(block.memory);
  CHECK(g_live == 0);
}

TEST_CASE("A block that is dropped is freed, and one that was never there is nothing") {
  Blocks blocks;
  blocks.drop(blocks.put(make(8)));
  CHECK(g_live == 0);
  for (const uint32_t id : {0u, 1u, 2u, 12345u, ~0u}) {
    blocks.drop(id);
    CHECK(blocks.take(id).memory == nullptr);
    CHECK(blocks.bytes_of(id) == 0);
  }
}

TEST_CASE("An id that was given away does not name the next block in its place") {
  Blocks blocks;
  std::vector<uint32_t> old;
  for (int i = 0; i < 1000; ++i) {
    old.push_back(blocks.put(make(8)));
    blocks.drop(old.back());
  }
  const uint32_t id = blocks.put(make(8));
  for (const uint32_t other : old) blocks.drop(other);
  CHECK(blocks.count() == 1);
  CHECK(g_live == 1);
  blocks.drop(id);
  CHECK(g_live == 0);
}

TEST_CASE("What is left in the table of blocks is freed with it") {
  {
    Blocks blocks;
    for (int i = 0; i < 10; ++i) static_cast<void>(blocks.put(make(16)));
    CHECK(g_live == 10);
  }
  CHECK(g_live == 0);
}

TEST_CASE("Threads that put, take and drop blocks of each other lose and double none") {
  constexpr uint32_t kThreads = 4, kRounds = 50'000 / kSlowdown;
  Blocks blocks;
  std::vector<std::atomic<uint32_t>> places(16);
  std::vector<std::thread> threads;
  std::atomic<uint32_t> wrong{0};
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      Random random(t + 1);
      for (uint32_t i = 0; i < kRounds; ++i) {
        const size_t bytes = 1 + random.below(64);
        const uint32_t id = blocks.put(make(bytes));
        const uint32_t other = places[random.below(16)].exchange(id);
        if (other == 0) continue;
        if (random.below(2) == 0) {
          blocks.drop(other);
          continue;
        }
        const Block block = blocks.take(other);
        if (block.memory == nullptr)
          ++wrong;
        else
          block.release(block.memory);
      }
    });
  for (auto& thread : threads) thread.join();
  for (auto& place : places) blocks.drop(place.load());
  CHECK(wrong == 0);
  CHECK(blocks.count() == 0);
  CHECK(g_live == 0);
}
