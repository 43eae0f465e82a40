#include "port.h"

#include <napi.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/engine.h"
#include "loop.h"

namespace pulsing {

namespace {

/// The arguments of a call, as numbers. Called once a batch, so it is raw Node-API: no object, no exception.
template <size_t kCount>
struct Numbers {
  Loop* loop = nullptr;
  uint32_t at[kCount == 0 ? 1 : kCount] = {};

  Numbers(napi_env env, napi_callback_info info) {
    size_t count = kCount;
    napi_value values[kCount == 0 ? 1 : kCount];
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    loop = static_cast<Loop*>(data);
    for (size_t i = 0; i < count && i < kCount; ++i) napi_get_value_uint32(env, values[i], &at[i]);
  }
  [[nodiscard]] bool running() const { return loop->running(); }
  [[nodiscard]] Slot& slot() const { return loop->slot(); }
  [[nodiscard]] Engine& engine() const { return loop->engine(); }
  [[nodiscard]] Target target(size_t i) const { return {at[i], at[i + 1], at[i + 2]}; }
};

napi_value number(napi_env env, uint32_t value) {
  napi_value result = nullptr;
  napi_create_uint32(env, value, &result);
  return result;
}

napi_value boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

Loop& loop_of(const Napi::CallbackInfo& info) { return *static_cast<Loop*>(info.Data()); }

// --- once a batch

napi_value drain(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  return number(env, in.running() ? in.loop->drain(in.at[0]) : 0);
}

// flush(batch, wantNext): the next segment, where the route closes this one
napi_value flush(napi_env env, napi_callback_info info) {
  const Numbers<2> in(env, info);
  if (!in.running()) return number(env, 0);
  in.loop->ref();
  return number(env, in.slot().flush(in.at[0], in.at[1] != 0, in.at[1] == 2));
}

napi_value take(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  return number(env, in.running() ? in.slot().take_segment(in.at[0] != 0) : 0);
}

// --- actors

napi_value open(napi_env env, napi_callback_info info) {
  const Numbers<5> in(env, info);
  return boolean(env, in.running() && in.slot().open(in.at[0], {.generation = in.at[1],
                                                               .capacity = in.at[2],
                                                               .capacity8 = in.at[3],
                                                               .overflow = static_cast<Overflow>(in.at[4])}));
}

napi_value close(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  if (in.running()) in.slot().close(in.at[0]);
  return nullptr;
}

napi_value pause(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  if (in.running()) in.slot().pause(in.at[0]);
  return nullptr;
}

napi_value resume(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  if (in.running()) in.slot().resume(in.at[0]);
  return nullptr;
}

napi_value keep(napi_env env, napi_callback_info info) {
  const Numbers<2> in(env, info);
  if (in.running()) in.slot().keep(in.at[0], static_cast<int32_t>(in.at[1]));
  return nullptr;
}

// begun(reply slot, ask index, ask sequence), and ended
napi_value begun(napi_env env, napi_callback_info info) {
  const Numbers<3> in(env, info);
  if (in.running()) in.slot().begun({.slot = in.at[0], .index = in.at[1], .sequence = in.at[2]});
  return nullptr;
}

napi_value ended(napi_env env, napi_callback_info info) {
  const Numbers<3> in(env, info);
  if (in.running()) in.slot().ended({.slot = in.at[0], .index = in.at[1], .sequence = in.at[2]});
  return nullptr;
}

napi_value give_up(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  if (in.running()) in.engine().give_up(in.at[0]);
  return nullptr;
}

napi_value depth(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  return number(env, in.running() ? in.slot().depth(in.at[0]) : 0);
}

// account(slot, index, generation, messages, bytes / 8): a Room, | overflow policy << 2
napi_value account(napi_env env, napi_callback_info info) {
  const Numbers<5> in(env, info);
  Account* const a = in.running() ? in.engine().account(in.target(0)) : nullptr;
  if (a == nullptr) return number(env, static_cast<uint32_t>(Room::kGone));
  const Room room = count_sent(*a, in.at[2], in.at[3], in.at[4]);
  return number(env, static_cast<uint32_t>(room) | static_cast<uint32_t>(a->overflow.load()) << 2);
}

// capacity(slot, index): of the mailbox there, in messages
napi_value capacity(napi_env env, napi_callback_info info) {
  const Numbers<2> in(env, info);
  const Account* const a = in.running() ? in.engine().account({in.at[0], in.at[1], 0}) : nullptr;
  return number(env, a == nullptr ? 0 : a->capacity.load());
}

napi_value await_room(napi_env env, napi_callback_info info) {
  const Numbers<3> in(env, info);
  return boolean(env, in.running() && in.engine().await_room(in.target(0), in.slot().id()));
}

napi_value await_segments(napi_env env, napi_callback_info info) {
  const Numbers<0> in(env, info);
  return boolean(env, in.running() && in.engine().arena().want_room(in.slot().id()));
}

napi_value ref(napi_env env, napi_callback_info info) {
  const Numbers<0> in(env, info);
  in.loop->ref();
  return nullptr;
}

// --- pools

napi_value make_pool(napi_env env, napi_callback_info info) {
  const Numbers<3> in(env, info);
  return number(env, in.running() ? in.engine().make_pool(in.at[0], in.at[1], static_cast<Overflow>(in.at[2])) : 0);
}

napi_value join_pool(napi_env env, napi_callback_info info) {
  const Numbers<4> in(env, info);
  if (in.running()) in.engine().join_pool(in.at[0], {in.slot().id(), in.at[1], in.at[2]}, in.at[3]);
  return nullptr;
}

// poolDone(pool, index, generation, reply slot, ask index, ask sequence)
napi_value pool_done(napi_env env, napi_callback_info info) {
  const Numbers<6> in(env, info);
  if (in.running())
    in.engine().pool_done(in.at[0], {in.slot().id(), in.at[1], in.at[2]},
                          {.slot = in.at[3], .index = in.at[4], .sequence = in.at[5]});
  return nullptr;
}

napi_value leave_pool(napi_env env, napi_callback_info info) {
  const Numbers<3> in(env, info);
  return boolean(env, in.running() && in.engine().leave_pool(in.at[0], {in.slot().id(), in.at[1], in.at[2]}));
}

napi_value close_pool(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  if (in.running()) in.slot().close_pool(in.at[0]);
  return nullptr;
}

napi_value pool_depth(napi_env env, napi_callback_info info) {
  const Numbers<1> in(env, info);
  const auto pool = in.running() ? in.engine().pool(in.at[0]) : nullptr;
  return number(env, pool == nullptr ? 0 : pool->depth());
}

// --- rare

Napi::Value pool_instances(const Napi::CallbackInfo& info) {
  auto result = Napi::Array::New(info.Env());
  const auto pool = loop_of(info).engine().pool(info[0].As<Napi::Number>().Uint32Value());
  if (pool == nullptr) return result;
  uint32_t at = 0;
  for (const Target& target : pool->instances())
    for (const uint32_t word : {target.slot, target.index, target.generation}) result.Set(at++, word);
  return result;
}

Napi::Value kept(const Napi::CallbackInfo& info) {
  Loop& loop = loop_of(info);
  auto result = Napi::Array::New(info.Env());
  if (!loop.running()) return result;
  uint32_t at = 0;
  for (const Kept& actor : loop.slot().kept()) {
    result.Set(at++, actor.index);
    result.Set(at++, actor.generation);
    result.Set(at++, actor.class_id);
  }
  return result;
}

Napi::Value notices(const Napi::CallbackInfo& info) {
  Loop& loop = loop_of(info);
  auto result = Napi::Array::New(info.Env());
  if (!loop.running()) return result;
  uint32_t at = 0;
  for (const Notice& notice : loop.slot().take_notices())
    for (const uint32_t word : {notice.kind, notice.a, notice.b}) result.Set(at++, word);
  return result;
}

Napi::Value intern(const Napi::CallbackInfo& info) {
  const std::u16string text = info[0].As<Napi::String>().Utf16Value();
  return Napi::Number::New(info.Env(), loop_of(info).engine().interner().put(text));
}

Napi::Value text(const Napi::CallbackInfo& info) {
  const auto found = loop_of(info).engine().interner().text(info[0].As<Napi::Number>().Uint32Value());
  return Napi::String::New(info.Env(), found.data(), found.size());
}

Target target_of(const Napi::CallbackInfo& info, size_t at) {
  const auto word = [&](size_t i) { return info[at + i].As<Napi::Number>().Uint32Value(); };
  return {word(0), word(1), word(2)};
}

// addName(name, slot, index, generation, class): false where it is taken
Napi::Value add_name(const Napi::CallbackInfo& info) {
  const NameEntry entry{target_of(info, 1), info[4].As<Napi::Number>().Int32Value()};
  return Napi::Boolean::New(info.Env(),
                            loop_of(info).engine().names().add(info[0].As<Napi::String>().Utf8Value(), entry));
}

Napi::Array describe(Napi::Env env, const NameEntry& entry) {
  auto result = Napi::Array::New(env, 4);
  result.Set(0u, entry.target.slot);
  result.Set(1u, entry.target.index);
  result.Set(2u, entry.target.generation);
  result.Set(3u, entry.class_id);
  return result;
}

Napi::Value find_name(const Napi::CallbackInfo& info) {
  NameEntry entry;
  if (!loop_of(info).engine().names().find(info[0].As<Napi::String>().Utf8Value(), entry)) return info.Env().Undefined();
  return describe(info.Env(), entry);
}

Napi::Value remove_name(const Napi::CallbackInfo& info) {
  loop_of(info).engine().names().remove(info[0].As<Napi::String>().Utf8Value(), target_of(info, 1));
  return info.Env().Undefined();
}

Napi::Value list_names(const Napi::CallbackInfo& info) {
  auto result = Napi::Array::New(info.Env());
  uint32_t at = 0;
  for (const auto& [name, entry] : loop_of(info).engine().names().list()) {
    auto row = describe(info.Env(), entry);
    row.Set(4u, name);
    result.Set(at++, row);
  }
  return result;
}

// label(generation, text): what an actor of the net thread stands for; an empty text takes it out
Napi::Value label(const Napi::CallbackInfo& info) {
  loop_of(info).engine().labels().put(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::String>().Utf8Value());
  return info.Env().Undefined();
}

Napi::Value label_of(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), loop_of(info).engine().labels().find(info[0].As<Napi::Number>().Uint32Value()));
}

// --- blocks

uint32_t put_block(Loop& loop, const Block& block) {
  const uint32_t id = loop.engine().blocks().put(block);
  loop.slot().draft(id);
  return id;
}

// copyBlock(bytes): 0 where there is no memory for it
Napi::Value copy_block(const Napi::CallbackInfo& info) {
  Loop& loop = loop_of(info);
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const size_t length = bytes.ByteLength();
  void* const memory = loop.running() ? std::malloc(length == 0 ? 1 : length) : nullptr;
  if (memory == nullptr) return Napi::Number::New(info.Env(), 0);
  std::memcpy(memory, bytes.Data(), length);
  return Napi::Number::New(info.Env(),
                           put_block(loop, {.memory = memory, .bytes = length, .release = std::free, .kind = 0}));
}

// adoptBlock(pointer, bytes, release): memory of the V8 bridge, as numbers
Napi::Value adopt_block(const Napi::CallbackInfo& info) {
  const auto pointer = [&](size_t i) { return reinterpret_cast<void*>(info[i].As<Napi::Number>().Int64Value()); };
  const auto release = reinterpret_cast<void (*)(void*)>(pointer(2));
  Loop& loop = loop_of(info);
  if (!loop.running()) {
    release(pointer(0));
    return Napi::Number::New(info.Env(), 0);
  }
  const auto bytes = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  return Napi::Number::New(info.Env(),
                           put_block(loop, {.memory = pointer(0), .bytes = bytes, .release = release, .kind = 1}));
}

// takeBlock(id): an ArrayBuffer, or the bridge's pointer as a number, or undefined
Napi::Value take_block(const Napi::CallbackInfo& info) {
  const Block block = loop_of(info).engine().blocks().take(info[0].As<Napi::Number>().Uint32Value());
  if (block.memory == nullptr) return info.Env().Undefined();
  if (block.kind == 1) return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<intptr_t>(block.memory)));
  napi_value buffer = nullptr;
  const napi_finalize release = [](napi_env, void* memory, void*) { std::free(memory); };
  if (napi_create_external_arraybuffer(info.Env(), block.memory, block.bytes, release, nullptr, &buffer) == napi_ok)
    return {info.Env(), buffer};
  // A runtime that allows no memory of others: copy. Where the thread is being terminated this fails too, and nobody reads
  // what is given back.
  void* copy = nullptr;
  const bool copied = napi_create_arraybuffer(info.Env(), block.bytes, &copy, &buffer) == napi_ok;
  if (copied) std::memcpy(copy, block.memory, block.bytes);
  block.release(block.memory);
  return copied ? Napi::Value{info.Env(), buffer} : Napi::Value{};
}

Napi::Value drop_block(const Napi::CallbackInfo& info) {
  loop_of(info).engine().blocks().drop(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

// --- the slot

Napi::Value vacant(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), loop_of(info).engine().vacant(info[0].As<Napi::Number>().Uint32Value()));
}

Napi::Value stats(const Napi::CallbackInfo& info) {
  Engine& engine = loop_of(info).engine();
  auto result = Napi::Object::New(info.Env());
  result.Set("segments", engine.arena().segments());
  result.Set("freeSegments", engine.arena().free_count());
  result.Set("blocks", static_cast<double>(engine.blocks().count()));
  result.Set("interned", static_cast<double>(engine.interner().size()));
  result.Set("busyThreads", engine.busy());
  result.Set("awakeThreads", engine.awake());
  return result;
}

Napi::Value detach(const Napi::CallbackInfo& info) {
  loop_of(info).stop();
  return info.Env().Undefined();
}

void release_loop(napi_env, void* data, void*) { static_cast<Loop*>(data)->unuse(); }

template <Napi::Value (*kCall)(const Napi::CallbackInfo&)>
napi_value rare(napi_env env, napi_callback_info info) {
  const Napi::CallbackInfo call(env, info);
  return kCall(call);
}

}  // namespace

napi_value make_port(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot, napi_value run) {
  napi_value port = nullptr;
  Loop* const loop = Loop::start(env, std::move(engine), slot, run);
  if (loop == nullptr) {
    napi_get_undefined(env, &port);
    return port;
  }
  napi_create_object(env, &port);
  const std::pair<const char*, napi_callback> functions[] = {
      {"drain", drain},
      {"flush", flush},
      {"take", take},
      {"open", open},
      {"close", close},
      {"pause", pause},
      {"resume", resume},
      {"keep", keep},
      {"kept", rare<kept>},
      {"begun", begun},
      {"ended", ended},
      {"giveUp", give_up},
      {"depth", depth},
      {"account", account},
      {"capacity", capacity},
      {"awaitRoom", await_room},
      {"awaitSegments", await_segments},
      {"ref", ref},
      {"makePool", make_pool},
      {"joinPool", join_pool},
      {"poolDone", pool_done},
      {"leavePool", leave_pool},
      {"closePool", close_pool},
      {"poolDepth", pool_depth},
      {"poolInstances", rare<pool_instances>},
      {"notices", rare<notices>},
      {"intern", rare<intern>},
      {"text", rare<text>},
      {"addName", rare<add_name>},
      {"findName", rare<find_name>},
      {"removeName", rare<remove_name>},
      {"listNames", rare<list_names>},
      {"label", rare<label>},
      {"labelOf", rare<label_of>},
      {"copyBlock", rare<copy_block>},
      {"adoptBlock", rare<adopt_block>},
      {"takeBlock", rare<take_block>},
      {"dropBlock", rare<drop_block>},
      {"vacant", rare<vacant>},
      {"stats", rare<stats>},
      {"detach", rare<detach>},
  };
  for (const auto& [name, call] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, loop, &function);
    // Each function may outlive the port object, so each holds a use of its own.
    loop->use();
    napi_add_finalizer(env, function, loop, release_loop, nullptr, nullptr);
    napi_set_named_property(env, port, name, function);
  }
  loop->unuse();  // the functions hold it from here on
  return port;
}

}  // namespace pulsing
