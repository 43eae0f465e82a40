#include "blocks.h"

namespace pulsing {

Blocks::~Blocks() {
  for (const Block& block : blocks_)
    if (block.memory != nullptr) block.release(block.memory);
}

uint32_t Blocks::put(const Block& block) {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    const uint32_t id = free_.back();
    free_.pop_back();
    blocks_[id] = block;
    return id;
  }
  blocks_.push_back(block);
  return static_cast<uint32_t>(blocks_.size() - 1);
}

Block Blocks::take(uint32_t id) {
  const std::lock_guard lock(mutex_);
  if (id == 0 || id >= blocks_.size() || blocks_[id].memory == nullptr) return {};
  const Block block = blocks_[id];
  blocks_[id] = {};
  free_.push_back(id);
  return block;
}

void Blocks::drop(uint32_t id) {
  const Block block = take(id);
  if (block.memory != nullptr) block.release(block.memory);
}

size_t Blocks::bytes_of(uint32_t id) const {
  const std::lock_guard lock(mutex_);
  return id < blocks_.size() ? blocks_[id].bytes : 0;
}

size_t Blocks::count() const {
  const std::lock_guard lock(mutex_);
  return blocks_.size() - 1 - free_.size();
}

}  // namespace pulsing
