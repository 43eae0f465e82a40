// The engine: slots, arena, names and pools of one actor system. It outlives every thread.
//
// Calls:    any thread, but that attach and detach are called by the thread that takes or leaves the slot.
// Shutdown: the last owner's shared_ptr; the arena must be there until all slots are detached.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "arena.h"
#include "blocks.h"
#include "interner.h"
#include "labels.h"
#include "pool_mailbox.h"
#include "registry.h"
#include "slot.h"

namespace pulsing {

class Engine {
 public:
  /// arena: zeroed memory for `slots` control blocks and some segments. cores: what the process may use.
  Engine(uint8_t* arena, size_t bytes, uint32_t slots, uint32_t cores);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] uint32_t slot_count() const { return static_cast<uint32_t>(slots_.size()); }
  [[nodiscard]] Slot& slot(uint32_t id) const { return *slots_[id]; }
  [[nodiscard]] Arena& arena() { return arena_; }
  [[nodiscard]] Blocks& blocks() { return blocks_; }
  [[nodiscard]] Interner& interner() { return interner_; }
  [[nodiscard]] Registry& names() { return names_; }
  [[nodiscard]] Labels& labels() { return labels_; }

  /// The calling thread owns the slot from here on. False where it is not vacant.
  [[nodiscard]] bool attach(uint32_t slot, Waker* waker);
  /// It does no longer; the waker is not called again. What it had taken and not begun is at the front again. `keep`: its
  /// actors go on in the next thread; else those alone that Slot::keep names do, the others are gone, what waits for them
  /// bounces there, and everybody is told. Gives the number of messages put back.
  uint32_t detach(uint32_t slot, bool keep);
  /// No thread comes for that vacant slot any more: what was kept for it is gone too. By a thread of another slot.
  void give_up(uint32_t slot);
  [[nodiscard]] bool vacant(uint32_t slot) const;

  /// The frames of a batch that is addressed to pools.
  void deliver_to_pools(Addr batch, Slot& sender);
  [[nodiscard]] uint32_t make_pool(uint32_t capacity, uint32_t capacity8, Overflow overflow);
  [[nodiscard]] std::shared_ptr<PoolMailbox> pool(uint32_t id) const;
  void join_pool(uint32_t id, const Target& instance, uint32_t permits);
  void pool_done(uint32_t id, const Target& instance, const ReplyTo& ended);
  /// False where no instance is left.
  [[nodiscard]] bool leave_pool(uint32_t id, const Target& instance);

  [[nodiscard]] Account* account(const Target& target) const;
  [[nodiscard]] bool await_room(const Target& target, uint32_t sender);

  void broadcast(const Notice& notice, uint32_t except);
  void drop_blocks(Addr frame);

  /// Threads that may keep the process alive: engine threads that are awake, or sleep with something under way.
  [[nodiscard]] uint32_t busy() const { return busy_.load(std::memory_order_seq_cst); }
  /// Threads that are not asleep, roughly.
  [[nodiscard]] uint32_t awake() const { return awake_.load(std::memory_order_relaxed); }
  /// More threads want to run than there are cores: nobody should spin.
  [[nodiscard]] bool crowded() const { return awake_.load(std::memory_order_relaxed) > cores_; }
  /// The thread of the slot goes to sleep; false where there is work after all, and it does not. woke: whoever ended the
  /// sleep says so; was: what Parker::wake gave.
  [[nodiscard]] bool sleep(Slot& slot, Rest how);
  void woke(Slot& slot, Rest was);

 private:
  friend class Slot;
  void hand_out(uint32_t id, PoolMailbox& of, const std::vector<PoolTask>& tasks);
  void leave_pools(Slot& slot, bool spare_kept);
  void bury(Slot& slot, bool spare_kept);

  Arena arena_;
  Blocks blocks_;
  Interner interner_;
  Registry names_;
  Labels labels_;
  const uint32_t cores_;
  std::atomic<uint32_t> busy_{0};
  std::atomic<uint32_t> awake_{0};
  std::vector<std::unique_ptr<Slot>> slots_;
  mutable std::mutex pools_mutex_;
  std::vector<std::shared_ptr<PoolMailbox>> pools_;  // guarded by pools_mutex_; index is id - 1
};

}  // namespace pulsing
