#include <doctest/doctest.h>

#include <array>
#include <set>

#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {

const auto ignore = [](const Seen&) {};

/// Runs `body(slot)` on a thread for each slot from `first` to before `last`.
template <class Body>
std::vector<std::thread> on_threads(uint32_t first, uint32_t last, Body body) {
  std::vector<std::thread> threads;
  for (uint32_t slot = first; slot < last; ++slot) threads.emplace_back(body, slot);
  return threads;
}

void join(std::vector<std::thread>& threads) {
  for (auto& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("A slot has one thread at a time") {
  World world(2);
  Owner owner(world, 1);
  CHECK(owner.attached());
  CHECK_FALSE(world.engine().vacant(1));
  CHECK(world.engine().vacant(0));
  Owner second(world, 1);
  CHECK_FALSE(second.attached());
  owner.die(true);
  CHECK(world.engine().vacant(1));
  Owner third(world, 1);
  CHECK(third.attached());
}

TEST_CASE("A dead slot's names are free, and all others hear of the death") {
  World world(3);
  Owner host(world, 0), doomed(world, 1), other(world, 2);
  CHECK(world.engine().names().add("a", {.target = {1, 0, 1}}));
  CHECK(world.engine().names().add("b", {.target = {2, 0, 1}}));
  doomed.slot().control()[kNextGeneration] = 42;
  doomed.slot().control()[kUnderWay] = 3;
  doomed.die(false);
  NameEntry entry;
  CHECK_FALSE(world.engine().names().find("a", entry));
  CHECK(world.engine().names().find("b", entry));
  for (Owner* const each : {&host, &other}) {
    const auto notices = each->notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == Notice::kThreadDied);
    CHECK(notices[0].a == 1);
    CHECK(notices[0].b == 42);
  }
  Owner next(world, 1);
  CHECK(next.slot().control()[kNextGeneration] == 42);
  CHECK(next.slot().control()[kUnderWay] == 0);
}

TEST_CASE("Nothing wakes a thread that has left its slot") {
  World world(2);
  Owner sender(world, 0);
  Bell bell;
  Owner gone(world, 1, &bell);
  gone.die(true);
  REQUIRE(sender.tell({1, 0, 1}, 0, 0));
  sender.flush();
  world.engine().slot(1).notify({.kind = Notice::kRoom});
  world.engine().slot(1).wake();
  CHECK(bell.count() == 0);
}

TEST_CASE("A sender knows what it has sent, and once that it has roused somebody") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  const uint32_t before = sender.slot().batches();
  sender.flush();
  CHECK(sender.slot().batches() == before);
  REQUIRE(sender.tell({1, 0, 1}, 0, 0));
  sender.flush();
  CHECK(sender.slot().batches() == before + 1);
  CHECK_FALSE(sender.slot().take_roused());
  receiver.take_everything();
  REQUIRE(world.engine().sleep(receiver.slot(), Rest::kBusy));
  REQUIRE(sender.tell({1, 0, 1}, 0, 0));
  sender.flush();
  CHECK(sender.slot().take_roused());
  CHECK_FALSE(sender.slot().take_roused());
}

TEST_CASE("Busy counts the threads that are awake or wait for something, and the host hears when it comes to nought") {
  World world(3);
  Engine& engine = world.engine();
  Owner host(world, 0);
  CHECK(engine.busy() == 0);
  Owner a(world, 1), b(world, 2);
  CHECK(engine.busy() == 2);
  CHECK(engine.sleep(a.slot(), Rest::kBusy));
  CHECK(engine.busy() == 2);
  CHECK(engine.sleep(b.slot(), Rest::kIdle));
  CHECK(engine.busy() == 1);
  REQUIRE(host.tell({2, 0, 1}, 0, 0));
  host.flush();  // counted before the sender goes on
  CHECK(engine.busy() == 2);
  CHECK(b.bell().count() == 1);
  b.take_everything();
  engine.woke(a.slot(), a.slot().parker().wake());
  CHECK(engine.busy() == 2);
  CHECK(engine.sleep(host.slot(), Rest::kBusy));
  CHECK(engine.sleep(a.slot(), Rest::kIdle));
  CHECK(host.bell().count() == 0);
  SUBCASE("by going to sleep") { CHECK(engine.sleep(b.slot(), Rest::kIdle)); }
  SUBCASE("by ending") { b.die(true); }
  CHECK(engine.busy() == 0);
  CHECK(host.bell().count() >= 1);
}

TEST_CASE("More threads awake than cores make a crowd") {
  World world(3, size_t{4} << 20, 2);
  Owner a(world, 0), b(world, 1);
  CHECK_FALSE(world.engine().crowded());
  {
    Owner c(world, 2);
    CHECK(world.engine().crowded());
    CHECK(world.engine().sleep(a.slot(), Rest::kBusy));
    CHECK_FALSE(world.engine().crowded());
    world.engine().woke(a.slot(), a.slot().parker().wake());
    CHECK(world.engine().crowded());
  }
  CHECK_FALSE(world.engine().crowded());
}

TEST_CASE("Millions of messages among all threads arrive once each, in the order of each sender, and leave no segment") {
  constexpr uint32_t kSlots = 4, kEach = 300'000 / kSlowdown, kActors = 3;
  World world(kSlots, size_t{32} << 20);
  std::atomic<uint32_t> ready{0}, over{0}, wrong{0}, lost_wakes{0};
  auto threads = on_threads(0, kSlots, [&](uint32_t me) {
    Owner owner(world, me);
    for (uint32_t actor = 0; actor < kActors; ++actor) open(owner, {me, actor, 1});
    ++ready;
    while (ready.load() < kSlots) std::this_thread::yield();
    uint32_t next[kSlots][kActors] = {};
    uint32_t received = 0;
    const auto see = [&](const Seen& seen) {
      if (seen.bounced || seen.number != next[seen.from][seen.target]++) ++wrong;
      ++received;
    };
    // Each sends kEach messages to each other thread, spread over its actors.
    for (uint32_t i = 0; i < kEach; ++i) {
      for (uint32_t to = 0; to < kSlots; ++to) {
        if (to == me) continue;
        while (!owner.tell({to, i % kActors, 1}, me, i / kActors)) {
          owner.flush();
          if (!owner.await_notice(Notice::kArenaRoom, see)) {
            ++lost_wakes;
            return;
          }
        }
      }
      if (i % 50 == 0) {
        owner.flush();
        owner.take(see);
      }
    }
    owner.flush();
    owner.close_segments();
    while (received < kEach * (kSlots - 1)) {
      if (owner.take(see) == 0 && !owner.slot().has_work() && !owner.sleep(Rest::kBusy)) {
        ++lost_wakes;
        return;
      }
    }
    ++over;
    while (over.load() < kSlots && lost_wakes == 0) std::this_thread::yield();
    owner.die(false);
  });
  join(threads);
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("A receiver that dies again and again is succeeded without a message lost, doubled or out of order") {
  constexpr uint32_t kSenders = 2, kActors = 4, kEach = 100'000 / kSlowdown * kActors;
  World world(kSenders + 1, size_t{16} << 20);
  constexpr uint32_t kReceiver = kSenders;
  std::atomic<uint32_t> wrong{0}, received{0}, lost_wakes{0}, deaths{0};
  std::atomic<bool> open_now{false};
  auto threads = on_threads(0, kSenders, [&](uint32_t me) {
    Owner owner(world, me);
    while (!open_now.load()) std::this_thread::yield();
    for (uint32_t i = 0; i < kEach; ++i) {
      while (!owner.tell({kReceiver, i % kActors, 1}, me, i / kActors, 6 + i % 3 * 2)) {
        owner.flush();
        if (!owner.await_notice(Notice::kArenaRoom, ignore)) {
          ++lost_wakes;
          return;
        }
      }
      if (i % 64 == 0) owner.flush();
    }
    owner.flush();
    owner.close_segments();
  });
  // Each life is a thread of its own; what is counted here lives on as an actor's state does in a test.
  uint32_t next[kSenders][kActors] = {};
  Random random(7);
  bool first = true;
  while (received.load() < kSenders * kEach && lost_wakes == 0) {
    const uint32_t life = 1000 + random.below(kEach / 20), part = 1 + random.below(100), pause = random.below(4);
    std::thread([&] {
      Owner owner(world, kReceiver);
      if (first)
        for (uint32_t actor = 0; actor < kActors; ++actor) open(owner, {kReceiver, actor, 1});
      first = false;
      open_now = true;
      const auto see = [&](const Seen& seen) {
        if (seen.bounced || seen.number != next[seen.from][seen.target]++) ++wrong;
        ++received;
      };
      for (uint32_t done = 0; done < life && received.load() < kSenders * kEach;) {
        if (owner.slot().drain(500) == 0 && !owner.slot().has_work() && !owner.sleep(Rest::kBusy)) {
          ++lost_wakes;
          return;
        }
        done += owner.begin_all(see);
        if (done >= life / 2) owner.slot().pause(pause);
        owner.slot().resume(pause);
      }
      static_cast<void>(owner.slot().drain(500));
      owner.begin_all(see, part);
      owner.die(true);  // in the middle of a batch
      ++deaths;
    }).join();
  }
  join(threads);
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(received == kSenders * kEach);
  CHECK(deaths > 10);
  for (uint32_t sender = 0; sender < kSenders; ++sender)
    for (uint32_t actor = 0; actor < kActors; ++actor) CHECK(next[sender][actor] == kEach / kActors);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("A receiver that is given up again and again gives each message to its actor or back, once") {
  constexpr uint32_t kSenders = 2, kEach = 200'000 / kSlowdown;
  World world(kSenders + 1, size_t{16} << 20);
  constexpr uint32_t kReceiver = kSenders;
  std::atomic<uint32_t> generation{0}, lost_wakes{0};
  auto threads = on_threads(0, kSenders, [&](uint32_t me) {
    Owner owner(world, me);
    while (generation.load() == 0) std::this_thread::yield();
    for (uint32_t i = 0; i < kEach; ++i) {
      while (!owner.tell({kReceiver, 0, generation.load()}, me, i)) {
        owner.flush();
        if (!owner.await_notice(Notice::kArenaRoom, ignore)) {
          ++lost_wakes;
          return;
        }
      }
      if (i % 64 == 0) owner.flush();
    }
    owner.flush();
    owner.close_segments();
  });
  std::vector<uint8_t> seen_times(kSenders * kEach);
  uint32_t next[kSenders] = {}, received = 0, begun = 0, wrong = 0;
  Random random(11);
  while (received < kSenders * kEach && lost_wakes == 0) {
    Owner owner(world, kReceiver);
    open(owner, {kReceiver, 0, generation.load() + 1});
    ++generation;
    const uint32_t life = 1000 + random.below(kEach / 20);
    const auto see = [&](const Seen& seen) {
      ++received;
      if (++seen_times[seen.from * kEach + seen.number] != 1) ++wrong;
      if (seen.bounced) return;
      ++begun;
      if (seen.number < next[seen.from] || seen.generation != generation) ++wrong;
      next[seen.from] = seen.number + 1;
    };
    for (uint32_t done = 0; done < life && received < kSenders * kEach;) {
      if (owner.slot().drain(500) == 0 && !owner.slot().has_work() && !owner.sleep(Rest::kBusy)) {
        ++lost_wakes;
        break;
      }
      done += owner.begin_all(see);
    }
    static_cast<void>(owner.slot().drain(500));
    owner.begin_all(see, random.below(200));
    owner.die(false);
  }
  join(threads);
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(received == kSenders * kEach);
  CHECK(begun > 0);
  world.engine().detach(kReceiver, false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("A sender that dies in the middle of a batch loses what it had not handed over, and nothing else") {
  constexpr uint32_t kLives = 400 / kSlowdown, kEach = 2000;
  World world(3, size_t{8} << 20);
  std::atomic<uint64_t> handed{0}, received{0};
  std::atomic<uint32_t> wrong{0}, lost_wakes{0};
  std::atomic<bool> over{false}, ready{false};
  std::thread receiver([&] {
    Owner owner(world, 1);
    open(owner, {1, 0, 1});
    ready = true;
    uint32_t last_life = 0, last = 0;
    while (!over.load() || received.load() < handed.load()) {
      const uint32_t did = owner.take([&](const Seen& seen) {
        if (seen.bounced) ++wrong;
        if (seen.from != last_life) {
          last_life = seen.from;
          last = 0;
        }
        if (seen.number != ++last) ++wrong;
        ++received;
      });
      if (did == 0) std::this_thread::yield();
    }
    owner.die(false);
  });
  while (!ready.load()) std::this_thread::yield();
  Blocks& blocks = world.engine().blocks();
  for (uint32_t life = 1; life <= kLives && lost_wakes == 0; ++life) {
    std::thread([&] {
      Owner owner(world, 0);
      Random random(life);
      const uint32_t end = 1 + random.below(kEach);
      uint64_t written = 0;
      for (uint32_t i = 1; i <= end; ++i) {
        if (random.below(50) == 0)
          owner.slot().draft(blocks.put({.memory = std::malloc(8), .bytes = 8, .release = std::free, .kind = 0}));
        while (!owner.tell({1, 0, 1}, life, i, 6 + random.below(100) * 2))
          if (!owner.await_notice(Notice::kArenaRoom, ignore)) {
            ++lost_wakes;
            return;
          }
        ++written;
        if (random.below(100) == 0) owner.flush();
      }
      handed += written - owner.pending(1);
      owner.die(random.below(2) == 0);
    }).join();
    CHECK(blocks.count() == 0);
  }
  over = true;
  receiver.join();
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(received == handed);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("Room in a full mailbox is told to those who wait for it, and never missed") {
  constexpr uint32_t kSenders = 3, kEach = 60'000 / kSlowdown, kCapacity = 64;
  World world(kSenders + 1, size_t{8} << 20);
  std::atomic<uint32_t> ready{0}, waits{0}, lost_wakes{0}, wrong{0}, deepest{0};
  auto threads = on_threads(1, kSenders + 1, [&](uint32_t me) {
    Owner owner(world, me);
    Account* account = nullptr;
    while (ready.load() == 0) std::this_thread::yield();
    account = world.engine().account({0, 0, 1});
    uint32_t uncounted = 0;
    for (uint32_t i = 0; i < kEach; ++i) {
      while (!owner.tell({0, 0, 1}, me - 1, i)) {
        owner.flush();
        if (!owner.await_notice(Notice::kArenaRoom, ignore)) {
          ++lost_wakes;
          return;
        }
      }
      if (++uncounted < 16) continue;
      owner.flush();
      Room room = count_sent(*account, 1, std::exchange(uncounted, 0), 16 * 3);
      while (room == Room::kFull) {
        if (world.engine().await_room({0, 0, 1}, me)) {
          ++waits;
          if (!owner.await_notice(Notice::kRoom, ignore)) {
            ++lost_wakes;
            return;
          }
        }
        room = count_sent(*account, 1, 0, 0);
      }
    }
    owner.flush();
    owner.close_segments();
  });
  Owner receiver(world, 0);
  open(receiver, {0, 0, 1}, kCapacity);
  ready = 1;
  uint32_t next[kSenders] = {}, received = 0;
  Random random(3);
  while (received < kSenders * kEach && lost_wakes == 0) {
    const uint32_t count = receiver.slot().drain(1 + random.below(40));
    deepest = std::max(deepest.load(), receiver.slot().depth(0) + count);
    received += receiver.begin_all([&](const Seen& seen) {
      if (seen.bounced || seen.number != next[seen.from]++) ++wrong;
    });
    if (count == 0 && !receiver.slot().has_work() && !receiver.sleep(Rest::kBusy)) break;
  }
  join(threads);
  CHECK(received == kSenders * kEach);
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(waits > 100);
  // What a sender counts at once is what it may exceed the capacity by; here 16.
  CHECK(deepest <= kCapacity + kSenders * 16);
}

TEST_CASE("An arena that several threads exhaust drains, tells each of them, and keeps their order") {
  constexpr uint32_t kSenders = 3, kEach = 30'000 / kSlowdown;
  World world(kSenders + 1, size_t{1500} << 10);
  std::atomic<uint32_t> ready{0}, refused{0}, lost_wakes{0}, wrong{0};
  auto threads = on_threads(1, kSenders + 1, [&](uint32_t me) {
    Owner owner(world, me);
    while (ready.load() == 0) std::this_thread::yield();
    for (uint32_t i = 0; i < kEach; ++i) {
      while (!owner.tell({0, i % 2, 1}, me - 1, i / 2, 100)) {
        ++refused;
        owner.flush();
        if (!owner.await_notice(Notice::kArenaRoom, ignore)) {
          ++lost_wakes;
          return;
        }
      }
      if (i % 32 == 0) owner.flush();
    }
    owner.flush();
    owner.close_segments();
  });
  Owner receiver(world, 0);
  open(receiver, {0, 0, 1});
  open(receiver, {0, 1, 1});
  receiver.slot().pause(1);  // until the end, so that half of all waits on the heap
  ready = 1;
  uint32_t next[kSenders][2] = {}, received = 0;
  const auto see = [&](const Seen& seen) {
    if (seen.bounced || seen.number != next[seen.from][seen.target]++) ++wrong;
    ++received;
  };
  while (received < kSenders * kEach / 2 && lost_wakes == 0)
    if (receiver.take(see) == 0 && !receiver.slot().has_work() && !receiver.sleep(Rest::kBusy)) ++lost_wakes;
  while (receiver.slot().depth(1) < kSenders * kEach / 2 && lost_wakes == 0)
    if (receiver.take(see) == 0 && !receiver.slot().has_work() && !receiver.sleep(Rest::kBusy)) ++lost_wakes;
  receiver.slot().resume(1);
  while (receiver.take(see) != 0) {
  }
  join(threads);
  CHECK(received == kSenders * kEach);
  CHECK(wrong == 0);
  CHECK(lost_wakes == 0);
  CHECK(refused > 0);
  receiver.die(false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("Busy is nought only when no message is under way, and the host is woken for it") {
  // A ball goes around among threads that sleep idle. The host throws it in, sleeps, and may only find nothing under way
  // when the ball is out.
  constexpr uint32_t kSlots = 3, kThrows = 3000 / kSlowdown, kHops = 10;
  World world(kSlots);
  Engine& engine = world.engine();
  std::atomic<uint32_t> hops{0}, ready{0}, lost_wakes{0};
  std::atomic<bool> over{false};
  auto threads = on_threads(1, kSlots, [&](uint32_t me) {
    Owner owner(world, me);
    open(owner, {me, 0, 1});
    ++ready;
    while (!over.load()) {
      owner.take([&](const Seen& seen) {
        if (seen.number == kHops) return;
        if (!owner.tell({me % (kSlots - 1) + 1, 0, 1}, me, seen.number + 1)) ++lost_wakes;
        hops.fetch_add(1, std::memory_order_relaxed);
      });
      owner.flush();
      if (!owner.slot().has_work() && !owner.sleep(Rest::kIdle)) ++lost_wakes;
    }
  });
  Owner host(world, 0);
  while (ready.load() < kSlots - 1) std::this_thread::yield();
  uint32_t early = 0;
  for (uint32_t i = 1; i <= kThrows && lost_wakes == 0; ++i) {
    REQUIRE(host.tell({1, 0, 1}, 0, 0));
    host.flush();
    // As the loop does: sleep, then look once more whether all has ended.
    while (engine.busy() != 0) {
      const bool asleep = engine.sleep(host.slot(), Rest::kBusy) && engine.busy() != 0;
      if (asleep && !host.bell().wait_for(std::chrono::seconds(20))) ++lost_wakes;
      if (host.slot().parker().state() != Rest::kAwake) engine.woke(host.slot(), host.slot().parker().wake());
      if (lost_wakes != 0) break;
    }
    if (hops.load() != i * kHops) ++early;
  }
  over = true;
  for (uint32_t slot = 1; slot < kSlots; ++slot) engine.slot(slot).notify({.kind = Notice::kRoom});
  join(threads);
  CHECK(lost_wakes == 0);
  CHECK(early == 0);
  CHECK(hops == kThrows * kHops);
  CHECK(engine.busy() == 0);
}

TEST_CASE("Notices from many threads wake a sleeper and arrive once each") {
  constexpr uint32_t kThreads = 3, kEach = 30'000 / kSlowdown;
  World world(1);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kEach; ++i) {
        world.engine().slot(0).notify({.kind = Notice::kAskLost, .a = t, .b = i});
        if (i % 8 == 0) std::this_thread::yield();
      }
    });
  Owner owner(world, 0);
  uint32_t next[kThreads] = {}, received = 0, wrong = 0;
  bool lost = false;
  while (received < kThreads * kEach && !lost) {
    owner.take(ignore);
    for (const Notice& notice : owner.notices()) {
      if (notice.b != next[notice.a]++) ++wrong;
      ++received;
    }
    if (received < kThreads * kEach && !owner.slot().has_work() && !owner.sleep(Rest::kIdle)) lost = true;
  }
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(lost);
  CHECK(wrong == 0);
  CHECK(received == kThreads * kEach);
}
