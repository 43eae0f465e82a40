// The lock-free parts of native/core on a simulated memory: each function runs one scenario under one seed, and gives what
// was wrong with it, nothing where it went well.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/countdown.h"
#include "core/inbox.h"
#include "core/parker.h"
#include "core/wait_sign.h"
#include "simulated.h"

namespace pulsing::simulated {

constexpr uint64_t kSeeds = 10'000;

inline void check(bool holds, const char* what) { Run::current().check(holds, what); }

struct Nodes {
  std::array<Plain<uint32_t>, 16> links;
  std::array<Plain<uint32_t>, 16> payloads;
  [[nodiscard]] uint32_t next(uint32_t node) const { return links[node].get(); }
  void set_next(uint32_t node, uint32_t to) { links[node].set(to); }
};

/// What arrives, against what was sent: node = 1 + producer * kEach + count.
template <uint32_t kProducers, uint32_t kEach>
struct Received {
  static constexpr uint32_t kAll = kProducers * kEach;
  std::array<uint32_t, kProducers> next{};
  uint32_t count = 0;

  void take(Inbox<Sync, Nodes>& inbox, Nodes& nodes) {
    for (uint32_t node = inbox.take_all(); node != 0; node = nodes.next(node)) {
      const uint32_t producer = (node - 1) / kEach;
      check(nodes.payloads[node].get() == node * 3, "a payload is not what was sent");
      check(producer < kProducers && (node - 1) % kEach == next[producer], "lost, doubled or out of order");
      ++next[producer];
      ++count;
    }
  }
};

/// Several producers, one consumer that asks until it has all.
inline std::string inbox(uint64_t seed) {
  constexpr uint32_t kProducers = 3, kEach = 2;
  Run run(seed);
  Nodes nodes;
  Inbox<Sync, Nodes> inbox(nodes);
  Received<kProducers, kEach> received;
  for (uint32_t p = 0; p < kProducers; ++p)
    run.thread([&, p] {
      for (uint32_t i = 0; i < kEach; ++i) {
        const uint32_t node = 1 + p * kEach + i;
        nodes.payloads[node].set(node * 3);
        static_cast<void>(inbox.push(node));
      }
    });
  run.thread([&] {
    while (received.count < received.kAll) received.take(inbox, nodes);
    check(inbox.empty(), "something is left");
  });
  return run.go();
}

/// The consumer sleeps in its poll, as native/node's loop does, and producers wake it as Slot::deliver and Slot::wake do.
inline std::string park(uint64_t seed) {
  constexpr uint32_t kProducers = 3, kEach = 2;
  Run run(seed);
  Nodes nodes;
  Inbox<Sync, Nodes> inbox(nodes);
  Parker<Sync> parker;
  Mutex lock;
  Event poll;
  Received<kProducers, kEach> received;
  int32_t awake = 1;  // threads awake, as Engine counts them: each sleep is ended by one
  const auto woke = [&](Rest was) {
    if (was == Rest::kBusy || was == Rest::kIdle) ++awake;
    return was == Rest::kBusy || was == Rest::kIdle;
  };
  const auto wake = [&] {
    lock.lock();
    if (woke(parker.wake())) poll.set();
    lock.unlock();
  };
  for (uint32_t p = 0; p < kProducers; ++p)
    run.thread([&, p] {
      for (uint32_t i = 0; i < kEach; ++i) {
        const uint32_t node = 1 + p * kEach + i;
        nodes.payloads[node].set(node * 3);
        if (inbox.push(node) && parker.asleep()) wake();
      }
    });
  run.thread([&] {
    static_cast<void>(parker.wake());  // attached
    uint32_t sleeps = 0;
    while (received.count < received.kAll) {
      received.take(inbox, nodes);
      if (received.count == received.kAll) break;
      if (!inbox.empty()) continue;
      parker.sleep(sleeps++ % 2 == 0 ? Rest::kBusy : Rest::kIdle);
      --awake;
      if (!weakened(kParkerRecheck) && !inbox.empty())
        static_cast<void>(woke(parker.wake()));
      else
        poll.wait();
      if (parker.state() != Rest::kAwake) static_cast<void>(woke(parker.wake()));
    }
    static_cast<void>(parker.vacate());
  });
  const std::string error = run.go();
  if (!error.empty()) return error;
  return awake == 1 ? "" : "a sleep was ended by more or less than one";
}

/// A segment with a writer and a reader of each frame: whoever ends its use last writes it anew.
inline std::string segment(uint64_t seed) {
  constexpr uint32_t kReaders = 3;
  Run run(seed);
  Countdown<Sync> live;
  std::array<Plain<uint32_t>, kReaders> frames;
  std::array<Atomic<uint32_t>, kReaders> handed{};
  uint32_t reuses = 0;
  const auto end = [&] {
    if (!live.done(1)) return;
    ++reuses;
    live.start();
    for (auto& frame : frames) frame.set(~0u);
  };
  run.thread([&] {
    live.start();
    for (uint32_t i = 0; i < kReaders; ++i) {
      frames[i].set(i);
      live.add(1);
      handed[i].store(1, std::memory_order_release);
    }
    end();
  });
  for (uint32_t i = 0; i < kReaders; ++i)
    run.thread([&, i] {
      while (handed[i].load(std::memory_order_acquire) == 0) {
      }
      check(frames[i].get() == i, "a frame was overwritten");
      frames[i].set(i + 10);  // an owner links frames and marks bounces
      end();
    });
  const std::string error = run.go();
  if (!error.empty()) return error;
  return reuses == 1 ? "" : "a segment was given back more or less than once";
}

/// Senders that wait for room in a mailbox, as Slot::await_room and Slot::tell_room do.
inline std::string room(uint64_t seed) {
  constexpr uint32_t kSenders = 2, kEach = 3, kCapacity = 2;
  Run run(seed);
  WaitSign<Sync> sign;
  Mutex lock;
  Atomic<uint32_t> sent{0}, handled{0};
  std::vector<uint32_t> waiting;
  std::array<Event, kSenders> told;
  Event arrived;
  uint32_t in_mailbox = 0;
  const auto depth = [&] { return sent.load(std::memory_order_relaxed) - handled.load(std::memory_order_relaxed); };
  const auto half_free = [&] { return static_cast<int32_t>(depth()) <= static_cast<int32_t>(kCapacity / 2); };
  for (uint32_t s = 0; s < kSenders; ++s)
    run.thread([&, s] {
      for (uint32_t i = 0; i < kEach; ++i) {
        const uint32_t now = sent.fetch_add(1, std::memory_order_relaxed) + 1;
        ++in_mailbox;
        arrived.set();
        if (now - handled.load(std::memory_order_relaxed) < kCapacity) continue;
        lock.lock();
        waiting.push_back(s);
        sign.put_up(s);
        lock.unlock();
        if (weakened(kWaiterRecheck) || !half_free()) told[s].wait();
      }
    });
  run.thread([&] {
    uint32_t taken = 0;
    while (taken < kSenders * kEach) {
      if (in_mailbox == 0) {
        arrived.wait();
        continue;
      }
      taken += in_mailbox;
      in_mailbox = 0;
      handled.store(taken, std::memory_order_relaxed);
      WaitSign<Sync>::made();
      if (!sign.any()) continue;
      lock.lock();
      uint64_t left = 0;
      std::vector<uint32_t> stay;
      for (const uint32_t s : waiting) {
        if (half_free()) {
          told[s].set();
        } else {
          stay.push_back(s);
          left |= uint64_t{1} << s;
        }
      }
      waiting.swap(stay);
      sign.set(left);
      lock.unlock();
    }
  });
  return run.go();
}

/// Writers that found no segment, as Slot::take_segment and Arena::take_room do.
inline std::string segments_wanted(uint64_t seed) {
  constexpr uint32_t kWriters = 2;
  Run run(seed);
  WaitSign<Sync> wanting;
  Atomic<uint32_t> free{0};
  std::array<Event, kWriters> told;
  for (uint32_t w = 0; w < kWriters; ++w)
    run.thread([&, w] {
      for (uint32_t i = 0; i < 2; ++i) {
        if (free.load(std::memory_order_relaxed) != 0) continue;
        wanting.put_up(w);
        if (weakened(kWaiterRecheck) || free.load(std::memory_order_relaxed) == 0) told[w].wait();
      }
    });
  run.thread([&] {
    free.fetch_add(1, std::memory_order_relaxed);
    WaitSign<Sync>::made();
    if (!wanting.any()) return;
    const uint64_t slots = wanting.take();
    for (uint32_t w = 0; w < kWriters; ++w)
      if ((slots >> w & 1) != 0) told[w].set();
  });
  return run.go();
}

/// Threads that sleep idle and a host that may end once nothing is under way, as Engine::sleep, Slot::wake and the host's
/// loop do. A ball is thrown to the first thread, which throws it to the second.
inline std::string idle(uint64_t seed) {
  constexpr uint32_t kThreads = 3;  // 0 is the host
  Run run(seed);
  Atomic<uint32_t> busy{kThreads - 1};
  struct Place {
    explicit Place(Nodes& nodes) : inbox(nodes) {}
    Inbox<Sync, Nodes> inbox;
    Parker<Sync> parker;
    Mutex lock;
    Event poll;
  };
  Nodes nodes;
  std::array<Place, kThreads> places{{Place(nodes), Place(nodes), Place(nodes)}};
  uint32_t handled = 0;
  bool over = false;
  const auto wake = [&](uint32_t to) {
    Place& place = places[to];
    place.lock.lock();
    const Rest was = place.parker.wake();
    if (to != 0 && was == Rest::kIdle) busy.fetch_add(1);
    if (was == Rest::kBusy || was == Rest::kIdle) place.poll.set();
    place.lock.unlock();
  };
  const auto throw_to = [&](uint32_t to) {
    if (places[to].inbox.push(to) && places[to].parker.asleep()) wake(to);
  };
  for (uint32_t me = 1; me < kThreads; ++me)
    run.thread([&, me] {
      Place& place = places[me];
      static_cast<void>(place.parker.wake());
      while (!over) {
        for (uint32_t node = place.inbox.take_all(); node != 0; node = nodes.next(node)) {
          ++handled;
          if (me + 1 < kThreads) throw_to(me + 1);
        }
        place.parker.sleep(Rest::kIdle);
        if (!weakened(kParkerRecheck) && !place.inbox.empty()) {
          if (place.parker.wake() == Rest::kAwake) busy.fetch_sub(1);
          continue;
        }
        if (busy.fetch_sub(1) == 1) wake(0);
        place.poll.wait();
        const Rest was = place.parker.state() == Rest::kAwake ? Rest::kAwake : place.parker.wake();
        if (was == Rest::kIdle) busy.fetch_add(1);
      }
    });
  run.thread([&] {
    Place& host = places[0];
    static_cast<void>(host.parker.wake());
    throw_to(1);
    while (busy.load() != 0) {
      host.parker.sleep(Rest::kBusy);
      if (busy.load() != 0) host.poll.wait();
      static_cast<void>(host.parker.wake());
    }
    over = true;
    for (uint32_t i = 1; i < kThreads; ++i) places[i].poll.set();
    check(handled == kThreads - 1, "nothing seemed to be under way while a message was");
  });
  return run.go();
}

struct Scenario {
  const char* name;
  std::string (*run)(uint64_t seed);
};

inline constexpr Scenario kScenarios[] = {
    {"inbox", inbox}, {"park", park}, {"segment", segment}, {"room", room}, {"segments-wanted", segments_wanted}, {"idle", idle},
};

}  // namespace pulsing::simulated
