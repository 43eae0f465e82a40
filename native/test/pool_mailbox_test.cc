#include <doctest/doctest.h>

#include <set>

#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {

/// A slot whose actors are instances of a pool, one message at a time each.
class Workers {
 public:
  Workers(World& world, uint32_t slot, uint32_t pool, uint32_t instances, uint32_t generation = 1)
      : owner_(world, slot), pool_(pool) {
    for (uint32_t i = 0; i < instances; ++i) {
      open(owner_, {slot, i, generation});
      owner_.engine().join_pool(pool, {slot, i, generation}, 1);
    }
  }
  /// Begins at most `most` messages of the next batch, and ends each where `end` says so.
  template <class Each>
  uint32_t work(Each&& each, uint32_t most = kMany, bool end = true) {
    Slot& slot = owner_.slot();
    if (slot.control()[kCursor] == slot.control()[kBatch]) static_cast<void>(slot.drain(1000));
    return owner_.begin_all(
        [&](const Seen& seen) {
          const ReplyTo reply = reply_of(seen);
          each(seen);
          if (end && !seen.bounced) finish(seen, reply);
        },
        most);
  }
  void finish(const Seen& seen, const ReplyTo& reply) {
    owner_.engine().pool_done(pool_, {owner_.slot().id(), seen.target, seen.generation}, reply);
  }
  [[nodiscard]] ReplyTo reply_of(const Seen& seen) {
    if (seen.kind != kAsk) return {};
    const uint32_t* const words = owner_.engine().arena().words(seen.addr);
    return {.slot = words[4], .index = words[5], .sequence = words[6]};
  }
  Owner& owner() { return owner_; }

 private:
  Owner owner_;
  uint32_t pool_;
};

To pool_target(uint32_t id) { return {kPoolSlot, id, id}; }

uint32_t count(const std::vector<Notice>& notices, uint32_t kind) {
  return static_cast<uint32_t>(
      std::ranges::count_if(notices, [&](const Notice& notice) { return notice.kind == kind; }));
}

}  // namespace

TEST_CASE("Each free instance of a pool takes the next message, in the order they came") {
  World world(3);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  Workers a(world, 1, pool, 1), b(world, 2, pool, 1);
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  std::vector<uint32_t> begun;
  const auto note = [&](const Seen& seen) {
    CHECK_FALSE(seen.bounced);
    begun.push_back(seen.number);
  };
  // Each of the two holds one; the other eight wait in the pool, where the faster one gets them.
  CHECK(world.engine().pool(pool)->depth() == 8);
  for (int i = 0; i < 5; ++i) CHECK(a.work(note) == 1);
  CHECK(b.work(note) == 1);
  while (a.work(note) + b.work(note) != 0) {
  }
  CHECK(begun.size() == 10);
  CHECK(begun == std::vector<uint32_t>{0, 2, 3, 4, 5, 1, 6, 7, 8, 9});
}

TEST_CASE("What waits in a pool goes to the first instance that joins, as much as it may take") {
  World world(2);
  Owner sender(world, 0), worker(world, 1);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  CHECK(worker.take_everything().empty());
  open(worker, {1, 0, 1});
  world.engine().join_pool(pool, {1, 0, 1}, 3);
  CHECK(worker.take_everything().size() == 3);
  CHECK(worker.take_everything().empty());
  world.engine().pool_done(pool, {1, 0, 1}, {});
  CHECK(worker.take_everything().size() == 1);
}

TEST_CASE("A message to a pool that is closed or never was comes back to its sender; what waited, to who closed it") {
  World world(2);
  Owner sender(world, 0), closer(world, 1);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  REQUIRE(sender.tell(pool_target(pool), 0, 0));
  REQUIRE(sender.tell(pool_target(pool + 1), 0, 1));
  REQUIRE(sender.tell({kPoolSlot, pool, pool + 7}, 0, 2));
  sender.flush();
  closer.slot().close_pool(pool);
  closer.slot().close_pool(pool);
  closer.slot().close_pool(pool + 1);
  REQUIRE(sender.tell(pool_target(pool), 0, 3));
  sender.flush();
  const auto at_sender = sender.take_everything(), at_closer = closer.take_everything();
  REQUIRE(at_sender.size() == 3);
  REQUIRE(at_closer.size() == 1);
  for (uint32_t i = 0; i < 3; ++i) {
    CHECK(at_sender[i].number == i + 1);
    CHECK(at_sender[i].why == kStopped);
  }
  CHECK(at_closer[0].number == 0);
  CHECK(at_closer[0].bounced);
}

TEST_CASE("A pool that drops the oldest keeps its capacity exactly") {
  World world(2);
  Owner sender(world, 0), worker(world, 1);
  const uint32_t pool = world.engine().make_pool(5, 1u << 20, Overflow::kDropOldest);
  for (uint32_t i = 0; i < 12; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  const auto dropped = sender.take_everything();
  REQUIRE(dropped.size() == 7);
  for (uint32_t i = 0; i < 7; ++i) {
    CHECK(dropped[i].number == i);
    CHECK(dropped[i].why == kDropped);
  }
  open(worker, {1, 0, 1});
  world.engine().join_pool(pool, {1, 0, 1}, 100);
  const auto kept = worker.take_everything();
  REQUIRE(kept.size() == 5);
  CHECK(kept.front().number == 7);
  CHECK(kept.back().number == 11);
}

TEST_CASE("A sender that waits for room in a pool is told when half is free and when it is closed") {
  World world(2);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(10, 1u << 20, Overflow::kWait);
  const Target target{kPoolSlot, pool, pool};
  Workers workers(world, 1, pool, 1);
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  CHECK(count_sent(*world.engine().account(target), pool, 10, 30) == Room::kYes);  // one is in hand
  REQUIRE(sender.tell(pool_target(pool), 0, 10));
  sender.flush();
  CHECK(count_sent(*world.engine().account(target), pool, 1, 3) == Room::kFull);
  CHECK(world.engine().await_room(target, 0));
  SUBCASE("half is free") {
    for (int i = 0; i < 4; ++i) workers.work([](const Seen&) {});
    CHECK(sender.notices().empty());
    workers.work([](const Seen&) {});
  }
  SUBCASE("it is closed") { workers.owner().slot().close_pool(pool); }
  const auto notices = sender.notices();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Notice::kRoom);
  CHECK(notices[0].a == kPoolSlot);
  CHECK(notices[0].b == pool);
  CHECK_FALSE(world.engine().await_room(target, 0));
  CHECK_FALSE(world.engine().await_room({kPoolSlot, pool + 5, 1}, 0));
}

TEST_CASE("Messages of a pool do not count against the mailboxes of its instances") {
  World world(2);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  Workers workers(world, 1, pool, 1);
  for (uint32_t i = 0; i < 100; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  while (workers.work([](const Seen&) {}) != 0) {
  }
  const Account& account = *workers.owner().slot().account(0);
  CHECK(account.sent.count() == account.handled.load());
  CHECK(account.sent8.count() == account.handled8.load());
}

TEST_CASE("A dead slot gives its pool back what had not begun, and the asks that had begun are told") {
  World world(3);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  auto doomed = std::make_unique<Workers>(world, 1, pool, 4);
  for (uint32_t i = 0; i < 8; ++i)
    REQUIRE(sender.ask(pool_target(pool), {.slot = 0, .index = i, .sequence = 100 + i}, 0, i));
  sender.flush();
  std::set<uint32_t> begun;
  CHECK(doomed->work([&](const Seen& seen) { begun.insert(seen.number); }, 2, false) == 2);
  std::vector<uint32_t> others;
  const auto note = [&](const Seen& seen) { others.push_back(seen.number); };
  SUBCASE("other instances go on, in order") {
    Workers other(world, 2, pool, 1);
    doomed->owner().die(false);
    while (other.work(note) != 0) {
    }
    CHECK(others == std::vector<uint32_t>{4, 2, 3, 5, 6, 7});  // it held one already
    const auto notices = sender.notices();
    CHECK(count(notices, Notice::kAskLost) == 2);
    CHECK(count(notices, Notice::kThreadDied) == 1);
    CHECK(count(notices, Notice::kPoolClosed) == 0);
    for (const Notice& notice : notices)
      if (notice.kind == Notice::kAskLost) {
        CHECK(begun.contains(notice.a));
        CHECK(notice.b == notice.a + 100);
      }
  }
  SUBCASE("none is left: the pool is closed, and what waited comes back at the slot") {
    doomed->owner().die(false);
    const auto notices = sender.notices();
    CHECK(count(notices, Notice::kAskLost) == 2);
    CHECK(count(notices, Notice::kPoolClosed) == 1);
    Owner next(world, 1);
    std::set<uint32_t> bounced;
    for (const Seen& seen : next.take_everything()) {
      CHECK(seen.bounced);
      CHECK(bounced.insert(seen.number).second);
    }
    CHECK(bounced.size() == 6);
    REQUIRE(sender.tell(pool_target(pool), 0, 99));
    sender.flush();
    CHECK(sender.take_everything().size() == 1);
  }
}

TEST_CASE("Nothing else of a pool is handed out until a message is assigned, so none is on the way when a thread dies") {
  World world(2);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  struct Probe : Waker {
    std::mutex* handing = nullptr;
    uint32_t held = 0, free = 0;
    void wake() override {  // called in the middle of the assignment
      std::thread([this] {
        if (handing->try_lock()) {
          handing->unlock();
          ++free;
        } else {
          ++held;
        }
      }).join();
    }
  } probe;
  probe.handing = &world.engine().pool(pool)->handing();
  Owner worker(world, 1, &probe);
  open(worker, {1, 0, 1});
  const auto asleep = [&](auto&& act) {
    worker.take_everything();
    REQUIRE(world.engine().sleep(worker.slot(), Rest::kIdle));
    act();
    CHECK(worker.slot().parker().state() == Rest::kAwake);
  };
  for (uint32_t i = 0; i < 3; ++i) REQUIRE(sender.tell(pool_target(pool), 0, i));
  sender.flush();
  asleep([&] { world.engine().join_pool(pool, {1, 0, 1}, 1); });
  asleep([&] { world.engine().pool_done(pool, {1, 0, 1}, {}); });
  asleep([&] { world.engine().pool_done(pool, {1, 0, 1}, {}); });
  world.engine().pool_done(pool, {1, 0, 1}, {});
  asleep([&] {
    REQUIRE(sender.tell(pool_target(pool), 0, 3));
    sender.flush();
  });
  CHECK(probe.held == 4);
  CHECK(probe.free == 0);
}

TEST_CASE("An ended message is no longer in the hands of its instance") {
  World world(2);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(1000, 1u << 20, Overflow::kWait);
  Workers workers(world, 1, pool, 1);
  REQUIRE(sender.ask(pool_target(pool), {.slot = 0, .index = 1, .sequence = 2}, 0, 0));
  sender.flush();
  CHECK(workers.work([](const Seen&) {}) == 1);
  CHECK_FALSE(world.engine().leave_pool(pool, {1, 0, 1}));
  CHECK_FALSE(world.engine().leave_pool(pool + 1, {1, 0, 1}));
  workers.owner().die(false);
  CHECK(count(sender.notices(), Notice::kAskLost) == 0);
}

TEST_CASE("Many producers and instances on several slots, some of which die: each message is handled once or told of") {
  constexpr uint32_t kProducers = 2, kSlots = 3, kEach = 120'000 / kSlowdown;
  World world(1 + kProducers + kSlots, size_t{16} << 20);
  const uint32_t pool = world.engine().make_pool(1u << 30, 1u << 30, Overflow::kWait);
  // What became of each ask: begun, lost with its thread, bounced.
  std::vector<std::atomic<uint8_t>> begun(kProducers * kEach), lost(kProducers * kEach), bounced(kProducers * kEach);
  std::atomic<uint32_t> settled{0}, wrong{0}, deaths{0}, out_of_order{0};
  std::atomic<bool> over{false};
  const auto settle = [&](std::vector<std::atomic<uint8_t>>& as, uint32_t number) {
    if (number >= as.size() || as[number].fetch_add(1) != 0) ++wrong;
    ++settled;
  };
  const auto producer = [&](uint32_t p) {
    Owner owner(world, 1 + p);
    const auto hear = [&] {
      owner.take([&](const Seen& seen) { settle(bounced, seen.number); });
      for (const Notice& notice : owner.notices())
        if (notice.kind == Notice::kAskLost) settle(lost, p * kEach + notice.a);
    };
    for (uint32_t i = 0; i < kEach;) {
      const ReplyTo reply{.slot = 1 + p, .index = i, .sequence = i + 1};
      if (owner.ask(pool_target(pool), reply, p, p * kEach + i)) ++i;
      if (i % 16 == 0) owner.flush();
      if (i % 256 == 0) hear();
      // Not too far ahead, so that there are deaths with all kinds of waiting.
      if (world.engine().pool(pool)->depth() > 5000) {
        owner.flush();
        hear();
        std::this_thread::yield();
      }
    }
    owner.flush();
    owner.close_segments();
    while (!over.load()) {
      hear();
      std::this_thread::yield();
    }
    hear();
  };
  const auto worker = [&](uint32_t w) {
    const uint32_t slot = 1 + kProducers + w;
    Random random(w + 1);
    uint32_t generation = 1;
    auto mine = std::make_unique<Workers>(world, slot, pool, 2, generation);
    uint32_t until_death = w == 0 ? kMany : 50;  // one slot stays, so that the pool is never without an instance
    std::array<int64_t, kProducers> last{};
    last.fill(-1);
    while (!over.load()) {
      const uint32_t did = mine->work(
          [&](const Seen& seen) {
            if (seen.bounced) {
              settle(bounced, seen.number);
              return;
            }
            // One instance gets what a producer sent in order, but for what a death has put back.
            if (seen.number <= last[seen.from] && deaths.load() == 0) ++out_of_order;
            last[seen.from] = seen.number;
            // Whoever dies with it in hand, the sender hears: here it ends at once, or is never ended.
            settle(begun, seen.number);
          },
          until_death > 1000 ? kMany : 1 + random.below(3), true);
      if (did == 0) std::this_thread::yield();
      if (until_death != kMany && (until_death -= std::min(did, until_death)) == 0) {
        ++deaths;
        mine->owner().die(false);
        mine = std::make_unique<Workers>(world, slot, pool, 2, ++generation);
        until_death = 20 + random.below(300);
      }
    }
    mine->work([&](const Seen& seen) { settle(seen.bounced ? bounced : begun, seen.number); });
    mine->owner().close_segments();
  };
  std::vector<std::thread> threads;
  for (uint32_t w = 0; w < kSlots; ++w) threads.emplace_back(worker, w);
  while (world.engine().pool(pool)->instances().size() < 2) std::this_thread::yield();
  for (uint32_t p = 0; p < kProducers; ++p) threads.emplace_back(producer, p);
  const auto begin = std::chrono::steady_clock::now();
  while (settled.load() < kProducers * kEach && std::chrono::steady_clock::now() - begin < std::chrono::seconds(60))
    std::this_thread::yield();
  over = true;
  for (auto& thread : threads) thread.join();
  uint32_t missing = 0, twice = 0;
  for (uint32_t i = 0; i < kProducers * kEach; ++i) {
    const uint32_t sum = begun[i] + lost[i] + bounced[i];
    if (sum == 0) ++missing;
    if (sum > 1) ++twice;
  }
  CHECK(missing == 0);
  CHECK(twice == 0);
  CHECK(wrong == 0);
  CHECK(out_of_order == 0);
  CHECK(deaths > 0);
  for (uint32_t slot = 1; slot <= kProducers + kSlots; ++slot) world.engine().detach(slot, false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("An instance that may run several messages at once gets those of a sender in order") {
  constexpr uint32_t kEach = 200'000 / kSlowdown;
  World world(4, size_t{16} << 20);
  const uint32_t pool = world.engine().make_pool(1u << 30, 1u << 30, Overflow::kWait);
  std::atomic<uint32_t> handled{0}, wrong{0};
  std::atomic<uint32_t> joined{0};
  const auto worker = [&](uint32_t slot) {
    Owner owner(world, slot);
    open(owner, {slot, 0, 1});
    world.engine().join_pool(pool, {slot, 0, 1}, 4);
    ++joined;
    std::array<int64_t, 2> last{-1, -1};
    while (handled.load() < 2 * kEach) {
      const uint32_t did = owner.take([&](const Seen& seen) {
        if (seen.number <= last[seen.from]) ++wrong;
        last[seen.from] = seen.number;
        ++handled;
        world.engine().pool_done(pool, {slot, 0, 1}, {});
      });
      if (did == 0) std::this_thread::yield();
    }
  };
  const auto producer = [&](uint32_t p) {
    Owner owner(world, p);
    for (uint32_t i = 0; i < kEach;) {
      if (owner.tell(pool_target(pool), p, i)) ++i;
      owner.flush();
      // About as many as the instances take, so that what waited and what finds an instance free come together.
      while (world.engine().pool(pool)->depth() > 2) std::this_thread::yield();
    }
    owner.flush();
    owner.close_segments();
  };
  std::vector<std::thread> threads;
  for (const uint32_t slot : {2u, 3u}) threads.emplace_back(worker, slot);
  while (joined.load() < 2) std::this_thread::yield();
  for (const uint32_t p : {0u, 1u}) threads.emplace_back(producer, p);
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(handled == 2 * kEach);
}
