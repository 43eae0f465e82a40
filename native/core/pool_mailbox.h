// The one mailbox behind a pool's reference: each free instance, on whatever thread, takes the next message.
//
// Calls:    any thread. Many producers, many consumers; messages are begun in the order they came.
// Bound:    as a mailbox. Allocates queue blocks. A mutex: a pool's tasks are coarse.
// Shutdown: close() gives back what waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "arena.h"
#include "frame.h"
#include "mailbox.h"
#include "registry.h"

namespace pulsing {

/// Where the answer to an ask goes. sequence 0: nobody asked.
struct ReplyTo {
  uint32_t slot = 0;
  uint32_t index = 0;
  uint32_t sequence = 0;
  bool operator==(const ReplyTo&) const = default;
};

/// A message that an instance has taken, and whom to tell if its thread dies with it.
struct PoolTask {
  Target instance;
  Addr frame = 0;
  ReplyTo reply;
};

class PoolMailbox {
 public:
  PoolMailbox(uint32_t generation, uint32_t capacity, uint32_t capacity8, Overflow overflow) {
    account_.open(generation, capacity, capacity8, overflow);
  }

  /// An instance that may run `permits` messages at a time joins, or takes up again; the tasks it gets at once are appended
  /// to `out`.
  void join(const Target& instance, uint32_t permits, const Arena& arena, std::vector<PoolTask>& out);
  /// A message came. Appends to `out` the task where an instance is free; to `dropped` what had to make room for it.
  void push(Addr frame, const Arena& arena, std::vector<PoolTask>& out, std::vector<Addr>& dropped);
  /// An instance has ended a message; its next one, if any waits.
  [[nodiscard]] std::optional<PoolTask> next(const Target& instance, const ReplyTo& ended, const Arena& arena);
  /// A message that was handed to an instance and had not begun goes back to the front.
  void put_back(Addr frame, const Arena& arena);
  /// The instances of a slot are gone, or those that are kept take nothing until they join again: appends the asks that they
  /// had begun. False: no instance is left.
  [[nodiscard]] bool leave_slot(uint32_t slot, const std::function<bool(const Target&)>& is_kept,
                                std::vector<PoolTask>& begun);
  [[nodiscard]] bool leave(const Target& instance);
  /// Hands what waits to instances that are free: after put_back.
  void rouse(const Arena& arena, std::vector<PoolTask>& out);
  /// A sender on this slot waits for room. False where there is some already.
  [[nodiscard]] bool await_room(uint32_t sender);
  /// The senders that waited, a bit a slot, taken by the caller, once half is free.
  [[nodiscard]] uint64_t take_waiting();
  /// No message is taken from here on; gives what waited.
  [[nodiscard]] std::deque<Addr> close();

  /// Held from a call that hands messages out until they are assigned to their slots: so an instance gets them in order,
  /// and when its thread dies none is on the way. Taken before any lock of a slot.
  [[nodiscard]] std::mutex& handing() { return handing_; }
  [[nodiscard]] Account& account() { return account_; }
  [[nodiscard]] std::vector<Target> instances() const;
  /// Messages that no instance has yet.
  [[nodiscard]] uint32_t depth() const;

 private:
  struct Instance {
    Target target;
    uint32_t permits = 0;  // messages it may still take
  };
  [[nodiscard]] PoolTask hand(Instance& instance, Addr frame, const Arena& arena);
  [[nodiscard]] static ReplyTo reply_of(Addr frame, const Arena& arena);
  void counted(Addr frame, const Arena& arena);

  std::mutex handing_;
  mutable std::mutex mutex_;
  std::vector<Instance> instances_;  // guarded by mutex_
  std::deque<Addr> waiting_;         // guarded by mutex_
  std::vector<PoolTask> begun_;      // guarded by mutex_: asks in hand, a few an instance
  size_t turn_ = 0;                  // guarded by mutex_: where to look for a free instance next
  uint64_t senders_ = 0;             // guarded by mutex_: slots that wait for room
  Account account_;
};

}  // namespace pulsing
