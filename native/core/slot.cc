#include "slot.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine.h"

namespace pulsing {

namespace {

uint64_t key_of(const ReplyTo& call) { return uint64_t{call.slot} << 32 | call.sequence; }

/// The frame of an entry of the batch that is not 0.
Addr address_of(int32_t entry) { return static_cast<Addr>(entry < 0 ? -entry : entry & ~kSame); }

}  // namespace

Slot::Slot(Engine& engine, uint32_t id)
    : engine_(engine), id_(id), control_(engine.arena().control(id)), nodes_{engine.arena()}, inbox_(nodes_) {
  control_[kCurrent] = -1;
  control_[kNextGeneration] = 1;
  control_[kAskSequence] = 1;
}

Slot::~Slot() {
  for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

// --- any thread

bool Slot::deliver(Addr batch) {
  return inbox_.push(batch) && parker_.asleep() && wake();
}

void Slot::notify(const Notice& notice) {
  {
    const std::lock_guard guard(lock_);
    notices_.push_back(notice);
    rare_.store(true, std::memory_order_seq_cst);  // before the look at the parker, as in Inbox::push
  }
  if (parker_.asleep()) wake();
}

void Slot::assign(const std::vector<PoolTask>& tasks) {
  {
    const std::lock_guard guard(lock_);
    assigned_.insert(assigned_.end(), tasks.begin(), tasks.end());
    rare_.store(true, std::memory_order_seq_cst);  // before the look at the parker, as in Inbox::push
  }
  if (parker_.asleep()) wake();
}

bool Slot::wake() {
  const std::lock_guard guard(lock_);
  if (waker_ == nullptr) return false;  // the thread is ending: what was sent waits for the next one
  const Rest was = parker_.wake();
  engine_.woke(*this, was);
  const bool slept = was == Rest::kBusy || was == Rest::kIdle;
  if (slept) waker_->wake();
  return slept;
}

Account* Slot::account(uint32_t index) const {
  Mailbox* const box = mailbox(index);
  return box == nullptr ? nullptr : &box->account;
}

bool Slot::await_room(uint32_t index, uint32_t generation, uint32_t sender) {
  const Target target{id_, index, generation};
  {
    const std::lock_guard guard(lock_);
    const std::pair<Target, uint32_t> entry{target, sender};
    if (std::ranges::find(waiting_senders_, entry) == waiting_senders_.end()) waiting_senders_.push_back(entry);
    senders_wait_.put_up(sender);
  }
  if constexpr (weakened(kWaiterRecheck)) return true;
  const Account* const a = account(index);
  return a != nullptr && a->generation.load(std::memory_order_acquire) == generation && !half_free(*a);
}

// --- owner

uint32_t Slot::drain(uint32_t most) {
  end_batch(static_cast<uint32_t>(control_[kBatch]), static_cast<uint32_t>(control_[kBatch]));
  // Notices first: what was sent before one of them is in the inbox by now.
  std::vector<PoolTask> tasks;
  if (rare_.load(std::memory_order_acquire)) tasks = take_rare();
  sort_inbox();
  sort_assigned(tasks);
  if (engine_.arena().low()) move_out();

  uint32_t count = 0;
  count = take_lane(express_, count, most, 0);
  if (!unripe_.empty() && express_.head == 0) {
    ripe_.insert(ripe_.end(), unripe_.begin(), unripe_.end());
    unripe_.clear();
    control_[kNotices] = 1;
  }
  while (count < most && !moved_bounces_.empty()) {
    const Addr frame = restore(moved_bounces_.front());
    if (frame == 0) break;
    moved_bounces_.pop_front();
    bounce(frame, kStopped);
    count = take_lane(bounces_[0], count, most, kStopped);
  }
  count = take_lane(bounces_[0], count, most, kStopped);
  count = take_lane(bounces_[1], count, most, kDropped);
  while (count < most && !run_queue_.empty()) {
    const uint32_t index = run_queue_.pop();
    Mailbox& box = *mailbox(index);
    box.queued = false;
    if (box.state != MailboxState::kReady) continue;
    const uint32_t taken = take_messages(box, index, count, std::min(count + box.quota, most));
    const bool stuck = taken == count && box.depth > 0;
    count = taken;
    box.quota = std::min(box.quota * 2, Mailbox::kQuota);
    box.state = MailboxState::kIdle;
    if (box.depth > 0) make_ready(box, index);
    if (stuck) break;  // no segment for what comes back from the heap: some will be free after this batch
  }
  control_[kBatch] = static_cast<int32_t>(count);
  control_[kCursor] = 0;
  return count;
}

uint32_t Slot::take_messages(Mailbox& box, uint32_t index, uint32_t count, uint32_t most) {
  const uint32_t before = count;
  uint32_t bytes8 = 0;
  while (count < most && box.moved != nullptr && box.depth > 0) {
    const Addr a = pop(box);
    if (a == 0) break;
    bytes8 += engine_.arena().bytes8(a);
    scheduled(engine_.arena().segment_of(a), 1);
    control_[kSchedule + count++] = static_cast<int32_t>(a);
  }
  if (box.moved == nullptr) {
    // Hot: tell-cross-int.
    const Arena& arena = engine_.arena();
    volatile int32_t* const schedule = control_ + kSchedule;
    bool after_tell = false;  // the entry before is a plain tell of this actor's: nothing but a size in its first word
    const uint32_t linked = count;
    Addr a = box.head;
    while (count < most && a != 0) {
      const uint32_t segment = arena.segment_of(a);
      const uint32_t from = count;
      do {
        const Frame& frame = arena.frame(a);
        const bool tell = frame.head <= kSizeMask;
        schedule[count++] = static_cast<int32_t>(a) | (tell && after_tell ? kSame : 0);
        after_tell = tell;
        bytes8 += frame.has_blocks() ? arena.bytes8(a) : frame.size();
        a = frame.next;
      } while (count < most && a != 0 && arena.segment_of(a) == segment);
      scheduled(segment, count - from);
    }
    box.depth -= count - linked;
    box.head = a;
    if (a == 0) box.tail = 0;
  }
  if (count != before)
    actor_runs_.push_back({index, box.account.generation.load(std::memory_order_relaxed), count - before, bytes8});
  return count;
}

void Slot::scheduled(uint32_t segment, uint32_t frames) {
  if (!segment_runs_.empty() && segment_runs_.back().segment == segment)
    segment_runs_.back().frames += frames;
  else
    segment_runs_.push_back({segment, frames});
}

uint32_t Slot::take_lane(Lane& lane, uint32_t count, uint32_t most, uint32_t why) {
  while (lane.head != 0 && count < most) {
    const Addr a = lane.head;
    Frame& frame = engine_.arena().frame(a);
    lane.head = frame.next;
    frame.next = why;
    scheduled(engine_.arena().segment_of(a), 1);
    control_[kSchedule + count++] = why == 0 ? static_cast<int32_t>(a) : -static_cast<int32_t>(a);
  }
  if (lane.head == 0) lane.tail = 0;
  return count;
}

uint32_t Slot::flush(Addr batch, bool want_next, bool system) {
  Arena& arena = engine_.arena();
  BatchHeader& header = arena.batch(batch);
  const uint32_t route = header.route;
  const uint32_t to = route & kRouteSlotMask;
  const uint32_t segment = arena.segment_of(batch);
  if (header.count != 0) {
    ++batches_;
    arena.add(segment, header.count);
    if (!answered_.empty()) {
      std::erase_if(answered_, [&](const ReplyTo& call) {
        if (call.slot != to) return false;
        calls_.erase(key_of(call));
        return true;
      });
    }
    if ((route & kRouteBlocks) != 0 && !drafts_.empty()) {
      for (Addr a = batch + sizeof(BatchHeader) / 8; a < header.end; a += arena.frame(a).size()) {
        const Frame& frame = arena.frame(a);
        if (!frame.has_blocks()) continue;
        const uint32_t* const end = arena.words(a + frame.size());
        for (uint32_t i = 0; i < end[-1]; ++i) std::erase(drafts_, end[-3 - static_cast<int32_t>(i)]);
      }
    }
    header.route = id_;
    if (to == kPoolSlot)
      engine_.deliver_to_pools(batch, *this);
    else
      roused_ |= engine_.slot(to).deliver(batch);
  }
  if ((route & kRouteClose) == 0) return 0;
  std::erase(open_segments_, segment);
  arena.done(segment, 1, cache_);
  tell_room();
  return want_next ? take_segment(system) : 0;
}

uint32_t Slot::take_segment(bool system) {
  Arena& arena = engine_.arena();
  uint32_t segment = arena.take(cache_, system);
  if (segment == 0 && !arena.want_room(id_)) segment = arena.take(cache_, system);
  if (segment != 0) open_segments_.push_back(segment);
  return segment;
}

bool Slot::open(uint32_t index, const OpenOptions& options) {
  if (index / kChunk >= kChunks) return false;
  auto& chunk = chunks_[index / kChunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr)
    chunk.store(new Mailbox[kChunk], std::memory_order_release);  // pairs with mailbox()'s acquire on other threads
  highest_ = std::max(highest_, index + 1);
  Mailbox& box = *mailbox(index);
  box.head = box.tail = box.depth = 0;
  box.quota = Mailbox::kQuota;
  box.state = MailboxState::kIdle;
  box.kept = false;
  box.account.open(options.generation, options.capacity, options.capacity8, options.overflow);
  return true;
}

void Slot::close(uint32_t index) {
  shut(index);
  tell_room();
}

void Slot::shut(uint32_t index) {
  Mailbox* const box = mailbox(index);
  if (box == nullptr || box->state == MailboxState::kClosed) return;
  box->account.generation.store(0, std::memory_order_release);
  box->state = MailboxState::kClosed;
  box->kept = false;
  if (box->moved != nullptr) {
    for (auto& words : *box->moved) moved_bounces_.push_back(std::move(words));
    box->moved.reset();
  }
  while (box->head != 0) {
    const Addr a = box->head;
    box->head = engine_.arena().frame(a).next;
    bounce(a, kStopped);
  }
  box->tail = box->depth = 0;
  const auto count = static_cast<uint32_t>(control_[kBatch]);
  for (auto i = static_cast<uint32_t>(control_[kCursor]); i < count; ++i) {
    const int32_t entry = control_[kSchedule + i];
    if (entry <= 0) continue;
    const Addr a = address_of(entry);
    const Frame& frame = engine_.arena().frame(a);
    if (frame.kind() >= kSignal || frame.target != index) continue;
    control_[kSchedule + i] = 0;
    irregular_ = true;
    bounce(a, kStopped);
  }
}

void Slot::close_pool(uint32_t id) {
  const auto pool = engine_.pool(id);
  if (pool == nullptr) return;
  for (const Addr frame : pool->close()) bounce(frame, kStopped);
  engine_.hand_out(id, *pool, {});  // those who wait for room in it
}

void Slot::pause(uint32_t index) {
  Mailbox* const box = mailbox(index);
  if (box == nullptr || box->state == MailboxState::kClosed || box->state == MailboxState::kPaused) return;
  box->state = MailboxState::kPaused;
  bool put_back = false;
  for (auto i = static_cast<uint32_t>(control_[kBatch]); i-- > static_cast<uint32_t>(control_[kCursor]);) {
    const int32_t entry = control_[kSchedule + i];
    if (entry <= 0) continue;
    const Addr a = address_of(entry);
    const Frame& frame = engine_.arena().frame(a);
    if (frame.kind() >= kSignal || frame.target != index) continue;
    control_[kSchedule + i] = 0;
    irregular_ = true;
    put_front(a);
    put_back = true;
  }
  if (put_back) box->quota = 1;  // it pauses often: hand it few at a time
}

void Slot::resume(uint32_t index) {
  Mailbox* const box = mailbox(index);
  if (box == nullptr || box->state != MailboxState::kPaused) return;
  box->state = MailboxState::kIdle;
  if (box->depth > 0) make_ready(*box, index);
}

void Slot::keep(uint32_t index, int32_t class_id) {
  Mailbox* const box = mailbox(index);
  if (box == nullptr || box->state == MailboxState::kClosed) return;
  box->kept = true;
  box->class_id = class_id;
}

std::vector<Kept> Slot::kept() const {
  std::vector<Kept> all;
  for (uint32_t index = 0; index < highest_; ++index) {
    const Mailbox* const box = mailbox(index);
    if (box == nullptr || !box->kept) continue;
    all.push_back({index, box->account.generation.load(std::memory_order_relaxed), box->class_id});
  }
  return all;
}

void Slot::begun(const ReplyTo& call) { calls_.emplace(key_of(call), call); }

void Slot::ended(const ReplyTo& call) {
  if (calls_.contains(key_of(call))) answered_.push_back(call);
}

uint32_t Slot::depth(uint32_t index) const {
  const Mailbox* const box = mailbox(index);
  return box == nullptr ? 0 : box->depth;
}

std::vector<Notice> Slot::take_notices() {
  control_[kNotices] = 0;
  return std::exchange(ripe_, {});
}

bool Slot::has_work() const {
  return !inbox_.empty() || !run_queue_.empty() || express_.head != 0 || bounces_[0].head != 0 ||
         bounces_[1].head != 0 || !moved_bounces_.empty() || control_[kBatch] != 0 || control_[kNotices] != 0 ||
         control_[kLocalWork] != 0 || rare_.load(std::memory_order_relaxed);
}

bool Slot::has_work_in_order() const { return has_work() || rare_.load(std::memory_order_seq_cst); }

// --- inside

void Slot::append(Lane& lane, Addr a) {
  engine_.arena().frame(a).next = 0;
  if (lane.tail != 0)
    engine_.arena().frame(lane.tail).next = a;
  else
    lane.head = a;
  lane.tail = a;
}

void Slot::bounce(Addr a, Bounce why) { append(bounces_[why - 1], a); }

void Slot::sort(Addr a) {
  Arena& arena = engine_.arena();
  Frame& frame = arena.frame(a);
  if (frame.kind() >= kSignal) {
    append(express_, a);
    return;
  }
  Mailbox* const box = mailbox(frame.target);
  if (box == nullptr || box->account.generation.load(std::memory_order_relaxed) != frame.generation ||
      box->state == MailboxState::kClosed) {
    bounce(a, kStopped);
    return;
  }
  frame.next = 0;
  if (box->tail != 0)
    arena.frame(box->tail).next = a;
  else
    box->head = a;
  box->tail = a;
  ++box->depth;
  if (box->state == MailboxState::kIdle) make_ready(*box, frame.target);
  if (box->account.overflow.load(std::memory_order_relaxed) != Overflow::kDropOldest) return;
  while (box->depth > box->account.capacity.load(std::memory_order_relaxed)) {
    const Addr oldest = pop(*box);
    if (oldest == 0) return;
    left(frame.target, frame.generation, 1, arena.bytes8(oldest));
    bounce(oldest, kDropped);
  }
}

void Slot::sort_inbox() {
  Arena& arena = engine_.arena();
  for (uint32_t batch = inbox_.take_all(); batch != 0;) {
    const uint32_t next = arena.batch(batch).next;
    const Addr end = arena.batch(batch).end;
    for (Addr a = batch + sizeof(BatchHeader) / 8; a < end;) {
      const Frame& first = arena.frame(a);
      // Hot: a run of messages to one actor is appended as one, where that is all there is to do.
      Mailbox* const box = first.kind() < kSignal ? mailbox(first.target) : nullptr;
      if (box == nullptr || box->account.generation.load(std::memory_order_relaxed) != first.generation ||
          box->account.overflow == Overflow::kDropOldest || box->state == MailboxState::kClosed) {
        const Addr after = a + first.size();
        sort(a);
        a = after;
        continue;
      }
      const uint32_t target = first.target, generation = first.generation;
      if (box->tail != 0)
        arena.frame(box->tail).next = a;
      else
        box->head = a;
      uint32_t run = 0;
      Addr last;
      do {
        last = a;
        ++run;
        Frame& frame = arena.frame(a);
        a += frame.size();
        frame.next = a;  // the last one's is mended below
      } while (a < end && arena.frame(a).target == target && arena.frame(a).generation == generation &&
               arena.frame(a).kind() < kSignal);
      arena.frame(last).next = 0;
      box->tail = last;
      box->depth += run;
      if (box->state == MailboxState::kIdle) make_ready(*box, target);
    }
    batch = next;
  }
}

std::vector<PoolTask> Slot::take_rare() {
  const std::lock_guard guard(lock_);
  rare_.store(false, std::memory_order_relaxed);
  unripe_.insert(unripe_.end(), notices_.begin(), notices_.end());
  notices_.clear();
  return std::exchange(assigned_, {});
}

void Slot::sort_assigned(const std::vector<PoolTask>& tasks) {
  for (const PoolTask& task : tasks) {
    Frame& frame = engine_.arena().frame(task.frame);
    frame.target = task.instance.index;
    frame.generation = task.instance.generation;
    // Its sender counted it for the pool; end_batch will count it as handled here.
    if (Account* const a = account(frame.target); a != nullptr)
      static_cast<void>(count_sent(*a, frame.generation, 1, engine_.arena().bytes8(task.frame)));
    sort(task.frame);
  }
}

void Slot::make_ready(Mailbox& box, uint32_t index) {
  box.state = MailboxState::kReady;
  if (box.queued) return;
  box.queued = true;
  run_queue_.push(index);
}

void Slot::put_front(Addr a) {
  Frame& frame = engine_.arena().frame(a);
  Mailbox* const box = mailbox(frame.target);
  if (box == nullptr || box->state == MailboxState::kClosed ||
      box->account.generation.load(std::memory_order_relaxed) != frame.generation) {
    bounce(a, kStopped);
    return;
  }
  if (box->moved != nullptr && !box->moved->empty()) {
    // What was moved is younger than this one: it has to go before it.
    const uint32_t* const words = engine_.arena().words(a);
    box->moved->emplace_front(words, words + size_t{frame.size()} * 2);
    engine_.arena().done(engine_.arena().segment_of(a), 1, cache_);
  } else {
    frame.next = box->head;
    box->head = a;
    if (box->tail == 0) box->tail = a;
  }
  ++box->depth;
  if (box->state == MailboxState::kIdle) make_ready(*box, frame.target);
}

Addr Slot::pop(Mailbox& box) {
  if (box.moved != nullptr && !box.moved->empty()) {
    const Addr a = restore(box.moved->front());
    if (a == 0) return 0;
    box.moved->pop_front();
    if (box.moved->empty()) box.moved.reset();
    --box.depth;
    return a;
  }
  const Addr a = box.head;
  box.head = engine_.arena().frame(a).next;
  if (box.head == 0) box.tail = 0;
  --box.depth;
  return a;
}

Addr Slot::restore(std::vector<uint32_t>& words) {
  Arena& arena = engine_.arena();
  const auto size = static_cast<Addr>(words.size() / 2);
  if (restore_segment_ == 0 || restore_at_ + size > arena.end(restore_segment_)) {
    const uint32_t next = arena.take(cache_, true);
    if (next == 0) return 0;
    if (restore_segment_ != 0) arena.done(restore_segment_, 1, cache_);
    restore_segment_ = next;
    restore_at_ = arena.first(next);
  }
  const Addr a = restore_at_;
  std::ranges::copy(words, arena.words(a));
  arena.add(restore_segment_, 1);
  restore_at_ += size;
  return a;
}

void Slot::end_batch(uint32_t begun, uint32_t count) {
  if (count == 0) return;
  Arena& arena = engine_.arena();
  if (begun == count && !irregular_) {
    for (const ActorRun& run : actor_runs_) left(run.index, run.generation, run.messages, run.bytes8);
    for (const SegmentRun& run : segment_runs_) arena.done(run.segment, run.frames, cache_);
  } else {
    end_batch_by_frames(begun);
  }
  actor_runs_.clear();
  segment_runs_.clear();
  irregular_ = false;
  for (uint32_t i = count; i-- > begun;) {
    const int32_t entry = control_[kSchedule + i];
    if (entry == 0) continue;
    const Addr a = address_of(entry);
    Frame& frame = arena.frame(a);
    if (entry > 0 && frame.kind() < kSignal) {
      put_front(a);
      continue;
    }
    Lane& lane = entry > 0 ? express_ : bounces_[frame.next - 1];
    frame.next = lane.head;
    lane.head = a;
    if (lane.tail == 0) lane.tail = a;
  }
  control_[kBatch] = 0;
  control_[kCursor] = 0;
  tell_room();
}

void Slot::end_batch_by_frames(uint32_t begun) {
  Arena& arena = engine_.arena();
  for (uint32_t i = 0; i < begun; ++i) {
    const int32_t entry = control_[kSchedule + i];
    if (entry == 0) continue;
    const Addr a = address_of(entry);
    const Frame& frame = arena.frame(a);
    if (entry > 0 && frame.kind() < kSignal) left(frame.target, frame.generation, 1, arena.bytes8(a));
    arena.done(arena.segment_of(a), 1, cache_);
  }
}

void Slot::left(uint32_t index, uint32_t generation, uint32_t messages, uint32_t bytes8) {
  Mailbox* const box = mailbox(index);
  if (box == nullptr) return;
  Account& a = box->account;  // the owner alone writes these: no read-modify-write
  if (a.generation.load(std::memory_order_relaxed) != generation) return;  // they were its predecessor's
  a.handled.store(a.handled.load(std::memory_order_relaxed) + messages, std::memory_order_relaxed);
  a.handled8.store(a.handled8.load(std::memory_order_relaxed) + bytes8, std::memory_order_relaxed);
}

void Slot::move_out() {
  // Only what waits for a pause to end: the rest is about to be handled.
  Arena& arena = engine_.arena();
  for (uint32_t index = 0; index < highest_; ++index) {
    Mailbox* const box = mailbox(index);
    if (box == nullptr || box->state != MailboxState::kPaused || box->head == 0) continue;
    if (box->moved == nullptr) box->moved = std::make_unique<std::deque<std::vector<uint32_t>>>();
    while (box->head != 0) {
      const Addr a = box->head;
      const Frame& frame = arena.frame(a);
      const uint32_t* const words = arena.words(a);
      box->head = frame.next;
      box->moved->emplace_back(words, words + size_t{frame.size()} * 2);
      arena.done(arena.segment_of(a), 1, cache_);
    }
    box->tail = 0;
  }
  tell_room();
}

void Slot::tell_room() {
  WaitSign<Threads>::made();  // what was counted as handled, and each segment given back
  if (senders_wait_.any()) {
    std::vector<std::pair<Target, uint32_t>> ready;
    {
      const std::lock_guard guard(lock_);
      std::erase_if(waiting_senders_, [&](const auto& entry) {
        const Account* const a = account(entry.first.index);
        if (a != nullptr && a->generation.load(std::memory_order_relaxed) == entry.first.generation && !half_free(*a))
          return false;
        ready.push_back(entry);
        return true;
      });
      uint64_t left_waiting = 0;
      for (const auto& entry : waiting_senders_) left_waiting |= uint64_t{1} << entry.second;
      senders_wait_.set(left_waiting);
    }
    for (const auto& [target, sender] : ready)
      engine_.slot(sender).notify({.kind = Notice::kRoom, .a = target.slot, .b = target.index});
  }
  for (uint64_t slots = engine_.arena().take_room(); slots != 0; slots &= slots - 1)
    engine_.slot(static_cast<uint32_t>(std::countr_zero(slots))).notify({.kind = Notice::kArenaRoom});
}

uint32_t Slot::settle() {
  const auto count = static_cast<uint32_t>(control_[kBatch]);
  const auto begun = std::min(static_cast<uint32_t>(control_[kCursor]), count);
  note_lost(begun);
  // What is in hand may not have been read yet: then nobody else frees what it carries.
  if (const int32_t entry = begun == 0 ? 0 : control_[kSchedule + begun - 1]; entry != 0)
    engine_.drop_blocks(address_of(entry));
  end_batch(begun, count);
  for (const uint32_t segment : std::exchange(open_segments_, {})) engine_.arena().done(segment, 1, cache_);
  if (restore_segment_ != 0) engine_.arena().done(std::exchange(restore_segment_, 0), 1, cache_);
  tell_room();
  for (const uint32_t block : std::exchange(drafts_, {})) engine_.blocks().drop(block);
  control_[kLastCurrent] = control_[kCurrent];
  control_[kLastMethod] = control_[kMethod];
  control_[kLocalLost] = control_[kLocalLost] + control_[kLocalWaiting];
  for (const Control word : {kUnderWay, kLocalWork, kActors, kLocalWaiting, kNotices}) control_[word] = 0;
  control_[kCurrent] = -1;
  ripe_.clear();  // asks, and whoever waited for room, have died with the thread
  unripe_.clear();
  return count - begun;
}

void Slot::close_all(bool spare_kept) {
  for (uint32_t index = 0; index < highest_; ++index) {
    Mailbox* const box = mailbox(index);
    if (spare_kept && box != nullptr && box->kept)
      box->state = MailboxState::kPaused;
    else
      shut(index);
  }
  tell_room();
}

/// Before the batch ends: asks of it that had begun and whose actors live on; signals are for an agent, which always does.
void Slot::note_lost(uint32_t begun) {
  for (uint32_t i = 0; i < begun; ++i) {
    const int32_t entry = control_[kSchedule + i];
    if (entry <= 0) continue;
    const Addr a = address_of(entry);
    const Frame& frame = engine_.arena().frame(a);
    if (frame.kind() != kAsk && frame.kind() != kSignal) continue;
    const Mailbox* const box = frame.kind() == kAsk ? mailbox(frame.target) : nullptr;
    if (frame.kind() == kAsk && (box == nullptr || !box->kept)) continue;
    const uint32_t* const words = engine_.arena().words(a);
    if (frame.size() < 4 || words[6] == 0) continue;  // nobody waits for an answer
    lost_.push_back({.slot = words[4], .index = words[5], .sequence = words[6]});
  }
  for (const auto& [key, call] : calls_) lost_.push_back(call);
  calls_.clear();
  answered_.clear();
}

/// An ask that was answered before is told too: its caller has the answer first, and does not mind.
void Slot::tell_lost() {
  for (const ReplyTo& ask : std::exchange(lost_, {}))
    engine_.slot(ask.slot).notify({.kind = Notice::kAskLost, .a = ask.index, .b = ask.sequence});
}

}  // namespace pulsing
