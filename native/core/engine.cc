#include "engine.h"

#include <algorithm>
#include <bit>

namespace pulsing {

Engine::Engine(uint8_t* arena, size_t bytes, uint32_t slots, uint32_t cores)
    : arena_(arena, bytes, slots), cores_(cores) {
  slots_.reserve(slots);
  for (uint32_t id = 0; id < slots; ++id) slots_.push_back(std::make_unique<Slot>(*this, id));
}

bool Engine::attach(uint32_t id, Waker* waker) {
  Slot& s = slot(id);
  const std::lock_guard guard(s.lock_);
  if (!s.vacant_) return false;
  s.vacant_ = false;
  s.waker_ = waker;
  static_cast<void>(s.parker_.wake());
  awake_.fetch_add(1, std::memory_order_relaxed);
  if (id != 0) busy_.fetch_add(1, std::memory_order_seq_cst);
  return true;
}

uint32_t Engine::detach(uint32_t id, bool keep) {
  Slot& s = slot(id);
  Rest was;
  {
    const std::lock_guard guard(s.lock_);
    s.waker_ = nullptr;
    was = s.parker_.vacate();
  }
  if (was == Rest::kAwake) awake_.fetch_sub(1, std::memory_order_relaxed);
  const uint32_t put_back = s.settle();
  if (!keep) bury(s, true);
  {
    const std::lock_guard guard(s.lock_);
    s.vacant_ = true;
  }
  // Last, so that the host does not find everything idle before it has heard of the death.
  if (id != 0 && was != Rest::kIdle && busy_.fetch_sub(1, std::memory_order_seq_cst) == 1) slot(0).wake();
  return put_back;
}

void Engine::bury(Slot& s, bool spare_kept) {
  leave_pools(s, spare_kept);
  s.close_all(spare_kept);
  names_.remove_slot(s.id(), [&](const Target& target) {
    const Account* const a = s.account(target.index);
    return a != nullptr && a->generation.load(std::memory_order_relaxed) == target.generation;
  });
  s.tell_lost();
  broadcast({.kind = Notice::kThreadDied, .a = s.id(), .b = static_cast<uint32_t>(s.control_[kNextGeneration])}, s.id());
}

void Engine::give_up(uint32_t id) {
  Slot& s = slot(id);
  {
    const std::lock_guard guard(s.lock_);
    if (!s.vacant_) return;
    s.vacant_ = false;  // ours, and nobody's after us
  }
  s.sort_inbox();
  bury(s, false);
}

bool Engine::vacant(uint32_t id) const {
  const std::lock_guard guard(slot(id).lock_);
  return slot(id).vacant_;
}

void Engine::deliver_to_pools(Addr batch, Slot& sender) {
  std::vector<PoolTask> tasks;
  std::vector<Addr> dropped;
  const Addr end = arena_.batch(batch).end;
  for (Addr a = batch + sizeof(BatchHeader) / 8; a < end;) {
    const Frame& frame = arena_.frame(a);
    const Addr next = a + frame.size();  // before an instance can have it
    const auto to = pool(frame.target);
    if (to == nullptr || to->account().generation.load(std::memory_order_acquire) != frame.generation) {
      sender.bounce(a, kStopped);
    } else {
      const uint32_t id = frame.target;  // an instance that has the frame writes there
      tasks.clear();
      dropped.clear();
      const std::lock_guard handing(to->handing());
      to->push(a, arena_, tasks, dropped);
      for (const Addr old : dropped) sender.bounce(old, old == a ? kStopped : kDropped);  // itself: closed meanwhile
      if (!tasks.empty()) hand_out(id, *to, tasks);
    }
    a = next;
  }
}

void Engine::hand_out(uint32_t id, PoolMailbox& of, const std::vector<PoolTask>& tasks) {
  for (const PoolTask& task : tasks) slot(task.instance.slot).assign({task});
  for (uint64_t slots = of.take_waiting(); slots != 0; slots &= slots - 1)
    slot(static_cast<uint32_t>(std::countr_zero(slots))).notify({.kind = Notice::kRoom, .a = kPoolSlot, .b = id});
}

uint32_t Engine::make_pool(uint32_t capacity, uint32_t capacity8, Overflow overflow) {
  const std::lock_guard lock(pools_mutex_);
  const auto id = static_cast<uint32_t>(pools_.size() + 1);
  pools_.push_back(std::make_shared<PoolMailbox>(id, capacity, capacity8, overflow));
  return id;
}

std::shared_ptr<PoolMailbox> Engine::pool(uint32_t id) const {
  const std::lock_guard lock(pools_mutex_);
  return id == 0 || id > pools_.size() ? nullptr : pools_[id - 1];
}

void Engine::join_pool(uint32_t id, const Target& instance, uint32_t permits) {
  const auto to = pool(id);
  if (to == nullptr) return;
  std::vector<PoolTask> tasks;
  const std::lock_guard handing(to->handing());
  to->join(instance, permits, arena_, tasks);
  hand_out(id, *to, tasks);
}

void Engine::pool_done(uint32_t id, const Target& instance, const ReplyTo& ended) {
  const auto of = pool(id);
  if (of == nullptr) return;
  const std::lock_guard handing(of->handing());
  if (const auto task = of->next(instance, ended, arena_)) hand_out(id, *of, {*task});
}

bool Engine::leave_pool(uint32_t id, const Target& instance) {
  const auto of = pool(id);
  return of != nullptr && of->leave(instance);
}

void Engine::leave_pools(Slot& dead, bool spare_kept) {
  // Tasks that were on their way to the dead thread, or in its mailboxes, go back to their pools, youngest first.
  size_t pools = 0;
  {
    const std::lock_guard lock(pools_mutex_);
    pools = pools_.size();
  }
  for (uint32_t id = 1; id <= pools; ++id) {
    const auto of = pool(id);
    if (of == nullptr) continue;
    const std::lock_guard handing(of->handing());
    const auto targets = of->instances();
    if (std::ranges::none_of(targets, [&](const Target& t) { return t.slot == dead.id(); })) continue;
    std::vector<Addr> back;
    for (const Target& target : targets) {
      if (target.slot != dead.id()) continue;
      Mailbox* const box = dead.mailbox(target.index);
      while (box != nullptr && box->state != MailboxState::kClosed && box->depth > 0) {
        const Addr frame = dead.pop(*box);
        if (frame == 0) break;
        back.push_back(frame);
      }
      const std::lock_guard guard(dead.lock_);
      std::erase_if(dead.assigned_, [&](const PoolTask& task) {
        if (!(task.instance == target)) return false;
        back.push_back(task.frame);
        return true;
      });
    }
    for (const Addr frame : back) {
      arena_.frame(frame).target = id;
      arena_.frame(frame).generation = id;
    }
    for (auto frame = back.rbegin(); frame != back.rend(); ++frame) of->put_back(*frame, arena_);
    std::vector<PoolTask> begun;
    const bool left = of->leave_slot(
        dead.id(),
        [&](const Target& instance) {
          const Mailbox* const box = dead.mailbox(instance.index);
          return spare_kept && box != nullptr && box->kept;
        },
        begun);
    for (const PoolTask& task : begun)
      slot(task.reply.slot).notify({.kind = Notice::kAskLost, .a = task.reply.index, .b = task.reply.sequence});
    if (!left) {
      dead.close_pool(id);
      broadcast({.kind = Notice::kPoolClosed, .a = id}, dead.id());
      continue;
    }
    std::vector<PoolTask> tasks;
    of->rouse(arena_, tasks);
    hand_out(id, *of, tasks);
  }
}

Account* Engine::account(const Target& target) const {
  if (target.slot == kPoolSlot) {
    const auto of = pool(target.index);
    return of == nullptr ? nullptr : &of->account();
  }
  return target.slot < slots_.size() ? slots_[target.slot]->account(target.index) : nullptr;
}

bool Engine::await_room(const Target& target, uint32_t sender) {
  if (target.slot == kPoolSlot) {
    const auto of = pool(target.index);
    return of != nullptr && of->await_room(sender);
  }
  return target.slot < slots_.size() && slots_[target.slot]->await_room(target.index, target.generation, sender);
}

void Engine::broadcast(const Notice& notice, uint32_t except) {
  for (const auto& s : slots_)
    if (s->id() != except) s->notify(notice);
}

void Engine::drop_blocks(Addr a) {
  const Frame& frame = arena_.frame(a);
  if (!frame.has_blocks()) return;
  const uint32_t* const end = arena_.words(a + frame.size());
  for (uint32_t i = 0; i < end[-1]; ++i) blocks_.drop(end[-3 - static_cast<int32_t>(i)]);
}

bool Engine::sleep(Slot& s, Rest how) {
  s.parker_.sleep(how);
  awake_.fetch_sub(1, std::memory_order_relaxed);
  // What came before the sleep was seen by nobody else; what comes after it wakes us. Until this look we count as busy, or
  // the host could find nothing under way while a message waits here.
  if (!weakened(kParkerRecheck) && s.has_work_in_order()) {
    if (s.parker_.wake() != Rest::kAwake)
      awake_.fetch_add(1, std::memory_order_relaxed);
    else if (s.id() != 0 && how == Rest::kIdle)
      busy_.fetch_sub(1, std::memory_order_seq_cst);  // whoever ended the sleep has counted us once more
    return false;
  }
  // Nothing is under way any more, anywhere: the host may want to end.
  if (s.id() != 0 && how == Rest::kIdle && busy_.fetch_sub(1, std::memory_order_seq_cst) == 1) slot(0).wake();
  return true;
}

void Engine::woke(Slot& s, Rest was) {
  if (was != Rest::kBusy && was != Rest::kIdle) return;  // somebody else ended the sleep, and has said so
  awake_.fetch_add(1, std::memory_order_relaxed);
  if (s.id() != 0 && was == Rest::kIdle) busy_.fetch_add(1, std::memory_order_seq_cst);
}

}  // namespace pulsing
