#include "pool_mailbox.h"

#include <algorithm>
#include <utility>

namespace pulsing {

PoolTask PoolMailbox::hand(Instance& instance, Addr frame, const Arena& arena) {
  --instance.permits;
  const PoolTask task{.instance = instance.target, .frame = frame, .reply = reply_of(frame, arena)};
  if (task.reply.sequence != 0) begun_.push_back(task);
  counted(frame, arena);
  return task;
}

ReplyTo PoolMailbox::reply_of(Addr frame, const Arena& arena) {
  if (arena.frame(frame).kind() != kAsk) return {};
  const uint32_t* words = arena.words(frame);
  return {.slot = words[4], .index = words[5], .sequence = words[6]};
}

void PoolMailbox::counted(Addr frame, const Arena& arena) {
  account_.handled.fetch_add(1, std::memory_order_relaxed);
  account_.handled8.fetch_add(arena.bytes8(frame), std::memory_order_relaxed);
}

void PoolMailbox::join(const Target& instance, uint32_t permits, const Arena& arena, std::vector<PoolTask>& out) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(instances_, instance, &Instance::target);
  Instance& joined = known != instances_.end() ? *known : instances_.emplace_back(Instance{instance, 0});
  joined.permits = permits;
  while (joined.permits > 0 && !waiting_.empty()) {
    const Addr frame = waiting_.front();
    waiting_.pop_front();
    out.push_back(hand(joined, frame, arena));
  }
}

void PoolMailbox::push(Addr frame, const Arena& arena, std::vector<PoolTask>& out, std::vector<Addr>& dropped) {
  const std::lock_guard lock(mutex_);
  if (account_.generation.load(std::memory_order_relaxed) == 0) {
    dropped.push_back(frame);
    return;
  }
  if (waiting_.empty()) {
    for (size_t i = 0; i < instances_.size(); ++i) {
      Instance& instance = instances_[(turn_ + i) % instances_.size()];
      if (instance.permits == 0) continue;
      turn_ = (turn_ + i + 1) % instances_.size();
      out.push_back(hand(instance, frame, arena));
      return;
    }
  }
  waiting_.push_back(frame);
  if (account_.overflow.load(std::memory_order_relaxed) == Overflow::kDropOldest &&
      waiting_.size() > account_.capacity.load(std::memory_order_relaxed)) {
    dropped.push_back(waiting_.front());
    counted(waiting_.front(), arena);
    waiting_.pop_front();
  }
}

std::optional<PoolTask> PoolMailbox::next(const Target& instance, const ReplyTo& ended, const Arena& arena) {
  const std::lock_guard lock(mutex_);
  const auto mine = std::ranges::find(instances_, instance, &Instance::target);
  if (mine == instances_.end()) return std::nullopt;
  if (ended.sequence != 0) std::erase_if(begun_, [&](const PoolTask& task) { return task.reply == ended; });
  ++mine->permits;
  if (waiting_.empty()) return std::nullopt;
  const Addr frame = waiting_.front();
  waiting_.pop_front();
  return hand(*mine, frame, arena);
}

void PoolMailbox::put_back(Addr frame, const Arena& arena) {
  const std::lock_guard lock(mutex_);
  const ReplyTo reply = reply_of(frame, arena);
  if (reply.sequence != 0) std::erase_if(begun_, [&](const PoolTask& task) { return task.reply == reply; });
  account_.handled.fetch_sub(1, std::memory_order_relaxed);
  account_.handled8.fetch_sub(arena.bytes8(frame), std::memory_order_relaxed);
  waiting_.push_front(frame);
}

bool PoolMailbox::leave_slot(uint32_t slot, const std::function<bool(const Target&)>& is_kept,
                             std::vector<PoolTask>& begun) {
  const std::lock_guard lock(mutex_);
  std::erase_if(begun_, [&](const PoolTask& task) {
    if (task.instance.slot != slot) return false;
    begun.push_back(task);
    return true;
  });
  std::erase_if(instances_, [&](Instance& instance) {
    if (instance.target.slot != slot) return false;
    instance.permits = 0;
    return !is_kept(instance.target);
  });
  return !instances_.empty();
}

bool PoolMailbox::leave(const Target& instance) {
  const std::lock_guard lock(mutex_);
  std::erase_if(begun_, [&](const PoolTask& task) { return task.instance == instance; });
  std::erase_if(instances_, [&](const Instance& item) { return item.target == instance; });
  return !instances_.empty();
}

void PoolMailbox::rouse(const Arena& arena, std::vector<PoolTask>& out) {
  const std::lock_guard lock(mutex_);
  for (Instance& instance : instances_) {
    while (instance.permits > 0 && !waiting_.empty()) {
      const Addr frame = waiting_.front();
      waiting_.pop_front();
      out.push_back(hand(instance, frame, arena));
    }
  }
}

bool PoolMailbox::await_room(uint32_t sender) {
  const std::lock_guard lock(mutex_);
  if (account_.generation.load(std::memory_order_relaxed) == 0 || half_free(account_)) return false;
  senders_ |= uint64_t{1} << sender;
  return true;
}

uint64_t PoolMailbox::take_waiting() {
  const std::lock_guard lock(mutex_);
  if (account_.generation.load(std::memory_order_relaxed) != 0 && !half_free(account_)) return 0;
  return std::exchange(senders_, 0);
}

std::deque<Addr> PoolMailbox::close() {
  const std::lock_guard lock(mutex_);
  account_.generation.store(0, std::memory_order_release);
  return std::exchange(waiting_, {});
}

uint32_t PoolMailbox::depth() const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(waiting_.size());
}

std::vector<Target> PoolMailbox::instances() const {
  const std::lock_guard lock(mutex_);
  std::vector<Target> targets;
  for (const Instance& instance : instances_) targets.push_back(instance.target);
  return targets;
}

}  // namespace pulsing
