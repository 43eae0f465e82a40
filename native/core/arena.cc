#include "arena.h"

#include <algorithm>

namespace pulsing {

Arena::Arena(uint8_t* memory, size_t bytes, uint32_t slots) : memory_(memory) {
  const size_t control = size_t{slots} * kControlBytes;
  // Smaller segments where the arena is small for its slots: each slot may hold one open for each other.
  while (shift_ > 14 && ((bytes - control) >> shift_) < size_t{slots} * (slots + 4) * 2) --shift_;
  first_segment_ = static_cast<uint32_t>((control + (size_t{1} << shift_) - 1) >> shift_);
  const auto limit = static_cast<uint32_t>(bytes >> shift_);
  total_ = limit > first_segment_ ? limit - first_segment_ : 0;
  untouched_ = first_segment_;
  // Few, so that a segment is written again while the processors still have it: with 16, tell-cross-int lost a quarter.
  cache_size_ = std::clamp<uint32_t>(total_ / (slots * 16 + 1), 0, SegmentCache::kMost);
  // What the caches hold is free, but not for everybody: the reserve has to be there without it.
  const uint32_t least = std::min(slots * 2, total_ / 4);
  reserve_ = least + slots * cache_size_;
  roomy_ = reserve_ + least / 2 + 1;
  low_ = std::max(total_ / 4, roomy_ + 1);
  free_.store(total_, std::memory_order_relaxed);
}

uint32_t Arena::take(SegmentCache& cache, bool system) {
  uint32_t segment = 0;
  if (!system && free_count() <= reserve_) return 0;
  if (cache.count != 0) {
    segment = cache.items[--cache.count];
  } else {
    const std::lock_guard lock(mutex_);
    // A few at once, so that the mutex is taken once for several segments.
    const uint32_t want = std::max<uint32_t>(1, cache_size_ / 2);
    while (cache.count < want && list_ != 0) {
      cache.items[cache.count++] = list_;
      list_ = header(list_).next;
      --listed_;
    }
    if (cache.count != 0) {
      segment = cache.items[--cache.count];
    } else if (untouched_ - first_segment_ < total_) {
      segment = untouched_++;
    } else {
      return 0;
    }
  }
  free_.fetch_sub(1, std::memory_order_relaxed);
  header(segment).live.start();
  return segment;
}

void Arena::give(uint32_t segment, SegmentCache& cache) {
  if (cache.count < cache_size_) {
    cache.items[cache.count++] = segment;
  } else {
    const std::lock_guard lock(mutex_);
    header(segment).next = list_;
    list_ = segment;
    ++listed_;
    while (cache.count > cache_size_ / 2) {
      const uint32_t other = cache.items[--cache.count];
      header(other).next = list_;
      list_ = other;
      ++listed_;
    }
  }
  free_.fetch_add(1, std::memory_order_relaxed);
}

bool Arena::want_room(uint32_t slot) {
  wanting_.put_up(slot);
  return !roomy();
}

uint64_t Arena::take_room() {
  if (!wanting_.any()) return 0;
  if (!roomy()) return 0;
  return wanting_.take();
}

}  // namespace pulsing
